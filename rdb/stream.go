package rdb

import (
	"math"

	"github.com/millrace-io/millrace/streams"
)

// Stream is a stream with its groups, checked.
type Stream struct {
	Length       uint64
	LastID       streams.ID
	MaxDeletedID streams.ID
	EntriesAdded uint64
	Groups       []Group

	nodes []node
}

// node is what a stream keeps in one listpack.
type node struct {
	first streams.ID
	pack  []byte
}

// Entry is one entry; Fields are names and values in turn, valid until the next one.
type Entry struct {
	ID      streams.ID
	Fields  [][]byte
	Deleted bool // is only still there because others of its node are
	// First says that a node begins.
	First bool
}

// Group is a consumer group.
type Group struct {
	Name      []byte
	LastID    streams.ID
	Read      int64 // entries ever read, -1 when that is not known
	Estimated bool  // Read was not in the payload: it follows from stream and LastID
	Consumers []Consumer
	Pending   []Pending // ascending by ID
}

// Consumer is one of a group.
type Consumer struct {
	Name         []byte
	Seen, Active int64 // Unix ms
}

// Pending is an entry that was delivered and not acknowledged.
type Pending struct {
	ID       streams.ID
	Time     int64 // of the last delivery, Unix ms
	Count    int64 // of deliveries
	Consumer int   // index in Consumers
}

// EachEntry calls fn for all entries in order, deleted ones included.
func (s *Stream) EachEntry(fn func(Entry)) {
	for _, n := range s.nodes {
		n.each(fn)
	}
}

// stream reads a stream of the given type.
func (d *decoder) stream(kind byte) *Stream {
	s := &Stream{}
	live := s.readNodes(d)
	s.Length, s.LastID = d.length(), d.id()
	s.EntriesAdded = s.Length
	if kind != typeStream1 {
		d.id() // the first: it follows from the entries
		s.MaxDeletedID = d.id()
		s.EntriesAdded = d.length()
	}
	if s.Length != live || s.EntriesAdded < s.Length || s.EntriesAdded > math.MaxInt64 || s.LastID.Less(s.MaxDeletedID) || !s.lastIsLast() {
		d.fail()
	}
	s.readGroups(d, kind)
	return s
}

// readNodes reads the nodes, checks them and returns the number of entries.
func (s *Stream) readNodes(d *decoder) (live uint64) {
	last, any := streams.ID{}, false
	for n := d.length(); n > 0 && !d.failed; n-- {
		nd := node{first: bigEndianID(d.string()), pack: d.string()}
		if d.failed {
			return 0
		}
		ordered, length := true, uint64(0)
		ok := nd.each(func(e Entry) {
			ordered = ordered && (last.Less(e.ID) || !any && !e.ID.IsZero())
			last, any = e.ID, true
			if !e.Deleted {
				length++
			}
		})
		if !ok || !ordered {
			d.fail()
			return 0
		}
		live += length
		s.nodes = append(s.nodes, nd)
	}
	return live
}

// lastIsLast reports whether no entry lies beyond the last ID.
func (s *Stream) lastIsLast() bool {
	ok := true
	if n := len(s.nodes); n > 0 {
		s.nodes[n-1].each(func(e Entry) { ok = ok && !s.LastID.Less(e.ID) })
	}
	return ok
}

// Flags of an entry.
const (
	flagDeleted   = 1
	flagSameNames = 2
)

// each calls fn for all entries; false: the listpack is not that of a node.
func (n node) each(fn func(Entry)) bool {
	l := newListpack(n.pack)
	live, dead := l.int(), l.int()
	names := n.names(l)
	e := Entry{First: true}
	for !l.done() {
		before := l.read
		flags := l.int()
		e.ID = streams.ID{Ms: n.first.Ms + uint64(l.int()), Seq: n.first.Seq + uint64(l.int())}
		e.Deleted = flags&flagDeleted != 0
		e.Fields = e.Fields[:0]
		if flags&flagSameNames != 0 {
			for _, name := range names {
				e.Fields = append(e.Fields, name, l.next().bytes())
			}
		} else {
			for i := l.int(); i > 0 && !l.failed; i-- {
				e.Fields = append(e.Fields, l.next().bytes(), l.next().bytes())
			}
		}
		elements := l.read - before
		if l.int() != int64(elements) || l.failed || len(e.Fields) == 0 {
			return false
		}
		if e.Deleted {
			dead--
		} else {
			live--
		}
		fn(e)
		e.First = false
	}
	return !l.failed && live == 0 && dead == 0 && countIs(n.pack, l.read)
}

// names reads the names that a node's entries may share, and the 0 behind them.
func (n node) names(l *listpack) [][]byte {
	var names [][]byte
	for i := l.int(); i > 0 && !l.failed; i-- {
		names = append(names, l.next().bytes())
	}
	if l.int() != 0 {
		l.fail()
	}
	return names
}
