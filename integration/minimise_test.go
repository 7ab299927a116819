package integration

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/millrace-io/millrace/resp/wire"
)

// How often, and for how long, a scenario is played again to make it smaller. One that
// shows by a reply which does not come takes its time.
const (
	minimiseTries = 600
	minimiseTime  = time.Minute
)

// minimise returns the smallest scenario that it can find on which the two differ,
// as a transcript, and how they do.
func (d *duel) minimise(sc *scenario, diff string) (string, string) {
	tries, end := 0, time.Now().Add(minimiseTime)
	differs := func(c *scenario) bool {
		if tries++; tries > minimiseTries || time.Now().After(end) {
			return false
		}
		got, err := d.play(c)
		if err != nil || got == "" {
			return false
		}
		diff = got
		return true
	}
	if !differs(sc) {
		return transcript(sc) + "\n(which did not differ again)", diff
	}
	sc = split(sc, differs)
	sc = without(sc, differs)
	for i := range sc.turns {
		if c := clone(sc); c.turns[i].write != nil {
			if c.turns[i].write = nil; differs(c) {
				sc = c
			}
		}
	}
	for i := range sc.protos {
		if c := clone(sc); c.protos[i] == wire.RESP3 {
			if c.protos[i] = wire.RESP2; differs(c) {
				sc = c
			}
		}
	}
	return transcript(sc), diff
}

func clone(sc *scenario) *scenario {
	return &scenario{slices.Clone(sc.protos), slices.Clone(sc.turns)}
}

// split makes a turn of every command, if that does.
func split(sc *scenario, differs func(*scenario) bool) *scenario {
	c := &scenario{protos: sc.protos}
	for _, t := range sc.turns {
		for _, u := range t.cmds {
			c.turns = append(c.turns, turn{conn: t.conn, cmds: []utterance{u}})
		}
	}
	if differs(c) {
		return c
	}
	return sc
}

// without leaves out turns, in ever smaller pieces, and then single commands, as
// long as the two go on to differ.
func without(sc *scenario, differs func(*scenario) bool) *scenario {
	for size := len(sc.turns); size > 0; size /= 2 {
		for i := 0; i < len(sc.turns); {
			c := clone(sc)
			c.turns = slices.Delete(c.turns, i, min(i+size, len(c.turns)))
			if len(c.turns) > 0 && differs(c) {
				sc = c
			} else {
				i += size
			}
		}
	}
	for i := range sc.turns {
		for j := 0; j < len(sc.turns[i].cmds) && len(sc.turns[i].cmds) > 1; {
			c := clone(sc)
			c.turns[i].cmds = slices.Delete(slices.Clone(c.turns[i].cmds), j, j+1)
			if differs(c) {
				sc = c
			} else {
				j++
			}
		}
	}
	return sc
}

// transcript shows a scenario as commandstest reads it. Where a pipeline or its pieces
// matter it says so.
func transcript(sc *scenario) string {
	var b strings.Builder
	fmt.Fprintf(&b, "== found by TestDifferential (protocols %v)\n", sc.protos)
	for _, t := range sc.turns {
		if len(t.cmds) > 1 || len(t.write) > 0 {
			fmt.Fprintf(&b, "# in one pipeline, cut at %.3v:\n", t.write)
		}
		for _, u := range t.cmds {
			if u.raw != "" {
				fmt.Fprintf(&b, "# %c> %q\n", 'A'+t.conn, u.raw)
				continue
			}
			var words []string
			for _, a := range u.args {
				words = append(words, transcriptWord(string(a)))
			}
			fmt.Fprintf(&b, "%c> %s\n", 'A'+t.conn, strings.Join(words, " "))
		}
	}
	return b.String()
}

func transcriptWord(w string) string {
	if q := strconv.Quote(w); w == "" || strings.Contains(w, " ") || q != `"`+w+`"` {
		return q
	}
	return w
}
