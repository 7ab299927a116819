package tracking_test

import (
	"fmt"
	"reflect"
	"strings"
	"testing"

	"github.com/millrace-io/millrace/tracking"
)

// client takes down what it is told.
type client struct {
	*tracking.Tracker
	told []string
}

func newClient() *client {
	c := &client{}
	c.Tracker = tracking.NewTracker(c)
	return c
}

// Invalidate implements tracking.Receiver.
func (c *client) Invalidate(i *tracking.Invalidation) {
	if i.Keys == nil {
		c.told = append(c.told, "all")
		return
	}
	c.told = append(c.told, strings.Join(i.Keys, "+"))
}

// expect compares what the client was told since the last time, in order.
func (c *client) expect(t *testing.T, want ...string) {
	t.Helper()
	if !reflect.DeepEqual(c.told, want) && len(c.told)+len(want) > 0 {
		t.Errorf("told %q, want %q", c.told, want)
	}
	c.told = nil
}

func names(words ...string) (keys [][]byte) {
	for _, w := range words {
		keys = append(keys, []byte(w))
	}
	return keys
}

func census(t *testing.T, table *tracking.Table, want tracking.Census) {
	t.Helper()
	if got := table.Census(); got != want {
		t.Errorf("census %+v, want %+v", got, want)
	}
}

func TestKeyIsToldOnceAtItsNextChange(t *testing.T) {
	table, a, b := tracking.New(0), newClient(), newClient()
	table.Start(a.Tracker, tracking.Options{})
	table.Start(b.Tracker, tracking.Options{})
	table.Remember(a.Tracker, names("k", "l", "k"))
	table.Remember(b.Tracker, names("k"))
	census(t, table, tracking.Census{Trackers: 2, Keys: 2, Items: 3})
	table.Invalidate([]string{"other", "l", "k", "k"}, nil)
	a.expect(t, "l", "k")
	b.expect(t, "k")
	table.Invalidate([]string{"k"}, nil)
	a.expect(t)
	b.expect(t)
	census(t, table, tracking.Census{Trackers: 2})
}

func TestNoLoopForgetsWithoutTelling(t *testing.T) {
	table, a, b := tracking.New(0), newClient(), newClient()
	table.Start(a.Tracker, tracking.Options{NoLoop: true})
	table.Start(b.Tracker, tracking.Options{})
	table.Remember(a.Tracker, names("k"))
	table.Remember(b.Tracker, names("k"))
	table.Invalidate([]string{"k"}, a.Tracker)
	a.expect(t)
	b.expect(t, "k")
	table.Invalidate([]string{"k"}, b.Tracker)
	a.expect(t)
	table.Remember(b.Tracker, names("k"))
	table.Invalidate([]string{"k"}, b.Tracker)
	b.expect(t, "k")
}

func TestPrefixesAreToldTogetherInOrder(t *testing.T) {
	table, a, all := tracking.New(0), newClient(), newClient()
	table.Start(a.Tracker, tracking.Options{BCast: true, Prefixes: []string{"b", "a", "long"}})
	table.Start(all.Tracker, tracking.Options{BCast: true, NoLoop: true})
	table.Remember(a.Tracker, names("x"))
	census(t, table, tracking.Census{Trackers: 2, Prefixes: 4})
	table.Invalidate([]string{"b1", "a2", "x", "a1", "a2", ""}, nil)
	a.expect(t, "a1+a2", "b1")
	all.expect(t, "+a1+a2+b1+x")
	table.Invalidate([]string{"a1"}, all.Tracker)
	a.expect(t, "a1")
	all.expect(t)
	table.Stop(a.Tracker)
	table.Stop(all.Tracker)
	census(t, table, tracking.Census{})
	if table.Active() {
		t.Error("active with nobody there")
	}
}

func TestWhoStopsIsToldNothing(t *testing.T) {
	table, a := tracking.New(0), newClient()
	table.Remember(a.Tracker, names("k"))
	census(t, table, tracking.Census{})
	table.Start(a.Tracker, tracking.Options{})
	table.Remember(a.Tracker, names("k"))
	table.Stop(a.Tracker)
	table.Stop(a.Tracker)
	table.Remember(a.Tracker, names("k"))
	census(t, table, tracking.Census{})
	table.Invalidate([]string{"k"}, nil)
	table.InvalidateAll()
	a.expect(t)
}

func TestFullTableTellsOfWhatItDrops(t *testing.T) {
	table, a := tracking.New(3), newClient()
	table.Start(a.Tracker, tracking.Options{})
	for i := range 10 {
		if told := table.Remember(a.Tracker, names(fmt.Sprint(i))); told != (i >= 3) {
			t.Errorf("key %d: told %v", i, told)
		}
	}
	if len(a.told) != 7 {
		t.Errorf("told of %q", a.told)
	}
	census(t, table, tracking.Census{Trackers: 1, Keys: 3, Items: 3})
	if !table.SetMax(1) || len(a.told) != 9 {
		t.Errorf("told of %q", a.told)
	}
}

func TestAllIsToldToEverybody(t *testing.T) {
	table, a, b := tracking.New(0), newClient(), newClient()
	table.Start(a.Tracker, tracking.Options{NoLoop: true})
	table.Start(b.Tracker, tracking.Options{BCast: true, Prefixes: []string{"p"}})
	table.Remember(a.Tracker, names("k"))
	table.InvalidateAll()
	a.expect(t, "all")
	b.expect(t, "all")
	table.Invalidate([]string{"k", "p1"}, nil)
	a.expect(t)
	b.expect(t, "p1")
	table.Remember(a.Tracker, names("k"))
	census(t, table, tracking.Census{Trackers: 2, Keys: 1, Items: 1, Prefixes: 1})
}

func TestOverlapping(t *testing.T) {
	for _, c := range []struct {
		wanted, present []string
		want            string
	}{
		{[]string{"a", "b"}, []string{"c"}, ""},
		{[]string{"b", "ab"}, []string{"a"}, "ab with existing a"},
		{[]string{"b", "a"}, []string{"ab"}, "a with existing ab"},
		{[]string{"c", "cd"}, nil, "c with provided cd"},
		{[]string{"", "x"}, nil, " with provided x"},
		{nil, []string{"a"}, ""},
	} {
		p, q, provided, found := tracking.Overlapping(c.wanted, c.present)
		got := ""
		if found {
			which := "existing"
			if provided {
				which = "provided"
			}
			got = fmt.Sprintf("%s with %s %s", p, which, q)
		}
		if got != c.want {
			t.Errorf("%q over %q: %q, want %q", c.wanted, c.present, got, c.want)
		}
	}
}

// BenchmarkInvalidate is a change of a key that nobody has read, while somebody
// tracks others.
func BenchmarkInvalidate(b *testing.B) {
	table, a := tracking.New(0), newClient()
	table.Start(a.Tracker, tracking.Options{})
	keys := []string{"k"}
	b.ReportAllocs()
	for b.Loop() {
		table.Invalidate(keys, nil)
	}
}
