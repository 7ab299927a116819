package commands_test

import (
	"bufio"
	"bytes"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/millrace-io/millrace/commands/commandstest"
	"github.com/millrace-io/millrace/resp/wire"
	"pgregory.net/rapid"
)

// asker asks one core, whose state lives as long as it.
type asker struct {
	conn commandstest.Conn
	fail func(format string, args ...any)
}

func newAsker(fail func(format string, args ...any)) *asker {
	conn, err := commandstest.NewCore().Reset(wire.RESP2)
	if err != nil {
		fail("%v", err)
	}
	return &asker{conn, fail}
}

func (a *asker) ask(t *testing.T, args ...string) any {
	words := make([][]byte, len(args))
	for i, w := range args {
		words[i] = []byte(w)
	}
	reply, err := a.conn.Do(words)
	if err != nil {
		a.fail("%q: %v", args, err)
	}
	return parseReply(t, bufio.NewReader(bytes.NewReader(reply)))
}

// SCAN's guarantee: what is there from the first call to the last is returned, what
// is never there is not; keys that come and go between the calls change nothing of
// that. Here a key is never returned twice, either.
func TestScanGuarantee(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		a := newAsker(rt.Fatalf)
		name := func(label string) string { return fmt.Sprint(label, rapid.IntRange(0, 60).Draw(rt, label)) }
		stay := map[string]bool{}
		for range rapid.IntRange(0, 60).Draw(rt, "keys") {
			stay[name("stay")] = true
		}
		for k := range stay {
			a.ask(t, "XADD", k, "1-0", "f", "v")
		}
		var found []string
		for cursor, calls := "0", 0; calls == 0 || cursor != "0"; calls++ {
			if calls > 500 {
				rt.Fatalf("no end after %d calls", calls)
			}
			for range rapid.IntRange(0, 6).Draw(rt, "changes") {
				if rapid.Bool().Draw(rt, "comes") {
					a.ask(t, "XADD", name("passing"), "*", "f", "v")
				} else {
					a.ask(t, "DEL", name("passing"))
				}
			}
			count := strconv.Itoa(rapid.IntRange(1, 20).Draw(rt, "count"))
			reply := a.ask(t, "SCAN", cursor, "COUNT", count).([]any)
			cursor = reply[0].(string)
			for _, k := range reply[1].([]any) {
				found = append(found, k.(string))
			}
		}
		for k := range stay {
			if !slices.Contains(found, k) {
				rt.Fatalf("%s was there all the time and was not returned", k)
			}
		}
		slices.Sort(found)
		for i, k := range found {
			if !stay[k] && !strings.HasPrefix(k, "passing") {
				rt.Fatalf("%s was never there", k)
			}
			if i > 0 && found[i-1] == k {
				rt.Fatalf("%s returned twice", k)
			}
		}
	})
}

// A cursor of any age, or one that nobody was given, is as good as another.
func TestScanTakesAnyCursor(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		a := newAsker(rt.Fatalf)
		for i := range 30 {
			a.ask(t, "XADD", fmt.Sprint("k", i), "1-0", "f", "v")
		}
		cursor := strconv.FormatUint(rapid.Uint64().Draw(rt, "cursor"), 10)
		for calls := 0; calls == 0 || cursor != "0"; calls++ {
			if calls > 30 {
				rt.Fatalf("no end after %d calls", calls)
			}
			cursor = a.ask(t, "SCAN", cursor, "COUNT", "3").([]any)[0].(string)
			if n, err := strconv.ParseInt(cursor, 10, 64); err != nil || n < 0 {
				rt.Fatalf("cursor %s is not one for every client", cursor)
			}
		}
	})
}
