package groups_test

import (
	"cmp"
	"fmt"
	"maps"
	"slices"

	"github.com/millrace-io/millrace/groups"
	"github.com/millrace-io/millrace/streams"
)

// twin is a group in the simplest possible form: the PEL is a map.
type twin struct {
	pel       map[streams.ID]twinPending
	consumers map[string]twinConsumer
	puts      int
}

type twinPending struct {
	groups.Pending
	put int // rank among all puts
}

type twinConsumer struct {
	id           groups.ConsumerID
	seen, active int64
}

func newTwin() *twin {
	return &twin{pel: map[streams.ID]twinPending{}, consumers: map[string]twinConsumer{}}
}

func (t *twin) clone() *twin {
	return &twin{pel: maps.Clone(t.pel), consumers: maps.Clone(t.consumers), puts: t.puts}
}

func (t *twin) put(p groups.Pending) {
	if p.Owner == groups.NoOwner {
		p.Time = 0
	}
	t.pel[p.ID] = twinPending{p, t.puts}
	t.puts++
}

func (t *twin) deleteConsumer(name string) (dropped int) {
	id := t.consumers[name].id
	for entry, p := range t.pel {
		if p.Owner == id {
			delete(t.pel, entry)
			dropped++
		}
	}
	delete(t.consumers, name)
	return dropped
}

func (t *twin) names() []string { return slices.Sorted(maps.Keys(t.consumers)) }

func (t *twin) ids() []streams.ID {
	return slices.SortedFunc(maps.Keys(t.pel), streams.ID.Compare)
}

// byID, byOwner and byTime are the walks of a group.
func (t *twin) byID() (all []groups.Pending) {
	for _, id := range t.ids() {
		all = append(all, t.pel[id].Pending)
	}
	return all
}

func (t *twin) byOwner(owner groups.ConsumerID) (all []groups.Pending) {
	for _, p := range t.byID() {
		if p.Owner == owner {
			all = append(all, p)
		}
	}
	return all
}

func (t *twin) byTime() (all []groups.Pending) {
	ordered := slices.SortedFunc(maps.Values(t.pel), func(a, b twinPending) int {
		zone := func(p twinPending) int { return min(int(p.Owner), 1) }
		return cmp.Or(cmp.Compare(zone(a), zone(b)), cmp.Compare(a.Time, b.Time), cmp.Compare(a.put, b.put))
	})
	for _, p := range ordered {
		all = append(all, p.Pending)
	}
	return all
}

// collect gathers what a walk gives.
func collect(walk func(func(groups.Pending) bool)) (all []groups.Pending) {
	walk(func(p groups.Pending) bool {
		all = append(all, p)
		return true
	})
	return all
}

func walkID(g *groups.Group, from streams.ID) []groups.Pending {
	return collect(func(fn func(groups.Pending) bool) { g.Ascend(from, fn) })
}

func walkOwner(g *groups.Group, owner groups.ConsumerID, from streams.ID) []groups.Pending {
	return collect(func(fn func(groups.Pending) bool) { g.AscendOwner(owner, from, fn) })
}

// compare tells the first difference between the group and its twin.
func (t *twin) compare(g *groups.Group) error {
	if err := g.Check(); err != nil {
		return err
	}
	if got, want := walkID(g, streams.MinID), t.byID(); !slices.Equal(got, want) {
		return fmt.Errorf("by ID: %v, want %v", got, want)
	}
	if got, want := collect(g.AscendTime), t.byTime(); !slices.Equal(got, want) {
		return fmt.Errorf("by time: %v, want %v", got, want)
	}
	ids := t.ids()
	if id, ok := g.MinPending(); g.Len() != len(ids) || ok != (len(ids) > 0) || ok && id != ids[0] {
		return fmt.Errorf("length %d, lowest %v; want %v", g.Len(), id, ids)
	}
	if id, ok := g.MaxPending(); ok && id != ids[len(ids)-1] {
		return fmt.Errorf("highest %v, want %v", id, ids[len(ids)-1])
	}
	return t.compareConsumers(g)
}

func (t *twin) compareConsumers(g *groups.Group) error {
	var names []string
	g.EachConsumer(func(id groups.ConsumerID) bool {
		names = append(names, g.Name(id))
		return true
	})
	if want := t.names(); !slices.Equal(names, want) || g.Consumers() != len(want) {
		return fmt.Errorf("%d consumers %q, want %q", g.Consumers(), names, want)
	}
	if n := len(t.byOwner(groups.NoOwner)); g.Nacked() != n || g.PendingOf(groups.NoOwner) != n {
		return fmt.Errorf("%d without owner, want %d", g.Nacked(), n)
	}
	for name, c := range t.consumers {
		id, ok := g.Consumer([]byte(name))
		if !ok || id != c.id || g.SeenTime(id) != c.seen || g.ActiveTime(id) != c.active {
			return fmt.Errorf("consumer %q: %v %v, seen %d, active %d; want %+v", name, id, ok, g.SeenTime(id), g.ActiveTime(id), c)
		}
		want := t.byOwner(id)
		if got := walkOwner(g, id, streams.MinID); !slices.Equal(got, want) || g.PendingOf(id) != len(want) {
			return fmt.Errorf("of %q: %v, counted %d; want %v", name, got, g.PendingOf(id), want)
		}
	}
	return nil
}
