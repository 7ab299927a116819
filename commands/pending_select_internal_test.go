package commands

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/millrace-io/millrace/groups"
	"github.com/millrace-io/millrace/streams"
)

var seed = flag.Uint64("seed", 0, "seed of the random tests; 0: a new one")

func newRandom(t *testing.T) *rand.Rand {
	s := *seed
	if s == 0 {
		s = uint64(time.Now().UnixNano())
	}
	t.Logf("-seed %d", s)
	return rand.New(rand.NewPCG(s, 1))
}

// Whichever way is taken, what comes out is what a plain look at every pending
// entry finds.
func TestSelectPendingFindsWhatAScanFinds(t *testing.T) {
	r := newRandom(t)
	const now = 1_000_000
	for range 60 {
		g := groups.New(streams.MinID, -1)
		owners := []groups.ConsumerID{g.CreateConsumer([]byte("a"), 0), g.CreateConsumer([]byte("b"), 0)}
		var all []groups.Pending
		rare := 1 + r.IntN(500) // one in so many is idle
		for i := range r.IntN(5 * pendingProbe) {
			p := groups.Pending{ID: streams.ID{Ms: uint64(i) + 1}, Owner: owners[r.IntN(2)], Time: now - int64(r.IntN(100)), Count: 1}
			if r.IntN(rare) == 0 {
				p.Time -= 1000
			}
			g.Put(p)
			all = append(all, p)
		}
		o := pendingOptions{
			minIdle: int64(r.IntN(3)) * 500,
			start:   streams.ID{Ms: uint64(r.IntN(2000))},
			end:     streams.ID{Ms: uint64(r.IntN(6 * pendingProbe))},
			limit:   int64(1 + r.IntN(200)),
		}
		if r.IntN(2) == 0 {
			o.byConsumer, o.consumer = true, []byte("b")
		}
		var want, got []groups.Pending
		for _, p := range all {
			if int64(len(want)) < o.limit && !p.ID.Less(o.start) && !o.end.Less(p.ID) &&
				(o.minIdle <= 0 || now-p.Time >= o.minIdle) && (!o.byConsumer || p.Owner == owners[1]) {
				want = append(want, p)
			}
		}
		selectPending(g, &o, now, func(p groups.Pending) bool { got = append(got, p); return true })
		if !slices.Equal(got, want) {
			t.Fatalf("%d pending, one in %d idle, %+v: got %d, want %d\n%v\n%v", len(all), rare, o, len(got), len(want), got, want)
		}
	}
}

// Few idle among very many: found without a look at each.
func TestSelectPendingLooksAtFew(t *testing.T) {
	const pending, idle, now = 50_000, 5, 1_000_000
	g := groups.New(streams.MinID, -1)
	owner := g.CreateConsumer([]byte("a"), 0)
	for i := range pending {
		p := groups.Pending{ID: streams.ID{Ms: uint64(i) + 1}, Owner: owner, Time: now, Count: 1}
		if i >= pending-idle {
			p.Time -= 1000
		}
		g.Put(p)
	}
	o := pendingOptions{minIdle: 1000, end: streams.MaxID, limit: 100}
	s := pendingSelection{g: g, now: now, pendingOptions: &o, left: o.limit}
	from, done := s.scan(o.start, pendingProbe)
	if done || from.Ms != pendingProbe+1 {
		t.Fatalf("the probe ended at %v, done %v", from, done)
	}
	found, ok := s.idle(from, idle)
	if !ok || len(found) != idle {
		t.Fatalf("found %d in the order of times, %v", len(found), ok)
	}
	if _, ok := s.idle(from, idle-1); ok {
		t.Fatal("did not give up at its limit")
	}
}

func TestEntryFinder(t *testing.T) {
	r := newRandom(t)
	for range 20 {
		s := streams.New()
		id := uint64(0)
		for range 500 {
			id += 1 + uint64(r.IntN(20)*r.IntN(20))
			s.Append(streams.ID{Ms: id}, [][]byte{[]byte("f"), []byte(fmt.Sprint(id))}, streams.DefaultLimits)
			if r.IntN(4) == 0 {
				s.Delete(streams.ID{Ms: id})
			}
		}
		find := entryFinder{s: s}
		wanted := uint64(0)
		for range 1000 {
			if wanted += uint64(r.IntN(40)); r.IntN(50) == 0 {
				wanted = uint64(r.IntN(int(id) + 10))
			}
			cur := find.find(streams.ID{Ms: wanted})
			if (cur != nil) != s.Has(streams.ID{Ms: wanted}) {
				t.Fatalf("%d: found %v", wanted, cur != nil)
			}
			if cur != nil && cur.ID().Ms != wanted {
				t.Fatalf("%d: stands on %v", wanted, cur.ID())
			}
		}
	}
}
