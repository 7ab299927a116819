package groups_test

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/millrace-io/millrace/groups"
	"github.com/millrace-io/millrace/streams"
)

// pair is a group and its twin, with what was frozen along the way.
type pair struct {
	g      *groups.Group
	twin   *twin
	gone   map[streams.ID]bool // from the stream
	frozen []frozen
	clock  int64
}

// frozen is a clone with the twin as it was then.
type frozen struct {
	g    *groups.Group
	twin *twin
}

var consumerName = rapid.SampledFrom([]string{"", "ann", "bob", "carl", "a\x00b", "\xff", "bobby", "zoe"})

// pendingID draws IDs close together and far apart, so that blocks change their widths.
var pendingID = rapid.OneOf(
	rapid.Custom(func(t *rapid.T) streams.ID {
		return streams.ID{Ms: rapid.Uint64Range(0, 40).Draw(t, "ms"), Seq: rapid.Uint64Range(0, 3).Draw(t, "seq")}
	}),
	rapid.Custom(func(t *rapid.T) streams.ID {
		return streams.ID{Ms: 1_700_000_000_000 + rapid.Uint64Range(0, 1000).Draw(t, "ms"), Seq: rapid.Uint64().Draw(t, "seq")}
	}),
	rapid.SampledFrom([]streams.ID{streams.MinID, streams.MaxID, {Ms: math.MaxUint64}, {Seq: math.MaxUint64}}),
)

var deliveryTime = rapid.OneOf(rapid.Int64Range(0, 5), rapid.Int64Range(1_700_000_000_000, 1_700_000_001_000), rapid.SampledFrom([]int64{math.MaxInt64, 0}))

var deliveryCount = rapid.OneOf(rapid.Int64Range(0, 5), rapid.SampledFrom([]int64{math.MaxInt64, 1 << 40}))

func (p *pair) owner(t *rapid.T) groups.ConsumerID {
	names := append([]string{""}, p.twin.names()...)
	return p.twin.consumers[rapid.SampledFrom(names).Draw(t, "owner")].id
}

func (p *pair) put(e groups.Pending) {
	p.g.Put(e)
	p.twin.put(e)
}

func (p *pair) ack(t *rapid.T, id streams.ID) {
	_, want := p.twin.pel[id]
	e, found := p.g.Get(id)
	if found != want || found && e != p.twin.pel[id].Pending {
		t.Fatalf("Get(%v) = %v, %v; want %v", id, e, found, p.twin.pel[id])
	}
	if got := p.g.Ack(id); got != want {
		t.Fatalf("Ack(%v) = %v", id, got)
	}
	delete(p.twin.pel, id)
}

// actions are what may happen to a group.
func (p *pair) actions() map[string]func(*rapid.T) {
	return map[string]func(*rapid.T){
		"": func(t *rapid.T) {
			if err := p.twin.compare(p.g); err != nil {
				t.Fatal(err)
			}
		},
		"create":   p.create,
		"delete":   p.delete,
		"times":    p.times,
		"put":      func(t *rapid.T) { p.put(p.draw(t)) },
		"ack":      func(t *rapid.T) { p.ack(t, pendingID.Draw(t, "id")) },
		"deliver":  p.deliver,
		"scatter":  p.scatter,
		"thin":     p.thin,
		"ackRun":   p.ackRun,
		"claim":    p.claim,
		"release":  p.release,
		"walks":    p.walks,
		"lose":     p.lose,
		"comeBack": p.comeBack,
		"claims":   p.claims,
		"clone":    p.freeze,
		"restore":  func(t *rapid.T) { p.g = restore(t, p.g) },
	}
}

func (p *pair) draw(t *rapid.T) groups.Pending {
	return groups.Pending{ID: pendingID.Draw(t, "id"), Owner: p.owner(t), Time: deliveryTime.Draw(t, "time"), Count: deliveryCount.Draw(t, "count")}
}

func (p *pair) create(t *rapid.T) {
	name := consumerName.Draw(t, "name")
	id := p.g.CreateConsumer([]byte(name), p.clock)
	if c, ok := p.twin.consumers[name]; ok && c.id != id {
		t.Fatalf("CreateConsumer(%q) = %v, it was %v", name, id, c.id)
	} else if !ok {
		p.twin.consumers[name] = twinConsumer{id: id, seen: p.clock, active: -1}
	}
}

func (p *pair) delete(t *rapid.T) {
	name := consumerName.Draw(t, "name")
	id, ok := p.g.Consumer([]byte(name))
	if !ok {
		return
	}
	if got, want := p.g.DeleteConsumer(id), p.twin.deleteConsumer(name); got != want {
		t.Fatalf("DeleteConsumer(%q) dropped %d, want %d", name, got, want)
	}
}

func (p *pair) times(t *rapid.T) {
	name := consumerName.Draw(t, "name")
	c, ok := p.twin.consumers[name]
	if !ok {
		return
	}
	p.clock++
	c.seen, c.active = p.clock, p.clock+1
	p.g.Touch(c.id, c.seen)
	p.g.SetActive(c.id, c.active)
	p.twin.consumers[name] = c
}

// deliver puts many entries in ascending order, as XREADGROUP does, by turns to several owners.
func (p *pair) deliver(t *rapid.T) {
	a, b := p.owner(t), p.owner(t)
	ms := rapid.Uint64Range(0, 1<<40).Draw(t, "ms")
	for i := range uint64(rapid.IntRange(1, 400).Draw(t, "n")) {
		p.put(groups.Pending{ID: streams.ID{Ms: ms + i/3, Seq: i % 3}, Owner: a, Time: p.clock, Count: 1})
		a, b = b, a
	}
	p.clock++
}

// scatter puts many entries in random order.
func (p *pair) scatter(t *rapid.T) {
	random := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 0))
	owner := p.owner(t)
	for range rapid.IntRange(1, 300).Draw(t, "n") {
		p.put(groups.Pending{ID: streams.ID{Ms: random.Uint64N(5000)}, Owner: owner, Time: random.Int64N(1000), Count: random.Int64N(3)})
	}
}

// thin acknowledges most or some of what is there, at random places.
func (p *pair) thin(t *rapid.T) {
	random := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 0))
	percent := rapid.IntRange(10, 95).Draw(t, "percent")
	for _, id := range p.twin.ids() {
		if random.IntN(100) < percent {
			p.ack(t, id)
		}
	}
}

// ackRun acknowledges from the lowest ID up.
func (p *pair) ackRun(t *rapid.T) {
	ids := p.twin.ids()
	for _, id := range ids[:rapid.IntRange(0, len(ids)).Draw(t, "n")] {
		p.ack(t, id)
	}
}

// claim moves the oldest deliveries to another owner.
func (p *pair) claim(t *rapid.T) {
	owner := p.owner(t)
	if owner == groups.NoOwner {
		return
	}
	p.clock++
	oldest := p.twin.byTime()
	for _, e := range oldest[:rapid.IntRange(0, min(200, len(oldest))).Draw(t, "n")] {
		p.put(e.Redelivered(owner, p.clock))
	}
}

// release gives entries up, as XNACK does.
func (p *pair) release(t *rapid.T) {
	ids := p.twin.ids()
	if len(ids) == 0 {
		return
	}
	for _, id := range rapid.SliceOfN(rapid.SampledFrom(ids), 1, 20).Draw(t, "ids") {
		p.put(p.twin.pel[id].Released(deliveryCount.Draw(t, "count")))
	}
}

// walks begin in the middle.
func (p *pair) walks(t *rapid.T) {
	from, owner := pendingID.Draw(t, "from"), p.owner(t)
	after := func(all []groups.Pending) []groups.Pending {
		return slices.DeleteFunc(all, func(e groups.Pending) bool { return e.ID.Less(from) })
	}
	if got, want := walkID(p.g, from), after(p.twin.byID()); !slices.Equal(got, want) {
		t.Fatalf("from %v: %v, want %v", from, got, want)
	}
	if got, want := walkOwner(p.g, owner, from), after(p.twin.byOwner(owner)); !slices.Equal(got, want) {
		t.Fatalf("%v from %v: %v, want %v", owner, from, got, want)
	}
}

// lose lets the stream lose entries that are pending.
func (p *pair) lose(t *rapid.T) {
	all := p.twin.byTime()
	for range rapid.IntRange(0, 5).Draw(t, "lost") {
		if len(all) > 0 {
			p.gone[all[rapid.IntRange(0, len(all)-1).Draw(t, "which")].ID] = true
		}
	}
}

// comeBack gives the stream entries of IDs that were gone.
func (p *pair) comeBack(*rapid.T) {
	clear(p.gone)
	p.g.ForgetGone()
}

func (p *pair) claims(t *rapid.T) {
	has := func(id streams.ID) bool { return !p.gone[id] }
	want := slices.DeleteFunc(p.twin.byTime(), func(e groups.Pending) bool { return p.gone[e.ID] })
	want = want[:rapid.IntRange(0, len(want)).Draw(t, "claims")]
	var got []groups.Pending
	p.g.AscendClaims(has, func(e groups.Pending) bool {
		if len(got) == len(want) {
			return false
		}
		got = append(got, e)
		return true
	})
	if !slices.Equal(got, want) {
		t.Fatalf("claim order: %v, want %v", got, want)
	}
}

// freeze keeps one side of a clone, either one, and goes on with the other.
func (p *pair) freeze(t *rapid.T) {
	clone := p.g.Clone()
	if rapid.Bool().Draw(t, "go on with the clone") {
		p.g, clone = clone, p.g
	}
	p.frozen = append(p.frozen, frozen{clone, p.twin.clone()})
}

func TestGroupAgreesWithTwin(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := &pair{g: groups.New(streams.ID{}, 0), twin: newTwin(), gone: map[streams.ID]bool{}, clock: 1_700_000_000_000}
		p.create(t)
		t.Repeat(p.actions())
		for i, f := range p.frozen {
			if err := f.twin.compare(f.g); err != nil {
				t.Fatalf("clone %d has changed: %v", i, err)
			}
		}
	})
}
