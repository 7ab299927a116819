package groups_test

import (
	"math"
	"slices"
	"strconv"
	"testing"

	"github.com/millrace-io/millrace/groups"
	"github.com/millrace-io/millrace/streams"
)

// crew returns a group with the consumers ann (1) and bob (2).
func crew() *groups.Group {
	g := groups.New(streams.ID{}, 0)
	g.CreateConsumer([]byte("ann"), 100)
	g.CreateConsumer([]byte("bob"), 100)
	return g
}

const (
	ann groups.ConsumerID = 1
	bob groups.ConsumerID = 2
)

func pending(ms uint64, owner groups.ConsumerID, time, count int64) groups.Pending {
	return groups.Pending{ID: at(ms), Owner: owner, Time: time, Count: count}
}

// order returns the milliseconds of the IDs in claim order.
func order(g *groups.Group) (all []uint64) {
	for _, p := range collect(g.AscendTime) {
		all = append(all, p.ID.Ms)
	}
	return all
}

func TestClaimOrder(t *testing.T) {
	three := func(g *groups.Group) {
		for ms := range uint64(3) {
			g.Put(pending(ms+1, ann, 100, 1))
		}
	}
	put := func(p groups.Pending) func(*groups.Group) { return func(g *groups.Group) { g.Put(p) } }
	release := func(ms uint64) func(*groups.Group) {
		return func(g *groups.Group) { g.Put(pending(ms, groups.NoOwner, 100, 1)) }
	}
	tests := []struct {
		name  string
		steps []func(*groups.Group)
		want  []uint64
	}{
		{"equal times as put", nil, []uint64{1, 2, 3}},
		{"put again at the same time goes behind", []func(*groups.Group){put(pending(1, ann, 100, 2))}, []uint64{2, 3, 1}},
		{"claimed goes to the end", []func(*groups.Group){put(pending(2, bob, 101, 2))}, []uint64{1, 3, 2}},
		{"past time is sorted in", []func(*groups.Group){put(pending(3, bob, 99, 2))}, []uint64{3, 1, 2}},
		{"released first, as released", []func(*groups.Group){release(3), release(1)}, []uint64{3, 1, 2}},
		{"released again goes behind", []func(*groups.Group){release(1), release(2), release(1)}, []uint64{2, 1, 3}},
		{"time 0 does not enter the zone", []func(*groups.Group){release(3), put(pending(2, bob, 0, 1))}, []uint64{3, 2, 1}},
		{"least time does not enter the zone", []func(*groups.Group){put(pending(2, bob, math.MinInt64, 1)), release(3)}, []uint64{3, 2, 1}},
		{"claimed out of the zone", []func(*groups.Group){release(1), put(pending(1, bob, 100, 2))}, []uint64{2, 3, 1}},
		{"acknowledged out of the zone", []func(*groups.Group){release(1), func(g *groups.Group) { g.Ack(at(1)) }}, []uint64{2, 3}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			g := crew()
			three(g)
			for _, step := range tt.steps {
				step(g)
			}
			if got := order(g); !slices.Equal(got, tt.want) {
				t.Errorf("%v, want %v", got, tt.want)
			}
			if got := order(restore(t, g)); !slices.Equal(got, tt.want) {
				t.Errorf("restored: %v, want %v", got, tt.want)
			}
			if err := g.Check(); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestPutMovesBetweenOwners(t *testing.T) {
	g := crew()
	g.Put(pending(1, ann, 5, 1))
	g.Put(pending(1, bob, 6, 2))
	if g.Len() != 1 || g.PendingOf(ann) != 0 || g.PendingOf(bob) != 1 {
		t.Errorf("%d pending, ann %d, bob %d", g.Len(), g.PendingOf(ann), g.PendingOf(bob))
	}
	g.Put(pending(1, groups.NoOwner, 7, 2))
	if p, ok := g.Get(at(1)); !ok || p != pending(1, groups.NoOwner, 0, 2) {
		t.Errorf("released: %+v, %v", p, ok)
	}
	if g.Len() != 1 || g.PendingOf(bob) != 0 || g.Nacked() != 1 {
		t.Errorf("%d pending, bob %d, nacked %d", g.Len(), g.PendingOf(bob), g.Nacked())
	}
}

func TestPutForUnknownOwnerChangesNothing(t *testing.T) {
	g := crew()
	g.Put(pending(1, ann, 5, 1))
	before := save(g)
	func() {
		defer func() {
			if recover() == nil {
				t.Error("no panic")
			}
		}()
		g.Put(pending(1, 7, 5, 1))
	}()
	if !slices.EqualFunc(before, save(g), slices.Equal[[]byte]) {
		t.Error("the group has changed")
	}
}

func TestDeleteConsumerDropsOnlyItsEntries(t *testing.T) {
	g := crew()
	for ms := range uint64(1000) {
		g.Put(pending(ms, ann+groups.ConsumerID(ms%2), 5, 1))
	}
	g.Put(pending(4, groups.NoOwner, 0, 1)) // was ann's
	if n := g.DeleteConsumer(ann); n != 499 {
		t.Errorf("dropped %d, want 499", n)
	}
	if _, ok := g.Consumer([]byte("ann")); ok || g.Len() != 501 || g.PendingOf(bob) != 500 || g.Consumers() != 1 {
		t.Errorf("ann %v, %d pending, %d of bob, %d consumers", ok, g.Len(), g.PendingOf(bob), g.Consumers())
	}
	if n := g.DeleteConsumer(ann); n != 0 {
		t.Errorf("dropped %d again", n)
	}
	if err := g.Check(); err != nil {
		t.Error(err)
	}
}

func TestConsumer(t *testing.T) {
	g := groups.New(streams.ID{}, 0)
	name := []byte("carl")
	id := g.CreateConsumer(name, 7)
	name[0] = 'x' // the group must have its own copy
	if got, ok := g.Consumer([]byte("carl")); !ok || got != id || g.Name(id) != "carl" {
		t.Fatalf("%v, %v, %q", got, ok, g.Name(id))
	}
	if g.SeenTime(id) != 7 || g.ActiveTime(id) != -1 {
		t.Errorf("seen %d, active %d", g.SeenTime(id), g.ActiveTime(id))
	}
	g.Touch(id, 8)
	g.SetActive(id, 9)
	if again := g.CreateConsumer([]byte("carl"), 10); again != id || g.SeenTime(id) != 8 || g.ActiveTime(id) != 9 {
		t.Errorf("created again: %v, seen %d, active %d", again, g.SeenTime(id), g.ActiveTime(id))
	}
	if other := g.CreateConsumer(nil, 1); other == id || g.Name(other) != "" {
		t.Errorf("the empty name: %v", other)
	}
}

func TestConsumerIDIsNotUsedTwice(t *testing.T) {
	g := crew()
	g.DeleteConsumer(bob)
	if id := g.CreateConsumer([]byte("carl"), 1); id == bob || id == ann {
		t.Errorf("carl is %v", id)
	}
}

func TestUnknownConsumer(t *testing.T) {
	g := crew()
	for _, id := range []groups.ConsumerID{groups.NoOwner, 3, math.MaxUint32} {
		g.Touch(id, 5)
		g.SetActive(id, 5)
		if g.Name(id) != "" || g.SeenTime(id) != -1 || g.ActiveTime(id) != -1 || g.PendingOf(id) != 0 || g.DeleteConsumer(id) != 0 {
			t.Errorf("%v exists", id)
		}
	}
}

func TestEmptyGroup(t *testing.T) {
	g := groups.New(at(3), -7)
	_, low := g.MinPending()
	_, high := g.MaxPending()
	if low || high || g.Len() != 0 || g.Ack(at(1)) || g.EntriesRead() != -1 || g.LastID() != at(3) {
		t.Errorf("%v %v, %d pending, %d read", low, high, g.Len(), g.EntriesRead())
	}
}

func TestPending(t *testing.T) {
	p := pending(1, ann, 100, math.MaxInt64)
	if got := p.Redelivered(bob, 200); got != pending(1, bob, 200, math.MaxInt64) {
		t.Errorf("a full count moves: %+v", got)
	}
	tests := []struct {
		name         string
		p            groups.Pending
		now, minIdle int64
		want         bool
	}{
		{"idle long enough", p, 150, 50, true},
		{"not yet", p, 149, 50, false},
		{"no minimum", p, 50, 0, true},
		{"negative minimum", p, 50, -1, true},
		{"time ahead of now", p, 50, 1, false},
		{"without owner any minimum passes", p.Released(1), 150, math.MaxInt64, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := tt.p.Claimable(tt.now, tt.minIdle); got != tt.want {
				t.Errorf("Claimable(%d, %d) = %v", tt.now, tt.minIdle, got)
			}
		})
	}
}

// TestWalksStop: a walk ends when the callback says so.
func TestWalksStop(t *testing.T) {
	g := filled(1000, 1)
	calls := 0
	stop := func(groups.Pending) bool {
		calls++
		return calls%3 != 0
	}
	g.Ascend(streams.MinID, stop)
	g.AscendOwner(1, streams.MinID, stop)
	g.AscendTime(stop)
	g.AscendClaims(func(streams.ID) bool { return true }, stop)
	g.EachConsumer(func(groups.ConsumerID) bool { calls++; return false })
	if calls != 13 {
		t.Errorf("%d calls", calls)
	}
}

// TestManyConsumersWithOneEntry: what a consumer costs must not hang on its having entries.
func TestManyConsumersWithOneEntry(t *testing.T) {
	const n = 20_000
	g := eachConsumer(n)
	if got := float64(g.Bytes()) / n; got > 300 {
		t.Errorf("%.0f bytes for a consumer with an entry", got)
	}
	for i := range n {
		id, ok := g.Consumer([]byte("consumer-" + strconv.Itoa(i)))
		if own := walkOwner(g, id, streams.MinID); !ok || len(own) != 1 || own[0].ID != entryID(i) {
			t.Fatalf("consumer %d: %v, %v", i, id, own)
		}
	}
	for i := range n / 2 {
		id, _ := g.Consumer([]byte("consumer-" + strconv.Itoa(i)))
		if g.DeleteConsumer(id) != 1 {
			t.Fatalf("consumer %d had no entry", i)
		}
	}
	if err := g.Check(); err != nil {
		t.Error(err)
	}
}

// TestMemoryPerPending holds the budget of all three orders together, whatever happened before.
func TestMemoryPerPending(t *testing.T) {
	if raceDetector {
		t.Skip("the race detector has memory of its own")
	}
	const n = 50_000
	for _, shape := range shapes {
		t.Run(shape.name, func(t *testing.T) {
			measured, counted := bytesPerPending(func() *groups.Group { return shape.build(n) })
			if shape.budget > 0 && measured > shape.budget {
				t.Errorf("%.1f bytes per pending entry, the budget is %v", measured, shape.budget)
			}
			if counted < measured*0.7 || counted > measured*1.3 {
				t.Errorf("Bytes says %.1f per pending entry, the heap %.1f", counted, measured)
			}
		})
	}
}

// TestGoneEntriesAreLookedAtOnce: what is pending and gone from the stream stays at
// the head of the claim order, and walks must not pass it again and again.
func TestGoneEntriesAreLookedAtOnce(t *testing.T) {
	g := crew()
	const gone = 100_000
	for i := range gone {
		owner, time := ann, int64(i)
		if i%2 == 0 {
			owner, time = groups.NoOwner, 0
		}
		g.Put(pending(uint64(i), owner, time, 1))
	}
	g.Put(pending(gone, ann, gone, 1))
	looks := 0
	walk := func() int {
		looks = 0
		g.AscendClaims(func(id streams.ID) bool { looks++; return id == at(gone) }, func(groups.Pending) bool { return false })
		return looks
	}
	if n := walk(); n != gone+1 {
		t.Errorf("the first walk looked at %d entries", n)
	}
	if n := walk(); n != 1 {
		t.Errorf("the second walk looked at %d entries", n)
	}
	g = g.Clone()
	g.Put(pending(gone+1, groups.NoOwner, 0, 1))
	g.Put(pending(gone+2, bob, gone+1, 1))
	if n := walk(); n != 2 {
		t.Errorf("behind one that was released the walk looked at %d entries", n)
	}
	g.Put(pending(7, bob, 10, 1)) // between those that are gone
	if n := walk(); n > gone/2 {
		t.Errorf("behind one with a time of the past the walk looked at %d entries", n)
	}
	g.ForgetGone()
	if n := walk(); n < gone {
		t.Errorf("after all was forgotten the walk looked at %d entries", n)
	}
}
