package history

import (
	"cmp"
	"maps"
	"slices"
	"time"
)

// clockSlack is by how much an entry's idle time, in whole milliseconds of the
// leader's clock, may differ from what clients measure.
const clockSlack = 20 * time.Millisecond

// groupName names a group of a stream.
type groupName struct{ key, group string }

func (g groupName) String() string { return "group " + g.group + " of " + g.key }

// life is all that clients did with one entry in one group.
type life struct {
	news   []*Op // Deliver, OK
	claims []*Op // Claim, OK
	acks   []*Op // OK or Unknown
}

func (l *life) deliveries() []*Op { return slices.Concat(l.news, l.claims) }

// told is the first acknowledgement that a client knows of, nil if there is none.
func (l *life) told() (first *Op) {
	for _, op := range l.acks {
		if op.Outcome == OK && (first == nil || op.Return < first.Return) {
			first = op
		}
	}
	return first
}

// groupLife is all that clients did with one group.
type groupLife struct {
	entries map[ID]*life
	unknown []*Op // Deliver and Claim whose replies did not arrive
}

// lives sorts a history by group and entry.
func lives(ops []Op) map[groupName]*groupLife {
	all := map[groupName]*groupLife{}
	for i := range ops {
		op := &ops[i]
		if op.Group == "" || op.Outcome == Refused {
			continue
		}
		name := groupName{op.Key, op.Group}
		g := all[name]
		if g == nil {
			g = &groupLife{entries: map[ID]*life{}}
			all[name] = g
		}
		g.add(op)
	}
	return all
}

func (g *groupLife) add(op *Op) {
	switch {
	case op.Kind == Ack:
		for _, id := range op.IDs {
			l := g.of(id)
			l.acks = append(l.acks, op)
		}
	case op.Outcome == Unknown:
		g.unknown = append(g.unknown, op)
	default:
		for _, e := range op.Entries {
			l := g.of(e.ID)
			if op.Kind == Deliver {
				l.news = append(l.news, op)
			} else {
				l.claims = append(l.claims, op)
			}
		}
	}
}

func (g *groupLife) of(id ID) *life {
	l := g.entries[id]
	if l == nil {
		l = &life{}
		g.entries[id] = l
	}
	return l
}

// Groups checks every consumer group against what its workers were told. An entry is
// delivered as new once. Once a worker knows that it is acknowledged, nobody gets it
// again, and it is not pending in the end; nor is it acknowledged twice. Whoever claims
// what is idle for some time does not get what was delivered since. In the end every
// entry up to the last delivered one is pending or acknowledged, pending with one
// owner, who may have got it last, and with as many deliveries as there were.
func Groups(ops []Op, final Final) []string {
	var b broken
	all := lives(ops)
	for _, name := range slices.SortedFunc(maps.Keys(all), func(a, b groupName) int {
		return cmp.Or(cmp.Compare(a.key, b.key), cmp.Compare(a.group, b.group))
	}) {
		stream := final.Streams[name.key]
		end, is := stream.Groups[name.group]
		if !is {
			b.add("%v is gone", name)
			continue
		}
		g := all[name]
		for id, l := range g.entries {
			checkLife(&b, name, id, l)
			checkIdle(&b, name, id, l)
		}
		checkContents(&b, name, g, stream)
		checkNothingFellOut(&b, name, g, stream, end)
		checkPending(&b, name, g, stream, end)
	}
	return b.list()
}

func checkLife(b *broken, name groupName, id ID, l *life) {
	if len(l.news) > 1 {
		b.add("%v: %v was delivered as new twice, by %v and %v", name, id, l.news[0], l.news[1])
	}
	var counted *Op
	for _, op := range l.acks {
		if op.Outcome != OK || op.N != int64(len(op.IDs)) {
			continue
		}
		if counted != nil {
			b.add("%v: %v was acknowledged twice, by %v and %v", name, id, counted, op)
		}
		counted = op
	}
	told := l.told()
	if told == nil {
		return
	}
	for _, op := range l.deliveries() {
		if op.Call > told.Return {
			b.add("%v: %v was delivered by %v, though %v had returned", name, id, op, told)
		}
	}
}

// checkIdle looks at each pair of a delivery and a claim: between them lies at least
// the time that the claim asked for.
func checkIdle(b *broken, name groupName, id ID, l *life) {
	for i, claim := range l.claims {
		for _, op := range l.news {
			if claim.Return-op.Call < claim.MinIdle-clockSlack {
				b.add("%v: %v has two owners: %v got it less than %v after %v", name, id, claim, claim.MinIdle, op)
			}
		}
		for _, op := range l.claims[:i] {
			apart := max(claim.Return-op.Call, op.Return-claim.Call)
			if apart < min(claim.MinIdle, op.MinIdle)-clockSlack {
				b.add("%v: %v has two owners: %v and %v got it less than %v apart", name, id, op, claim, claim.MinIdle)
			}
		}
	}
}

// checkContents compares what was delivered with what is in the stream.
func checkContents(b *broken, name groupName, g *groupLife, stream Stream) {
	there := map[ID]string{}
	for _, e := range stream.Entries {
		there[e.ID] = e.Payload
	}
	for id, l := range g.entries {
		for _, op := range l.deliveries() {
			for _, e := range op.Entries {
				if payload, is := there[id]; e.ID == id && (!is || payload != e.Payload) {
					b.add("%v: %v was delivered as %q, the stream has %q, by %v", name, id, e.Payload, payload, op)
				}
			}
		}
	}
}

// checkNothingFellOut finds entries that the group has passed, and that are neither
// pending nor acknowledged.
func checkNothingFellOut(b *broken, name groupName, g *groupLife, stream Stream, end Group) {
	pending := map[ID]bool{}
	for _, p := range end.Pending {
		pending[p.ID] = true
	}
	for _, e := range stream.Entries {
		l := g.entries[e.ID]
		if e.ID.Compare(end.LastDelivered) > 0 {
			if l != nil && len(l.deliveries()) > 0 {
				b.add("%v: %v was delivered by %v, the last delivered ID is %v", name, e.ID, l.deliveries()[0], end.LastDelivered)
			}
			continue
		}
		if !pending[e.ID] && (l == nil || len(l.acks) == 0) {
			b.add("%v: %v is not pending and nobody acknowledged it", name, e.ID)
		}
		if (l == nil || len(l.news) == 0) && !hasKind(g.unknown, Deliver) {
			b.add("%v: %v was passed and delivered to nobody", name, e.ID)
		}
	}
}

func hasKind(ops []*Op, kind Kind) bool {
	return slices.ContainsFunc(ops, func(op *Op) bool { return op.Kind == kind })
}

func checkPending(b *broken, name groupName, g *groupLife, stream Stream, end Group) {
	exists := map[ID]bool{}
	for _, e := range stream.Entries {
		exists[e.ID] = true
	}
	owned := map[string]int64{}
	owner := map[ID]string{}
	for _, p := range end.Pending {
		owned[p.Consumer]++
		if other, twice := owner[p.ID]; twice {
			b.add("%v: %v is pending for %s and for %s", name, p.ID, other, p.Consumer)
		}
		owner[p.ID] = p.Consumer
		if !exists[p.ID] {
			b.add("%v: %v is pending and not in the stream", name, p.ID)
		}
		if p.ID.Compare(end.LastDelivered) > 0 {
			b.add("%v: %v is pending, the last delivered ID is %v", name, p.ID, end.LastDelivered)
		}
		checkOwner(b, name, g, p)
	}
	if !maps.Equal(owned, end.PerConsumer) {
		b.add("%v: its consumers own %v, the summary says %v", name, owned, end.PerConsumer)
	}
}

func checkOwner(b *broken, name groupName, g *groupLife, p Pending) {
	l := g.of(p.ID)
	if told := l.told(); told != nil {
		b.add("%v: %v is pending for %s, though %v", name, p.ID, p.Consumer, told)
	}
	known := l.deliveries()
	if least, highest := int64(len(known)), int64(len(known)+len(g.unknown)); p.Count < least || p.Count > highest {
		b.add("%v: %v counts %d deliveries, there were %d, and at most %d", name, p.ID, p.Count, least, highest)
	}
	var begun time.Duration // of the delivery that began last
	for _, op := range known {
		begun = max(begun, op.Call)
	}
	for _, op := range known {
		if op.Consumer == p.Consumer && op.Return >= begun {
			return
		}
	}
	for _, op := range g.unknown {
		if op.Consumer == p.Consumer {
			return
		}
	}
	b.add("%v: %v is pending for %s, who did not get it last", name, p.ID, p.Consumer)
}
