package commands_test

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/millrace-io/millrace/commands/commandstest"
	"github.com/millrace-io/millrace/resp/wire"
)

var (
	randomCommands = flag.Int("random-commands", 20_000, "how many commands TestRandomCommands runs")
	randomSeed     = flag.Uint64("random-seed", 0, "seed of TestRandomCommands; 0: a new one")
)

// shapes are commands with holes: %k key, %g group, %c consumer, %i ID, %r end of
// a range, %n number. Most make sense; holes are now and then filled with
// something else.
var shapes = []string{
	"XADD %k %i f v", "XADD %k * f v g w", "XADD %k NOMKSTREAM MAXLEN ~ %n LIMIT %n * f v", "XADD %k MINID %i %i f v",
	"XLEN %k", "XRANGE %k %r %r", "XRANGE %k %r %r COUNT %n", "XREVRANGE %k %r %r COUNT %n",
	"XDEL %k %i", "XDEL %k %i %i %i", "XTRIM %k MAXLEN %n", "XTRIM %k MINID %i", "XTRIM %k MAXLEN ~ %n LIMIT %n",
	"XREAD COUNT %n STREAMS %k %k %i %i", "XREAD BLOCK %n STREAMS %k $", "XREAD STREAMS %k +",
	"XREADGROUP GROUP %g %c COUNT %n STREAMS %k >", "XREADGROUP GROUP %g %c NOACK COUNT %n STREAMS %k %k > >",
	"XREAD MAXCOUNT %n MAXSIZE %n STREAMS %k %k %i %i", "XREADGROUP GROUP %g %c MAXCOUNT %n STREAMS %k %k > %i", "XREADGROUP GROUP %g %c MAXSIZE 60 STREAMS %k %k > %i",
	"XREADGROUP GROUP %g %c CLAIM %n COUNT %n STREAMS %k >", "XREADGROUP GROUP %g %c CLAIM %n MAXSIZE 70 NOACK STREAMS %k %k > >",
	"XREADGROUP GROUP %g %c STREAMS %k %i", "XREADGROUP GROUP %g %c BLOCK %n STREAMS %k %k > %i",
	"XDELEX %k IDS 1 %i", "XDELEX %k DELREF IDS 2 %i %i", "XDELEX %k IDS 3 %i %i %i ACKED", "XTRIM %k MAXLEN %n ACKED", "XTRIM %k DELREF MINID ~ %i",
	"XADD %k ACKED MAXLEN %n * f v", "XADD %k DELREF MINID %i * f v", "XACKDEL %k %g IDS 2 %i %i", "XACKDEL %k %g ACKED IDS 2 %i %i", "XACKDEL %k %g DELREF IDS 1 %i",
	"XNACK %k %g FAIL IDS 1 %i", "XNACK %k %g SILENT IDS 2 %i %i FORCE", "XNACK %k %g FATAL IDS 1 %i RETRYCOUNT %n",
	"XACK %k %g %i", "XACK %k %g %i %i %i", "XPENDING %k %g", "XPENDING %k %g IDLE %n %r %r %n", "XPENDING %k %g %r %r %n %c",
	"XCLAIM %k %g %c %n %i %i", "XCLAIM %k %g %c %n %i FORCE IDLE %n", "XCLAIM %k %g %c %n %i JUSTID TIME %n LASTID %i RETRYCOUNT %n",
	"XAUTOCLAIM %k %g %c %n %r COUNT %n", "XAUTOCLAIM %k %g %c %n %r JUSTID",
	"XGROUP CREATE %k %g %i", "XGROUP CREATE %k %g $ MKSTREAM ENTRIESREAD %n", "XGROUP SETID %k %g %i", "XGROUP SETID %k %g %r ENTRIESREAD %n",
	"XGROUP DESTROY %k %g", "XGROUP CREATECONSUMER %k %g %c", "XGROUP DELCONSUMER %k %g %c",
	"XINFO STREAM %k", "XINFO STREAM %k FULL COUNT %n", "XINFO GROUPS %k", "XINFO CONSUMERS %k %g",
	"XSETID %k %i", "XSETID %k %i ENTRIESADDED %n MAXDELETEDID %i",
}

// Whatever clients send, no command panics, one that fails leaves no trace, Check
// and Run agree, and what Quiet lets run as a read answers as if applied and has
// changed nothing. Core holds them to that.
func TestRandomCommands(t *testing.T) {
	s := *randomSeed
	if s == 0 {
		s = uint64(time.Now().UnixNano())
	}
	t.Logf("-random-seed %d", s)
	r := rand.New(rand.NewPCG(s, 2))
	core := commandstest.NewCore()
	protos := []wire.Proto{wire.RESP2, wire.RESP3}
	var conn commandstest.Conn
	for i := range *randomCommands {
		if i%500 == 0 {
			var err error
			if conn, err = core.Reset(protos[r.IntN(2)]); err != nil {
				t.Fatal(err)
			}
			if err := core.SetString([]byte("s"), []byte("x")); err != nil {
				t.Fatal(err)
			}
		}
		args := fill(r, shapes[r.IntN(len(shapes))])
		reply, err := conn.Do(args)
		if err != nil {
			t.Fatalf("%d: %q: %v", i, args, err)
		}
		if _, rest, err := commandstest.Render(reply); err != nil || len(rest) > 0 {
			t.Fatalf("%d: %q: reply %q, %v", i, args, reply, err)
		}
		core.Advance(int64(r.IntN(3)))
	}
}

func fill(r *rand.Rand, shape string) [][]byte {
	args, err := commandstest.SplitArgs(shape)
	if err != nil {
		panic(err)
	}
	for i, a := range args {
		if len(a) == 2 && a[0] == '%' {
			args[i] = []byte(hole(r, a[1]))
		} else if r.IntN(200) == 0 {
			args[i] = []byte(hole(r, "kgcirn"[r.IntN(6)]))
		}
	}
	if r.IntN(100) == 0 {
		args = args[:1+r.IntN(len(args))]
	}
	return args
}

func hole(r *rand.Rand, kind byte) string {
	odd := []string{"", "-", "+", "$", "*", ">", "(1", "x", "-1", "0", "1-*", "9223372036854775807", "18446744073709551615-18446744073709551615"}
	if r.IntN(40) == 0 {
		return odd[r.IntN(len(odd))]
	}
	switch kind {
	case 'k':
		return []string{"a", "a", "a", "b", "n", "s"}[r.IntN(6)]
	case 'g':
		return []string{"g", "g", "h", "nog"}[r.IntN(4)]
	case 'c':
		return []string{"c", "d", "e"}[r.IntN(3)]
	case 'n':
		return fmt.Sprint(r.IntN(12) - 1)
	case 'r':
		if ends := []string{"-", "+", "(3"}; r.IntN(2) == 0 {
			return ends[r.IntN(3)]
		}
	}
	return fmt.Sprintf("%d-%d", r.IntN(30), r.IntN(3))
}
