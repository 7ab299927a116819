package blocking_test

import (
	"fmt"
	"runtime"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/millrace-io/millrace/blocking"
)

// twin keeps all waiters in one list, in the order in which they came.
type twin struct{ order []*entry }

type entry struct {
	w       *blocking.Waiter
	claimed bool
}

func (tw *twin) line(k blocking.Key, shared bool, group string) []*blocking.Waiter {
	var line []*blocking.Waiter
	for _, e := range tw.order {
		if !e.claimed && e.w.Shared == shared && (shared || e.w.Group == group) && slices.Contains(e.w.Keys, k) {
			line = append(line, e.w)
		}
	}
	return line
}

var keys = []blocking.Key{{DB: 0, Name: "a"}, {DB: 0, Name: "b"}, {DB: 1, Name: "a"}}

func TestRegistryAgainstTwin(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r, tw := blocking.NewRegistry(), &twin{}
		for range rapid.IntRange(1, 80).Draw(t, "steps") {
			step(t, r, tw)
			compare(t, r, tw)
		}
	})
}

func step(t *rapid.T, r *blocking.Registry, tw *twin) {
	if len(tw.order) == 0 || rapid.Bool().Draw(t, "add") {
		w := &blocking.Waiter{}
		w.Shared = rapid.Bool().Draw(t, "shared")
		if !w.Shared {
			w.Group = rapid.SampledFrom([]string{"g", "h"}).Draw(t, "group")
		}
		w.Keys = rapid.SliceOfN(rapid.SampledFrom(keys), 1, 3).Draw(t, "keys") // a key twice is legal
		r.Add(w)
		tw.order = append(tw.order, &entry{w: w})
		return
	}
	i := rapid.IntRange(0, len(tw.order)-1).Draw(t, "which")
	e := tw.order[i]
	switch rapid.IntRange(0, 2).Draw(t, "what") {
	case 0:
		r.Claim(e.w)
		e.claimed = true
	case 1:
		r.Release(e.w)
		e.claimed = false
	case 2:
		if !r.Remove(e.w) || r.Remove(e.w) {
			t.Fatal("a waiter is removed once")
		}
		tw.order = slices.Delete(tw.order, i, i+1)
	}
}

func compare(t *rapid.T, r *blocking.Registry, tw *twin) {
	if r.Len() != len(tw.order) {
		t.Fatalf("Len %d, want %d", r.Len(), len(tw.order))
	}
	waitedFor := 0
	for _, k := range keys {
		var shared []*blocking.Waiter
		r.EachShared(k, func(w *blocking.Waiter) { shared = append(shared, w) })
		if want := tw.line(k, true, ""); !slices.Equal(shared, want) {
			t.Fatalf("%v: shared line %v, want %v", k, shared, want)
		}
		got := map[*blocking.Waiter]bool{}
		r.EachFirst(k, func(w *blocking.Waiter) { got[w] = true })
		want := map[*blocking.Waiter]bool{}
		for _, g := range []string{"g", "h"} {
			if line := tw.line(k, false, g); len(line) > 0 {
				want[line[0]] = true
			}
		}
		if fmt.Sprint(got) != fmt.Sprint(want) {
			t.Fatalf("%v: first of the groups %v, want %v", k, got, want)
		}
		if len(shared)+len(want) > 0 {
			waitedFor++
		}
	}
	if r.Keys() != waitedFor || len(r.AppendKeys(nil)) != waitedFor {
		t.Fatalf("%d keys are waited for, want %d", r.Keys(), waitedFor)
	}
}

func TestEachFirstGoesByArrival(t *testing.T) {
	r := blocking.NewRegistry()
	var want []*blocking.Waiter
	for i := range 20 {
		w := &blocking.Waiter{}
		w.Keys, w.Group = keys[:1], fmt.Sprint("group", i)
		r.Add(w)
		want = append(want, w)
	}
	var got []*blocking.Waiter
	r.EachFirst(keys[0], func(w *blocking.Waiter) { got = append(got, w) })
	if !slices.Equal(got, want) {
		t.Fatal("the groups' first waiters do not come in the order of their arrival")
	}
}

// BenchmarkAdd reports the memory that a waiter takes: on one key, and each on a
// key of its own.
func BenchmarkAdd(b *testing.B) {
	for _, own := range []bool{false, true} {
		b.Run(fmt.Sprintf("ownkey=%t", own), func(b *testing.B) {
			const n = 50_000
			for b.Loop() {
				var before, after runtime.MemStats
				runtime.GC()
				runtime.ReadMemStats(&before)
				r := blocking.NewRegistry()
				for i := range n {
					w := &blocking.Waiter{}
					w.Group = "g"
					w.Keys = []blocking.Key{{Name: "jobs"}}
					if own {
						w.Keys[0].Name = fmt.Sprint("jobs", i)
					}
					r.Add(w)
				}
				runtime.GC()
				runtime.ReadMemStats(&after)
				b.ReportMetric(float64(after.HeapAlloc-before.HeapAlloc)/n, "B/waiter")
				runtime.KeepAlive(r)
			}
		})
	}
}
