package wire_test

import (
	"math"
	"testing"

	"github.com/millrace-io/millrace/resp/wire"
)

func TestAppend(t *testing.T) {
	for _, row := range []struct {
		name         string
		append       func(p wire.Proto) []byte
		resp2, resp3 string
	}{
		{"simple", func(wire.Proto) []byte { return wire.AppendSimple(nil, "OK") }, "+OK\r\n", "+OK\r\n"},
		{"error", func(wire.Proto) []byte { return wire.AppendError(nil, "ERR x") }, "-ERR x\r\n", "-ERR x\r\n"},
		{"error stays one line", func(wire.Proto) []byte { return wire.AppendError(nil, "ERR 'a\r\nb'") }, "-ERR 'a  b'\r\n", "-ERR 'a  b'\r\n"},
		{"error ends at NUL", func(wire.Proto) []byte { return wire.AppendError(nil, "ERR a\x00b") }, "-ERR a\r\n", "-ERR a\r\n"},
		{"int", func(wire.Proto) []byte { return wire.AppendInt(nil, -12) }, ":-12\r\n", ":-12\r\n"},
		{"one digit", func(wire.Proto) []byte { return wire.AppendInt(nil, 7) }, ":7\r\n", ":7\r\n"},
		{"bulk", func(wire.Proto) []byte { return wire.AppendBulk(nil, []byte("a\r\n")) }, "$3\r\na\r\n\r\n", "$3\r\na\r\n\r\n"},
		{"bulk string", func(wire.Proto) []byte { return wire.AppendBulkString(nil, "") }, "$0\r\n\r\n", "$0\r\n\r\n"},
		{"array", func(wire.Proto) []byte { return wire.AppendArray(nil, 10) }, "*10\r\n", "*10\r\n"},
		{"map", func(p wire.Proto) []byte { return wire.AppendMap(nil, p, 2) }, "*4\r\n", "%2\r\n"},
		{"set", func(p wire.Proto) []byte { return wire.AppendSet(nil, p, 2) }, "*2\r\n", "~2\r\n"},
		{"push", func(p wire.Proto) []byte { return wire.AppendPush(nil, p, 3) }, "*3\r\n", ">3\r\n"},
		{"null", func(p wire.Proto) []byte { return wire.AppendNull(nil, p) }, "$-1\r\n", "_\r\n"},
		{"null array", func(p wire.Proto) []byte { return wire.AppendNullArray(nil, p) }, "*-1\r\n", "_\r\n"},
		{"double", func(p wire.Proto) []byte { return wire.AppendDouble(nil, p, 3.141) }, "$5\r\n3.141\r\n", ",3.141\r\n"},
		{"infinity", func(p wire.Proto) []byte { return wire.AppendDouble(nil, p, math.Inf(-1)) }, "$4\r\n-inf\r\n", ",-inf\r\n"},
		{"not a number", func(p wire.Proto) []byte { return wire.AppendDouble(nil, p, math.NaN()) }, "$3\r\nnan\r\n", ",nan\r\n"},
		{"verbatim", func(p wire.Proto) []byte { return wire.AppendVerbatim(nil, p, "ab") }, "$2\r\nab\r\n", "=6\r\ntxt:ab\r\n"},
	} {
		t.Run(row.name, func(t *testing.T) {
			if got := string(row.append(wire.RESP2)); got != row.resp2 {
				t.Errorf("RESP2: got %q, want %q", got, row.resp2)
			}
			if got := string(row.append(wire.RESP3)); got != row.resp3 {
				t.Errorf("RESP3: got %q, want %q", got, row.resp3)
			}
		})
	}
}
