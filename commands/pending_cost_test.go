package commands_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/millrace-io/millrace/commands"
)

// pendingGroups makes two streams of n entries, all of them pending in the groups g,
// h and i. From the stream "gone" they are gone, but for one that comes behind them.
func pendingGroups(n int) *applier {
	a := newApplier()
	for _, s := range []string{"s", "gone"} {
		for i := range n {
			a.do("XADD", s, fmt.Sprint(i+1, "-0"), "f", "v")
		}
		for _, g := range []string{"g", "h", "i"} {
			a.do("XGROUP", "CREATE", s, g, "0")
			for range n / 1000 {
				a.do("XREADGROUP", "GROUP", g, "c", "COUNT", "1000", "STREAMS", s, ">")
			}
		}
	}
	a.do("XADD", "gone", fmt.Sprint(n+1, "-0"), "f", "v")
	a.do("XTRIM", "gone", "MAXLEN", "1")
	return a
}

// What a command takes of a PEL costs what it returns, not what is pending: the
// same for two hundred times as much, but for the depth of trees and for caches.
// A scan would take two hundred times as long.
func TestCostDoesNotGrowWithThePEL(t *testing.T) {
	const few, many, most = 1000, 200_000, 25
	small, large := pendingGroups(few), pendingGroups(many)
	for _, row := range []struct{ name, before, command string }{
		{"CLAIM of what is idle", "XCLAIM s g c 0 1-0 2-0 3-0 IDLE 5000 JUSTID", "XREADGROUP GROUP g d CLAIM 4000 STREAMS s >"},
		{"CLAIM of nothing", "", "XREADGROUP GROUP h c BLOCK 0 CLAIM 4000 STREAMS s >"},
		{"CLAIM behind what is gone", "", "XREADGROUP GROUP h c BLOCK 0 CLAIM 0 STREAMS gone >"},
		{"XPENDING IDLE", "XCLAIM s g c 0 1-0 2-0 3-0 IDLE 5000 JUSTID", "XPENDING s g IDLE 4000 - + 10"},
		{"XPENDING", "", "XPENDING s g"},
		{"XAUTOCLAIM of nothing", "", "XAUTOCLAIM s g c 4000 - COUNT 10 JUSTID"},
		{"XAUTOCLAIM", "", "XAUTOCLAIM s g c 0 - COUNT 10 JUSTID"},
		{"XDELEX ACKED", "", "XDELEX s ACKED IDS 3 500-0 501-0 502-0"},
		{"XACKDEL ACKED", "XCLAIM s g c 0 500-0 FORCE JUSTID", "XACKDEL s g ACKED IDS 1 500-0"},
		{"XDELEX DELREF", "", "XDELEX s DELREF IDS 1 99999999-0"},
		{"XNACK", "", "XNACK s i SILENT IDS 1 500-0"},
	} {
		if a, b := cost(small, row.before, row.command), cost(large, row.before, row.command); b > most*a+20*time.Microsecond {
			t.Errorf("%s: %v with %d pending, %v with %d", row.name, a, few, b, many)
		} else {
			t.Logf("%s: %v, %v", row.name, a, b)
		}
	}
}

// cost is the least time of some runs of a command, each behind another one.
func cost(a *applier, before, command string) time.Duration {
	var first commands.Request
	if before != "" {
		first = a.request(strings.Fields(before)...)
	}
	r := a.request(strings.Fields(command)...)
	least := time.Hour
	for range 200 {
		if before != "" {
			a.apply(first)
		}
		a.now++ // an idle time of 0 ms has passed
		took := processorTime(func() {
			if !a.machine.Quiet(r, a.now) {
				a.apply(r)
			}
		})
		least = min(least, took)
	}
	return least
}
