package commands_test

import (
	"bufio"
	"bytes"
	"fmt"
	"math/rand/v2"
	"reflect"
	"testing"
	"time"

	"github.com/millrace-io/millrace/commands/commandstest"
	"github.com/millrace-io/millrace/resp/wire"
)

// keyShapes are commands on strings and keys that Redis 7.0 answers as we do: %k key,
// %v value, %n number, %f float, %d database. Deadlines are far away and given as
// points in time, so that no reply depends on the clock; DBSIZE is left out, since 7.0
// counts a key that was set with a time that has passed.
var keyShapes = []string{
	"SET %k %v", "SET %k %v", "SET %k %v NX", "SET %k %v XX GET", "SET %k %v NX GET", "SET %k %v KEEPTTL", "SET %k %v EXAT 4000000000",
	"SET %k %v PXAT 4000000000123 GET", "SET %k %v EXAT %n", "SET %k %v PX 0", "SET %k %v PX 1.5", "SET %k %v %v",
	"GET %k", "GETDEL %k", "GETEX %k", "GETEX %k PERSIST", "GETEX %k PXAT 4000000000456", "GETEX %k EXAT 1", "GETSET %k %v",
	"SETNX %k %v", "SETEX %k 0 %v", "MGET %k %k %k", "MSET %k %v %k %v", "MSETNX %k %v %k %v", "MSET %k %v %k",
	"APPEND %k %v", "STRLEN %k", "GETRANGE %k %n %n", "SUBSTR %k %n %n", "SETRANGE %k %n %v",
	"INCR %k", "DECR %k", "INCRBY %k %n", "DECRBY %k %n", "INCRBYFLOAT %k %f", "INCRBYFLOAT %k %f",
	"RENAME %k %k", "RENAMENX %k %k", "COPY %k %k", "COPY %k %k REPLACE", "COPY %k %k DB %d", "COPY %k %k DB %d REPLACE", "MOVE %k %d",
	"SWAPDB %d %d", "SELECT %d", "DEL %k", "UNLINK %k %k", "EXISTS %k %k", "TOUCH %k", "TYPE %k",
	"EXPIREAT %k 4000000001", "EXPIREAT %k 4000000002 GT", "PEXPIREAT %k 4000000000001 LT", "PERSIST %k", "EXPIRETIME %k", "PEXPIRETIME %k",
	"OBJECT ENCODING %k", "RESTORE %k %n %v", "RESTORE %k 0 %v REPLACE",
	"XADD %k 1-1 f v", "XADD %k 9-* f v", "XLEN %k", "XGROUP CREATE %k g 0", "XREADGROUP GROUP g c COUNT 1 STREAMS %k >", "XPENDING %k g", "XACK %k g 1-1 9-0",
	"XRANGE %k - +", "FLUSHDB",
}

var keyHoles = map[byte][]string{
	'k': {"a", "b", "c", "d", "s"},
	'v': {"", "1", "-5", "007", "abc", "3.5", "a\x00b", "9223372036854775807", "12345678901234567890123456789012345678901234567", "NX", "GET"},
	'n': {"0", "1", "-1", "2", "-3", "5", "44", "100", "9223372036854775807", "-9223372036854775808", "x", "1.5", ""},
	'f': {"0", "1", "-1.5", "0.1", "1e3", "200.6", "1e-17", "123456789.123456789", "1e300", "inf", "nan", "x", "0x1p-3", "3.0e400"},
	'd': {"0", "1", "2", "16", "-1", "x"},
}

// Random commands on strings and keys, byte for byte against a real Redis. A mismatch is
// shown with the commands since the databases were last empty.
func TestRandomKeysAgainstRedis(t *testing.T) {
	redis := startRedis(t)
	s := *randomSeed
	if s == 0 {
		s = uint64(time.Now().UnixNano())
	}
	t.Logf("-random-seed %d", s)
	r := rand.New(rand.NewPCG(s, 3))
	core := commandstest.NewCore()
	var conn commandstest.Conn
	var history []string
	for i := range *randomCommands / 2 {
		if i%100 == 0 {
			redis.do("FLUSHALL")
			redis.do("SELECT", "0")
			conn, _ = core.Reset(wire.RESP2)
			history = nil
		}
		args := fillKeys(r, keyShapes[r.IntN(len(keyShapes))])
		history = append(history, fmt.Sprintf("%q", args))
		reply, err := conn.Do(args)
		if err != nil {
			t.Fatalf("%q: %v", args, err)
		}
		words := make([]string, len(args))
		for j, a := range args {
			words[j] = string(a)
		}
		got, want := parseReply(t, bufio.NewReader(bytes.NewReader(reply))), redis.do(words...)
		if !reflect.DeepEqual(got, want) {
			for _, line := range history {
				t.Log(line)
			}
			t.Fatalf("%q\n got %#v\nwant %#v", args, got, want)
		}
	}
}

func fillKeys(r *rand.Rand, shape string) [][]byte {
	args, err := commandstest.SplitArgs(shape)
	if err != nil {
		panic(err)
	}
	for i, a := range args {
		if len(a) == 2 && a[0] == '%' {
			hole := keyHoles[a[1]]
			args[i] = []byte(hole[r.IntN(len(hole))])
		}
	}
	return args
}
