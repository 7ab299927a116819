package commands_test

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/millrace-io/millrace/commands"
	"github.com/millrace-io/millrace/resp/wire"
)

// A walk over many keys, or over long names, does not hold the partition: it is put
// off to a view, and whole there.
func TestLongWalksGoToAView(t *testing.T) {
	for _, row := range []struct {
		name      string
		keys, pad int
		args      []string
		putOff    bool
	}{
		{"few keys", 100, 0, []string{"KEYS", "*"}, false},
		{"many keys", 10_001, 0, []string{"KEYS", "*"}, true},
		{"many keys, none of which matches", 10_001, 0, []string{"KEYS", "x"}, true},
		{"long names", 20, 100 << 10, []string{"KEYS", "*"}, true},
		{"long names that don't match", 20, 100 << 10, []string{"KEYS", "x"}, false},
		{"scan of many keys", 10_001, 0, []string{"SCAN", "0", "COUNT", "10000"}, false},
		{"scan of long names", 20, 100 << 10, []string{"SCAN", "0", "COUNT", "20"}, true},
	} {
		t.Run(row.name, func(t *testing.T) {
			table := commands.NewTable()
			m := commands.NewMachine(table, 1, slog.New(slog.DiscardHandler))
			m.Begin(1, 1000)
			pad := strings.Repeat("n", row.pad)
			for i := range row.keys {
				args := [][]byte{[]byte("XADD"), fmt.Append(nil, "k", i, pad), []byte("1-0"), []byte("f"), []byte("v")}
				m.Apply(commands.Request{Command: table.Lookup(args[0]), Args: args, Proto: wire.RESP2}, uint32(i), nil)
			}
			r := commands.Request{Command: table.Lookup([]byte(row.args[0])), Proto: wire.RESP2}
			for _, a := range row.args {
				r.Args = append(r.Args, []byte(a))
			}
			before := []byte("+OK\r\n") // of the command in front
			out, _, err := m.Read(r, 1000, false, before)
			if putOff := errors.Is(err, commands.ErrLong); putOff != row.putOff {
				t.Fatalf("put off: %v, %v", putOff, err)
			}
			if row.putOff && string(out) != string(before) {
				t.Errorf("left %d bytes behind", len(out)-len(before))
			}
			whole := parseReply(t, bufio.NewReader(bytes.NewReader(m.View().Read(r, 1000, nil)))).([]any)
			if row.args[0] == "SCAN" {
				whole = whole[1].([]any)
			}
			want := min(row.keys, 10_000) // SCAN stops there, KEYS does not
			if row.args[0] == "KEYS" {
				want = row.keys
				if row.args[1] == "x" {
					want = 0
				}
			}
			if len(whole) != want {
				t.Errorf("%d names on a view, want %d", len(whole), want)
			}
		})
	}
}
