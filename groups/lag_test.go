package groups_test

import (
	"fmt"
	"math"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/millrace-io/millrace/groups"
	"github.com/millrace-io/millrace/streams"
)

// lagged is a stream with groups by name, for the tests of counters.
type lagged struct {
	*streams.Stream
	groups map[string]*groups.Group
}

// newLagged returns a stream with the entries 1-0 to n-0.
func newLagged(n uint64) *lagged {
	l := &lagged{streams.New(), map[string]*groups.Group{}}
	for ms := range n {
		l.add(ms + 1)
	}
	return l
}

func at(ms uint64) streams.ID { return streams.ID{Ms: ms} }

func (l *lagged) add(ms uint64) {
	l.Append(at(ms), [][]byte{[]byte("f"), []byte("v")}, streams.DefaultLimits)
}

func (l *lagged) create(name string, last uint64, read int64) {
	l.groups[name] = groups.New(at(last), read)
}

func (l *lagged) keep(n uint64) {
	l.Trim(streams.Trim{Kind: streams.TrimMaxLen, MaxLen: n, Limit: -1}, streams.DefaultLimits)
}

// read delivers up to n new entries.
func (l *lagged) read(name string, n int) {
	g := l.groups[name]
	from, ok := g.LastID().Next()
	for c := l.Range(from, streams.MaxID); ok && n > 0 && c.Next(); n-- {
		g.Deliver(l.Stream, c.ID())
	}
}

// shown returns entries-read and lag as XINFO GROUPS shows them.
func (l *lagged) shown(name string) string {
	g := l.groups[name]
	read, lag := "nil", "nil"
	if n := g.EntriesRead(); n >= 0 {
		read = fmt.Sprint(n)
	}
	if n, ok := g.Lag(l.Stream); ok {
		lag = fmt.Sprint(n)
	}
	return read + "/" + lag
}

func (l *lagged) want(t *testing.T, step string, want map[string]string) {
	t.Helper()
	for name, w := range want {
		if got := l.shown(name); got != w {
			t.Errorf("%s: %s@%v is %s, want %s", step, name, l.groups[name].LastID(), got, w)
		}
	}
}

// TestLagSequence plays what was observed on Redis, step by step.
func TestLagSequence(t *testing.T) {
	l := newLagged(5)
	l.create("mid", 3, -1)
	l.create("first", 1, -1)
	l.create("last", 5, -1)
	l.create("g", 0, -1)
	l.create("er", 3, 3)
	l.create("future", 99, -1)
	l.want(t, "created", map[string]string{
		"mid": "nil/nil", "first": "nil/4", "last": "nil/0", "g": "nil/5", "er": "3/2", "future": "nil/nil"})

	for _, name := range []string{"mid", "first", "g"} {
		l.read(name, 1)
	}
	l.want(t, "one delivery", map[string]string{"mid": "nil/nil", "first": "nil/nil", "g": "1/4"})

	l.read("mid", 100)
	l.want(t, "mid reads the rest", map[string]string{"mid": "5/0"})

	l.Delete(at(3))
	l.want(t, "XDEL 3-0", map[string]string{"er": "3/nil", "g": "1/nil", "last": "nil/0", "mid": "5/0"})

	l.read("g", 1)
	l.want(t, "g reads one more", map[string]string{"g": "nil/nil"})

	l.keep(1)
	l.want(t, "XTRIM MAXLEN 1", map[string]string{"er": "3/1", "first": "nil/1", "g": "nil/1", "future": "nil/nil"})

	l.Delete(at(5))
	all := []string{"mid", "first", "last", "g", "er", "future"}
	for _, name := range all {
		if _, lag, _ := strings.Cut(l.shown(name), "/"); lag != "0" {
			t.Errorf("emptied: lag of %s is %s", name, lag)
		}
	}

	l.add(6)
	for _, name := range all[:5] {
		if _, lag, _ := strings.Cut(l.shown(name), "/"); lag != "1" {
			t.Errorf("XADD 6-0: lag of %s is %s", name, lag)
		}
	}
	l.want(t, "XADD 6-0", map[string]string{"future": "nil/nil"})
}

// TestLagTombstoneBelowFirst is where Redis 7.0 and 8 differ.
func TestLagTombstoneBelowFirst(t *testing.T) {
	l := newLagged(3)
	l.create("g", 1, 1)
	l.create("other", 1, 1)
	l.Delete(at(2))
	l.want(t, "XDEL 2-0", map[string]string{"g": "1/nil", "other": "1/nil"})
	l.Delete(at(1))
	l.want(t, "XDEL 1-0", map[string]string{"g": "1/1"})
	l.read("g", 1)
	l.want(t, "read 3-0", map[string]string{"g": "3/0"})
}

func TestLag(t *testing.T) {
	tests := []struct {
		name    string
		prepare func(l *lagged)
		want    string
	}{
		{"entries-read too high", func(l *lagged) { l.create("g", 5, 10) }, "10/-5"},
		{"nothing ever added", func(l *lagged) { *l = *newLagged(0); l.create("g", 7, -1) }, "nil/0"},
		{"reread after going back, counter unknown", func(l *lagged) { l.create("g", 0, -1); l.read("g", 5) }, "5/0"},
		{"in the middle, counter unknown", func(l *lagged) { l.create("g", 2, -1); l.read("g", 1) }, "nil/nil"},
		{"below the first, counter unknown", func(l *lagged) { l.keep(2); l.create("g", 1, -1) }, "nil/2"},
		{"at the first after a trim", func(l *lagged) { l.keep(2); l.create("g", 0, -1); l.read("g", 1) }, "4/1"},
		{"over a tombstone", func(l *lagged) { l.Delete(at(2)); l.create("g", 0, 0); l.read("g", 3) }, "nil/nil"},
		{"over a tombstone to the end", func(l *lagged) { l.Delete(at(2)); l.create("g", 0, 0); l.read("g", 4) }, "5/0"},
		{"tombstone at the group's own place", func(l *lagged) { l.create("g", 2, 2); l.Delete(at(2)) }, "2/nil"},
		{"tombstone behind the group", func(l *lagged) { l.create("g", 3, 3); l.Delete(at(2)) }, "3/2"},
		{"counter at its maximum", func(l *lagged) {
			l.create("g", 4, math.MaxInt64)
			l.read("g", 1)
			l.groups["g"].SetEntriesRead(l.groups["g"].EntriesRead() - (math.MaxInt64 - 5))
		}, "5/0"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			l := newLagged(5)
			tt.prepare(l)
			l.want(t, "", map[string]string{"g": tt.want})
		})
	}
}

func TestDeliverIgnoresWhatIsNotNew(t *testing.T) {
	l := newLagged(5)
	l.create("g", 3, 3)
	g := l.groups["g"]
	g.Deliver(l.Stream, at(2))
	g.Deliver(l.Stream, at(3))
	g.DeliverN(l.Stream, at(4), at(5), 0)
	if g.LastID() != at(3) || g.EntriesRead() != 3 {
		t.Errorf("at %v with %d read", g.LastID(), g.EntriesRead())
	}
}

// TestDeliverNIsDeliverRepeated compares the batch form with the plain one.
func TestDeliverNIsDeliverRepeated(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		l := newLagged(rapid.Uint64Range(1, 12).Draw(t, "entries"))
		for _, ms := range rapid.SliceOfN(rapid.Uint64Range(1, 12), 0, 4).Draw(t, "deleted") {
			l.Delete(at(ms))
		}
		if rapid.Bool().Draw(t, "trim") {
			l.keep(rapid.Uint64Range(0, 12).Draw(t, "keep"))
		}
		if rapid.Bool().Draw(t, "XSETID") {
			l.SetID(at(rapid.Uint64Range(12, 14).Draw(t, "last")))
		}
		if rapid.Bool().Draw(t, "add") {
			l.add(20)
		}
		g := groups.New(at(rapid.Uint64Range(0, 13).Draw(t, "group")), rapid.Int64Range(-1, 12).Draw(t, "read"))
		batch := g.Clone()
		from, _ := g.LastID().Next()
		c := l.Range(from, streams.MaxID)
		var first, last streams.ID
		n := 0
		for limit := rapid.IntRange(1, 12).Draw(t, "n"); n < limit && c.Next(); n++ {
			if n == 0 {
				first = c.ID()
			}
			last = c.ID()
			g.Deliver(l.Stream, last)
		}
		batch.DeliverN(l.Stream, first, last, n)
		if batch.LastID() != g.LastID() || batch.EntriesRead() != g.EntriesRead() {
			t.Fatalf("DeliverN(%v, %v, %d): %v, %d read; one by one: %v, %d read",
				first, last, n, batch.LastID(), batch.EntriesRead(), g.LastID(), g.EntriesRead())
		}
	})
}
