package groups

import (
	"unsafe"

	"github.com/millrace-io/millrace/streams"
)

// unknown is the entries-read counter when the group's place in the stream is not known as a number.
const unknown = -1

// Group is a consumer group: who reads which entries of a stream, and how far
// it has come. Methods belong to one goroutine; see Clone.
type Group struct {
	last        streams.ID // last-delivered ID
	entriesRead int64      // entries ever delivered up to last, or unknown
	nextOrder   uint64     // order number of the next put
	nacked      int        // pending entries without owner
	pel         pel
	consumers   consumers
	gone        *goneMarks
	load        *loader // nil once a restored group is complete
}

// groupOverhead is the memory of a group without consumers and entries: itself and five trees.
const groupOverhead = int64(unsafe.Sizeof(Group{})+unsafe.Sizeof(goneMarks{})) + 5*128

// New returns a group that has been delivered everything up to last; entriesRead
// is how many entries these were, -1 if that is not known.
func New(last streams.ID, entriesRead int64) *Group {
	return &Group{last: last, entriesRead: max(entriesRead, unknown), pel: newPEL(), consumers: newConsumers(), gone: &goneMarks{}}
}

// Clone returns a group equal to g. The two share their blocks and copy one
// before its first change, so it costs the same for any size. It must be called
// by the goroutine that changes g; the clone may then be read by another one
// while g changes, or changed by another one while g is only read.
func (g *Group) Clone() *Group {
	c := *g
	c.pel = g.pel.clone()
	c.consumers = g.consumers.clone()
	c.gone = g.gone.clone()
	if g.load != nil {
		c.load = new(*g.load)
	}
	return &c
}

// LastID returns the last-delivered ID.
func (g *Group) LastID() streams.ID { return g.last }

// SetLastID moves the group, forwards or backwards; the PEL stays.
func (g *Group) SetLastID(id streams.ID) { g.last = id }

// EntriesRead returns how many entries were ever delivered, -1 if that is not known.
func (g *Group) EntriesRead() int64 { return g.entriesRead }

// SetEntriesRead sets the counter; -1 (and anything below) makes it unknown.
func (g *Group) SetEntriesRead(n int64) { g.entriesRead = max(n, unknown) }

// Bytes returns the memory that the group takes, in O(1).
func (g *Group) Bytes() int64 {
	return groupOverhead + g.pel.byID.bytes + g.pel.byOwner.bytes + g.pel.byTime.bytes + g.consumers.bytes
}

// Len returns the number of pending entries, those without owner included.
func (g *Group) Len() int { return g.pel.byID.rows }

// Nacked returns the number of pending entries without owner.
func (g *Group) Nacked() int { return g.nacked }

// Get returns the pending entry with that ID.
func (g *Group) Get(id streams.ID) (Pending, bool) {
	k := idKey(id)
	r, ok := g.pel.byID.get(&k)
	if !ok {
		return Pending{}, false
	}
	return r.pending(), true
}

// Put inserts a pending entry, or replaces the one with its ID, which may have
// another owner. In the time order it comes after those of the same time; one
// without owner goes to the end of the NACK zone, its time set to 0.
//
// The owner must be NoOwner or a consumer of the group. Anything else is a bug
// of the caller that would leave an entry nobody can name: Put panics before
// it has changed anything.
func (g *Group) Put(p Pending) {
	if p.Owner == NoOwner {
		p.Time = 0
	} else if g.consumers.get(p.Owner) == nil {
		panic("groups: put of a pending entry for " + p.Owner.String() + ", which does not exist")
	}
	r := pendingRow(p, g.nextOrder)
	g.nextOrder++
	g.gone.put(r.timeKey())
	old, replaced := g.pel.put(&r)
	if replaced && ConsumerID(old[idOwner]) == p.Owner {
		return
	}
	if replaced {
		g.countPending(ConsumerID(old[idOwner]), -1)
	}
	g.countPending(p.Owner, 1)
}

// Ack removes the pending entry, whoever owns it; false when there is none.
func (g *Group) Ack(id streams.ID) bool {
	old, ok := g.pel.remove(id)
	if ok {
		g.countPending(ConsumerID(old[idOwner]), -1)
	}
	return ok
}

// countPending keeps invariant 4.
func (g *Group) countPending(owner ConsumerID, n int) {
	if owner == NoOwner {
		g.nacked += n
	} else if c := g.consumers.change(owner); c != nil {
		c.pending += n
	}
}

// MinPending returns the lowest pending ID; false when nothing is pending.
func (g *Group) MinPending() (streams.ID, bool) {
	r, ok := g.pel.byID.min()
	return streams.ID{Ms: r[idMs], Seq: r[idSeq]}, ok
}

// MaxPending returns the highest pending ID; false when nothing is pending.
func (g *Group) MaxPending() (streams.ID, bool) {
	r, ok := g.pel.byID.max()
	return streams.ID{Ms: r[idMs], Seq: r[idSeq]}, ok
}

// Ascend calls fn with the pending entries from the given ID on, by ID, until
// fn returns false. fn must not change the group; this holds for all walks.
func (g *Group) Ascend(from streams.ID, fn func(Pending) bool) {
	g.pel.byID.ascend(idKey(from), func(r *row) bool { return fn(r.pending()) })
}

// AscendOwner calls fn with the owner's pending entries from the given ID on,
// by ID, until fn returns false. NoOwner walks what is in the NACK zone, by ID.
func (g *Group) AscendOwner(owner ConsumerID, from streams.ID, fn func(Pending) bool) {
	next := g.pel.lookUp(fn)
	g.pel.byOwner.ascend(key{uint64(owner), from.Ms, from.Seq}, func(r *row) bool {
		return ConsumerID(r[ownerID]) == owner && next(r[ownerMs], r[ownerSeq])
	})
}

// AscendTime calls fn with the pending entries in claim order until fn returns
// false: first the NACK zone, as the entries were released, then by time of
// delivery, equal times as they were put.
func (g *Group) AscendTime(fn func(Pending) bool) {
	next := g.pel.lookUp(fn)
	g.pel.byTime.ascend(key{}, func(r *row) bool { return next(r[timeMs], r[timeSeq]) })
}
