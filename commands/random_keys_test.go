package commands_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/millrace-io/millrace/commands/commandstest"
	"github.com/millrace-io/millrace/resp/wire"
)

// ownShapes are the commands on keys and strings that Redis 7.0 does not have, or
// answers by the clock.
var ownShapes = []string{
	"SET %k %v PX 3", "PEXPIRE %k 2", "SET %k %v IFEQ %v", "SET %k %v IFNE %v GET PX 2", "SET %k %v IFDEQ %v", "SET %k %v IFDNE 0123456789abcdef",
	"DELEX %k", "DELEX %k IFEQ %v", "DELEX %k IFNE %v", "DELEX %k %v %v", "DIGEST %k", "MSETEX 2 %k %v %k %v NX", "MSETEX 2 %k %v %k %v XX PX 2",
	"MSETEX %n %k %v PX %n", "RANDOMKEY", "DUMP %k", "MEMORY USAGE %k", "OBJECT REFCOUNT %k", "GETEX %k PX 2", "DBSIZE", "PTTL %k", "TTL %k",
}

// What TestRandomCommands says of streams, of keys and strings, while their time passes.
func TestRandomKeys(t *testing.T) {
	s := *randomSeed
	if s == 0 {
		s = uint64(time.Now().UnixNano())
	}
	t.Logf("-random-seed %d", s)
	r := rand.New(rand.NewPCG(s, 4))
	grammar := keyGrammar
	grammar.Shapes = slices.Concat(grammar.Shapes, ownShapes, ownShapes)
	core := commandstest.NewCore()
	var conn commandstest.Conn
	for i := range *randomCommands {
		if i%500 == 0 {
			conn, _ = core.Reset([]wire.Proto{wire.RESP2, wire.RESP3}[r.IntN(2)])
		}
		args := grammar.Draw(r)
		reply, err := conn.Do(args)
		if err != nil {
			t.Fatalf("%d: %q: %v", i, args, err)
		}
		if _, rest, err := commandstest.Render(reply); err != nil || len(rest) > 0 {
			t.Fatalf("%d: %q: reply %q, %v", i, args, reply, err)
		}
		core.Advance(int64(r.IntN(2)))
	}
}

// Sums of random numbers have the digits that Redis gives them.
func TestRandomFloatsAgainstRedis(t *testing.T) {
	redis, a := startRedis(t), newApplier()
	s := *randomSeed
	if s == 0 {
		s = uint64(time.Now().UnixNano())
	}
	t.Logf("-random-seed %d", s)
	r := rand.New(rand.NewPCG(s, 5))
	for range 3000 {
		x, y := randomNumber(r), randomNumber(r)
		a.do("SET", "f", x)
		redis.do("SET", "f", x)
		want := fmt.Sprint(redis.do("INCRBYFLOAT", "f", y))
		if got := a.do("INCRBYFLOAT", "f", y); got != bulk(want) && got != want+"\r\n" {
			t.Errorf("%s + %s:\n got %.90q\nwant %.90q", x, y, got, want)
		}
	}
}

func randomNumber(r *rand.Rand) string {
	digits := func(n int) (s string) {
		for range n {
			s += string(rune('0' + r.IntN(10)))
		}
		return s
	}
	s := []string{"", "-", ""}[r.IntN(3)] + digits(r.IntN(22))
	if r.IntN(2) == 0 {
		s += "." + digits(r.IntN(22))
	}
	switch r.IntN(20) {
	case 0, 1, 2, 3:
		s += fmt.Sprintf("e%d", r.IntN(80)-40)
	case 4:
		s += fmt.Sprintf("E%+d", r.IntN(10_200)-5100) // some out of range
	}
	return s
}
