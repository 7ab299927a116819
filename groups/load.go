package groups

import (
	"errors"
	"fmt"
	"math"

	"github.com/millrace-io/millrace/decode"
	"github.com/millrace-io/millrace/streams"
)

// ErrCorrupt is wrapped by what NewFromHeader, AddBlock and Complete return for
// bytes that no group has written. The group is useless then.
var ErrCorrupt = errors.New("corrupt consumer group")

func corrupt(format string, args ...any) error {
	return fmt.Errorf("%w: %s", ErrCorrupt, fmt.Sprintf(format, args...))
}

// loader is what a group being restored has still to get.
type loader struct {
	consumers uint64 // missing
	pending   uint64 // missing
	lastName  string
	lastRow   row
	anyRow    bool
}

// NewFromHeader begins to restore a group: AddBlock takes its blocks, Complete ends it.
func NewFromHeader(b []byte) (*Group, error) {
	d := decode.Reader{Rest: b}
	if v := d.Byte(); !d.Failed && v != formatVersion {
		return nil, corrupt("format version %d, known is %d", v, formatVersion)
	}
	last := streams.ID{Ms: d.Uvarint(), Seq: d.Uvarint()}
	entriesRead := d.Varint()
	nextOrder, nextConsumer := d.Uvarint(), d.Uvarint()
	load := loader{consumers: d.Uvarint(), pending: d.Uvarint()}
	switch {
	case !d.Done():
		return nil, corrupt("header of %d bytes cannot be read", len(b))
	case entriesRead < unknown:
		return nil, corrupt("entries-read %d", entriesRead)
	case nextConsumer == 0 || nextConsumer > math.MaxUint32:
		return nil, corrupt("next consumer %d", nextConsumer)
	}
	g := New(last, entriesRead)
	g.nextOrder, g.consumers.next, g.load = nextOrder, ConsumerID(nextConsumer), &load
	return g, nil
}

// AddBlock restores one block of ForEachBlock, in the same order. After an
// error the group is useless.
func (g *Group) AddBlock(b []byte) error {
	if g.load == nil {
		return corrupt("a block for a group that is complete")
	}
	if len(b) < 2 {
		return corrupt("block of %d bytes", len(b))
	}
	d := decode.Reader{Rest: b[1:]}
	switch b[0] {
	case consumersBlock:
		return g.addConsumers(&d)
	case pendingBlock:
		return g.addPending(&d)
	}
	return corrupt("block of kind %d", b[0])
}

// Complete ends the restoring of a group and checks that nothing is missing.
func (g *Group) Complete() error {
	if l := g.load; l != nil && (l.consumers > 0 || l.pending > 0) {
		return corrupt("%d consumers and %d pending entries are missing", l.consumers, l.pending)
	}
	g.load = nil
	return nil
}

func (g *Group) addConsumers(d *decode.Reader) error {
	if g.load.anyRow {
		return corrupt("consumers behind pending entries")
	}
	for len(d.Rest) > 0 {
		name := string(d.Bytes())
		id, seen, active := d.Uvarint(), d.Varint(), d.Varint()
		switch {
		case d.Failed:
			return corrupt("consumers block ends within a consumer")
		case g.load.consumers == 0:
			return corrupt("more consumers than the header says")
		case g.Consumers() > 0 && name <= g.load.lastName:
			return corrupt("consumer %q behind %q", name, g.load.lastName)
		case id == 0 || id > math.MaxUint32 || g.consumers.get(ConsumerID(id)) != nil:
			return corrupt("consumer %q with ID %d", name, id)
		}
		g.consumers.add(&consumer{owner: g.consumers.token, name: name, id: ConsumerID(id), seen: seen, active: active})
		g.load.lastName = name
		g.load.consumers--
	}
	return nil
}

func (g *Group) addPending(d *decode.Reader) error {
	var before row
	for len(d.Rest) > 0 {
		r, ok := readPending(d, &before)
		if !ok {
			return corrupt("pending block ends within an entry")
		}
		if err := g.addRow(&r); err != nil {
			return err
		}
		before = r
	}
	return nil
}

// addRow restores one pending entry.
func (g *Group) addRow(r *row) error {
	p := r.pending()
	last := g.load.lastRow.pending().ID
	switch {
	case g.load.pending == 0:
		return corrupt("more pending entries than the header says")
	case g.load.anyRow && !last.Less(p.ID):
		return corrupt("pending entry %s behind %s", p.ID, last)
	case r[idOwner] > math.MaxUint32 || p.Owner != NoOwner && g.consumers.get(p.Owner) == nil:
		return corrupt("pending entry %s of consumer %d, which does not exist", p.ID, r[idOwner])
	case p.Owner == NoOwner && p.Time != 0:
		return corrupt("pending entry %s without owner, but with delivery time %d", p.ID, p.Time)
	case r[idOrder] >= g.nextOrder:
		return corrupt("pending entry %s with order number %d, the next is %d", p.ID, r[idOrder], g.nextOrder)
	}
	k := r.timeKey()
	if _, taken := g.pel.byTime.get(&k); taken {
		return corrupt("pending entry %s with the time and order number of another", p.ID)
	}
	g.pel.put(r)
	g.countPending(p.Owner, 1)
	g.load.lastRow, g.load.anyRow = *r, true
	g.load.pending--
	return nil
}
