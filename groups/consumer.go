package groups

import (
	"strconv"
	"unsafe"

	"github.com/tidwall/btree"
)

// ConsumerID names a consumer within its group; it stays the same for as long
// as the consumer exists, in clones and snapshots too.
type ConsumerID uint32

// NoOwner is the owner of a pending entry that was released and waits in the NACK zone.
const NoOwner ConsumerID = 0

// never is the active time of a consumer that was given nothing yet.
const never = -1

func (id ConsumerID) String() string { return "consumer " + strconv.FormatUint(uint64(id), 10) }

// consumer is one consumer. A consumer of an older token is shared with a clone.
type consumer struct {
	owner   *token
	name    string
	id      ConsumerID
	pending int   // rows of this owner in the PEL
	seen    int64 // Unix ms of its last attempt to do something
	active  int64 // Unix ms of the last time it was given an entry, or never
}

// The two places of a consumer in the trees. byName holds no pointer: it would
// have to be replaced too whenever a consumer is copied.
type (
	consumerByID struct {
		id ConsumerID
		*consumer
	}
	consumerByName struct {
		name string
		id   ConsumerID
	}
)

// consumerOverhead is the memory of a consumer beside its name.
const consumerOverhead = int64(unsafe.Sizeof(consumer{}) + (unsafe.Sizeof(consumerByID{})+unsafe.Sizeof(consumerByName{}))*3/2)

// consumers holds a group's consumers by ID and by name.
type consumers struct {
	byID   *btree.BTreeG[consumerByID]
	byName *btree.BTreeG[consumerByName]
	token  *token
	next   ConsumerID // where the search for a free ID begins; never NoOwner
	bytes  int64
}

func newConsumers() consumers {
	noLocks := btree.Options{NoLocks: true}
	return consumers{
		byID:   btree.NewBTreeGOptions(func(a, b consumerByID) bool { return a.id < b.id }, noLocks),
		byName: btree.NewBTreeGOptions(func(a, b consumerByName) bool { return a.name < b.name }, noLocks),
		token:  new(token),
		next:   1,
	}
}

// clone returns consumers that share everything with cs. It writes to cs.
func (cs *consumers) clone() consumers {
	c := *cs
	c.byID, c.byName = cs.byID.Copy(), cs.byName.Copy()
	cs.token, c.token = new(token), new(token)
	return c
}

// get returns the consumer for reading, nil when there is none.
func (cs *consumers) get(id ConsumerID) *consumer {
	c, _ := cs.byID.Get(consumerByID{id: id})
	return c.consumer
}

// change returns the consumer for writing, nil when there is none.
func (cs *consumers) change(id ConsumerID) *consumer {
	c := cs.get(id)
	if c == nil || c.owner == cs.token {
		return c
	}
	own := *c
	own.owner = cs.token
	cs.byID.Set(consumerByID{id, &own})
	return &own
}

// find returns the ID of the consumer with that name.
func (cs *consumers) find(name []byte) (ConsumerID, bool) {
	// The string is only compared with and gone when Get returns: no need to copy the name.
	c, ok := cs.byName.Get(consumerByName{name: unsafe.String(unsafe.SliceData(name), len(name))})
	return c.id, ok
}

func (cs *consumers) add(c *consumer) {
	cs.byID.Set(consumerByID{c.id, c})
	cs.byName.Set(consumerByName{c.name, c.id})
	cs.bytes += consumerOverhead + int64(len(c.name))
}

func (cs *consumers) remove(c *consumer) {
	cs.byID.Delete(consumerByID{id: c.id})
	cs.byName.Delete(consumerByName{name: c.name})
	cs.bytes -= consumerOverhead + int64(len(c.name))
}

// freeID returns an ID that no consumer has. IDs go up; after the highest they
// begin again, so one is not soon used twice.
func (cs *consumers) freeID() ConsumerID {
	for {
		id := cs.next
		cs.next++
		if cs.next == NoOwner {
			cs.next++
		}
		if cs.get(id) == nil {
			return id
		}
	}
}

// Consumer returns the ID of the consumer with that name.
func (g *Group) Consumer(name []byte) (ConsumerID, bool) { return g.consumers.find(name) }

// CreateConsumer makes a consumer, last seen at nowMs and never active, and
// returns its ID. A consumer that exists already stays as it is.
func (g *Group) CreateConsumer(name []byte, nowMs int64) ConsumerID {
	if id, ok := g.consumers.find(name); ok {
		return id
	}
	c := &consumer{owner: g.consumers.token, name: string(name), id: g.consumers.freeID(), seen: nowMs, active: never}
	g.consumers.add(c)
	return c.id
}

// DeleteConsumer removes the consumer with all its pending entries and returns
// how many these were; 0 when there is no such consumer.
func (g *Group) DeleteConsumer(id ConsumerID) (dropped int) {
	c := g.consumers.get(id)
	if c == nil {
		return 0
	}
	dropped = g.pel.dropOwner(id)
	g.consumers.remove(c)
	return dropped
}

// Consumers returns the number of consumers.
func (g *Group) Consumers() int { return g.consumers.byID.Len() }

// Name returns the consumer's name; "" for NoOwner and for a consumer that does not exist.
func (g *Group) Name(id ConsumerID) string {
	if c := g.consumers.get(id); c != nil {
		return c.name
	}
	return ""
}

// SeenTime returns when the consumer last tried anything, in Unix ms; -1 for one that does not exist.
func (g *Group) SeenTime(id ConsumerID) int64 {
	if c := g.consumers.get(id); c != nil {
		return c.seen
	}
	return never
}

// ActiveTime returns when the consumer was last given an entry, in Unix ms; -1 for never.
func (g *Group) ActiveTime(id ConsumerID) int64 {
	if c := g.consumers.get(id); c != nil {
		return c.active
	}
	return never
}

// Touch sets the consumer's seen time.
func (g *Group) Touch(id ConsumerID, seen int64) {
	if c := g.consumers.change(id); c != nil {
		c.seen = seen
	}
}

// SetActive sets the consumer's active time.
func (g *Group) SetActive(id ConsumerID, t int64) {
	if c := g.consumers.change(id); c != nil {
		c.active = t
	}
}

// PendingOf returns how many pending entries the consumer has; for NoOwner, how many are in the NACK zone.
func (g *Group) PendingOf(id ConsumerID) int {
	if id == NoOwner {
		return g.nacked
	}
	if c := g.consumers.get(id); c != nil {
		return c.pending
	}
	return 0
}

// EachConsumer calls fn with every consumer, in byte order of the names, until it returns false.
func (g *Group) EachConsumer(fn func(ConsumerID) bool) {
	g.consumers.byName.Scan(func(c consumerByName) bool { return fn(c.id) })
}
