package blocking_test

import (
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/millrace-io/millrace/blocking"
)

// lookTwin keeps all waiters with CLAIM in one list, and what their classes know
// in maps by the text of their question.
type lookTwin struct {
	order []*blocking.Waiter
	at    map[string]int64
	asked map[string]*blocking.Waiter
}

func question(w *blocking.Waiter) string { return fmt.Sprint(w.Keys, w.Group, w.MinIdle) }

// first is the first in line of a class.
func (tw *lookTwin) first(q string) *blocking.Waiter {
	for _, w := range tw.order {
		if question(w) == q && !w.Claimed() {
			return w
		}
	}
	return nil
}

// next is when the next class looks, and which ones do then.
func (tw *lookTwin) next() (at int64, who []*blocking.Waiter) {
	for q, t := range tw.at {
		w := tw.first(q)
		if t == 0 || w == nil || tw.asked[q] != nil {
			continue
		}
		switch {
		case at == 0 || t < at:
			at, who = t, []*blocking.Waiter{w}
		case t == at:
			who = append(who, w)
		}
	}
	return at, who
}

func (tw *lookTwin) add(w *blocking.Waiter) {
	tw.order = append(tw.order, w)
	if q := question(w); tw.asked[q] == nil {
		tw.at[q] = w.LookAt
	}
}

func (tw *lookTwin) remove(w *blocking.Waiter) {
	q := question(w)
	tw.order = slices.DeleteFunc(tw.order, func(o *blocking.Waiter) bool { return o == w })
	if tw.asked[q] == w {
		delete(tw.asked, q)
		tw.at[q] = 1
	}
	if !slices.ContainsFunc(tw.order, func(o *blocking.Waiter) bool { return question(o) == q }) {
		delete(tw.at, q)
	}
}

func (tw *lookTwin) setLook(w *blocking.Waiter, at int64) {
	q := question(w)
	if tw.asked[q] == w {
		delete(tw.asked, q)
	}
	tw.at[q] = at
}

func TestLooksAgainstTwin(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := blocking.NewRegistry()
		tw := &lookTwin{at: map[string]int64{}, asked: map[string]*blocking.Waiter{}}
		for range rapid.IntRange(1, 100).Draw(t, "steps") {
			lookStep(t, r, tw)
			at, _ := tw.next()
			if got := r.NextLook(); got != at {
				t.Fatalf("next look at %d, want %d", got, at)
			}
			compareTakers(t, r, tw)
		}
		for len(tw.order) > 0 {
			w := tw.order[0]
			tw.remove(w)
			r.Remove(w)
		}
		if r.NextLook() != 0 || r.Len() != 0 || r.Keys() != 0 {
			t.Fatal("an empty registry has something")
		}
	})
}

func lookStep(t *rapid.T, r *blocking.Registry, tw *lookTwin) {
	if len(tw.order) == 0 || rapid.IntRange(0, 3).Draw(t, "add") == 0 {
		w := &blocking.Waiter{}
		w.Claim, w.Taker = true, rapid.Bool().Draw(t, "taker")
		w.Group = rapid.SampledFrom([]string{"g", "h"}).Draw(t, "group")
		w.Keys = rapid.SliceOfN(rapid.SampledFrom(keys), 1, 2).Draw(t, "keys")
		w.MinIdle = rapid.Int64Range(0, 1).Draw(t, "idle")
		w.LookAt = rapid.Int64Range(0, 9).Draw(t, "at")
		r.Add(w)
		tw.add(w)
		return
	}
	w := rapid.SampledFrom(tw.order).Draw(t, "who")
	switch rapid.IntRange(0, 6).Draw(t, "what") {
	case 0:
		r.Claim(w)
	case 1:
		if w.Claimed() {
			r.Release(w)
			tw.setLook(w, 1)
		}
	case 2:
		r.Remove(w)
		tw.remove(w)
	case 3:
		at := rapid.Int64Range(0, 9).Draw(t, "at")
		r.SetLook(w, at)
		tw.setLook(w, at)
	case 4:
		q := question(w)
		want := tw.asked[q] == nil
		if r.Ask(w) != want {
			t.Fatalf("asked: %v, want %v", !want, want)
		}
		if want {
			tw.asked[q] = w
		}
	case 5:
		q := question(w)
		want := tw.asked[q] == nil || tw.asked[q] == w
		if r.Keep(w) != want {
			t.Fatalf("kept: %v, want %v", !want, want)
		}
		if want {
			tw.asked[q] = w
		}
	case 6:
		dueStep(t, r, tw)
	}
}

func dueStep(t *rapid.T, r *blocking.Registry, tw *lookTwin) {
	now := rapid.Int64Range(0, 9).Draw(t, "now")
	at, who := tw.next()
	got := r.Due(now)
	if want := at != 0 && at <= now; (got != nil) != want {
		t.Fatalf("due at %d: %v, want %v", now, got, want)
	}
	if got == nil {
		return
	}
	if !slices.Contains(who, got) {
		t.Fatalf("%v looks, want one of %v", got, who)
	}
	tw.asked[question(got)] = got
}

func compareTakers(t *rapid.T, r *blocking.Registry, tw *lookTwin) {
	for _, k := range keys {
		var got, want []*blocking.Waiter
		r.EachFirstTaker(k, func(w *blocking.Waiter) { got = append(got, w) })
		seen := map[string]bool{}
		for _, w := range tw.order {
			if w.Taker && !w.Claimed() && slices.Contains(w.Keys, k) && !seen[w.Group] {
				seen[w.Group] = true
				want = append(want, w)
			}
		}
		if !slices.Equal(got, want) {
			t.Fatalf("%v: takers %v, want %v", k, got, want)
		}
	}
}

// BenchmarkAddClaim reports what waiting with CLAIM costs: all with one question,
// and each with a question of its own.
func BenchmarkAddClaim(b *testing.B) {
	for _, own := range []bool{false, true} {
		b.Run(fmt.Sprintf("ownquestion=%t", own), func(b *testing.B) {
			const n = 50_000
			for b.Loop() {
				r := blocking.NewRegistry()
				for i := range n {
					w := &blocking.Waiter{}
					w.Group, w.Claim, w.Taker, w.LookAt = "g", true, true, int64(1000+i%97)
					w.Keys = []blocking.Key{{Name: "jobs"}}
					if own {
						w.MinIdle = int64(i)
					}
					r.Add(w)
				}
				for range n {
					if w := r.Due(2000); w != nil {
						r.SetLook(w, 3000)
					}
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/n, "ns/waiter")
		})
	}
}
