package keyspace

import (
	"slices"

	"github.com/millrace-io/millrace/groups"
	"github.com/millrace-io/millrace/idmp"
	"github.com/millrace-io/millrace/streams"
)

// StreamValue is a stream with its consumer groups and what it remembers of its
// producers. What a view may see is never changed: StreamForWrite and GroupForWrite
// hand out copies (invariant 3).
type StreamValue struct {
	*streams.Stream
	db         *DB
	producers  idmp.Producers
	groups     []*heldGroup // in byte order of their names; a slice of this value's own
	epoch      uint64       // of the state when this value was made
	bytes      int64        // memory without the groups', when last looked at
	groupBytes int64        // sum of the groups' bytes
	lookedAt   int64        // its place in the database's tree of what remembers, 0: none
	noted      bool         // its memory is to be looked at again
	gone       bool         // no longer part of the state
}

// heldGroup is a consumer group with its name. It is replaced, not changed, when
// it is older than the state's epoch.
type heldGroup struct {
	name  string
	group *groups.Group
	epoch uint64
	bytes int64 // memory when last looked at
	noted bool
	gone  bool
}

func newStreamValue(d *DB) *StreamValue {
	return &StreamValue{
		Stream: streams.New(), db: d, epoch: d.state.epoch,
		producers: idmp.New(d.state.settings.IDMP),
	}
}

// clone returns a copy that may be changed. The groups stay shared until
// GroupForWrite.
func (s *StreamValue) clone(epoch uint64) *StreamValue {
	return &StreamValue{
		Stream: s.Stream.Clone(), db: s.db, producers: s.producers.Clone(), groups: slices.Clone(s.groups),
		epoch: epoch, bytes: s.bytes, groupBytes: s.groupBytes, lookedAt: s.lookedAt,
	}
}

func (s *StreamValue) memory() int64 {
	n := streamOverhead + s.Stream.Bytes() + s.producers.Bytes() + 8*int64(cap(s.groups))
	if s.lookedAt != 0 {
		n += rememberingOverhead
	}
	return n
}

func (g *heldGroup) memory() int64 {
	return groupOverhead + int64(len(g.name)) + g.group.Bytes()
}

func (s *StreamValue) search(name []byte) (place int, found bool) {
	low, high := 0, len(s.groups)
	for low < high {
		mid := int(uint(low+high) >> 1)
		switch g := s.groups[mid]; {
		case g.name == string(name): // compared without a copy, as is the next
			return mid, true
		case g.name < string(name):
			low = mid + 1
		default:
			high = mid
		}
	}
	return low, false
}

// Group returns a group for reading, nil when there is none.
func (s *StreamValue) Group(name []byte) *groups.Group {
	if i, ok := s.search(name); ok {
		return s.groups[i].group
	}
	return nil
}

// Producers returns what the stream remembers of its producers, for reading.
func (s *StreamValue) Producers() *idmp.Producers { return &s.producers }

// ProducersForWrite returns that for changing, until the next Begin. The stream must
// have come from StreamForWrite or PutStream.
func (s *StreamValue) ProducersForWrite() *idmp.Producers {
	s.mustBeOwn()
	return &s.producers
}

// NumGroups returns the number of groups.
func (s *StreamValue) NumGroups() int { return len(s.groups) }

// EachGroup calls fn with every group in byte order of the names, until it
// returns false. fn must not create or drop groups.
func (s *StreamValue) EachGroup(fn func(name string, g *groups.Group) bool) {
	for _, g := range s.groups {
		if !fn(g.name, g.group) {
			return
		}
	}
}

// GroupForWrite returns a group for changing, until the next Begin; nil when there
// is none. The stream must have come from StreamForWrite or PutStream.
func (s *StreamValue) GroupForWrite(name []byte) *groups.Group {
	s.mustBeOwn()
	i, ok := s.search(name)
	if !ok {
		return nil
	}
	g := s.groups[i]
	if g.epoch != s.epoch {
		g = &heldGroup{name: g.name, group: g.group.Clone(), epoch: s.epoch, bytes: g.bytes}
		s.groups[i] = g
	}
	s.db.state.changed = true
	s.db.state.noteGroup(s, g)
	return g.group
}

// CreateGroup adds a group, which then belongs to the stream; it takes the place
// of one with the same name.
func (s *StreamValue) CreateGroup(name []byte, group *groups.Group) {
	s.DropGroup(name)
	i, _ := s.search(name)
	g := &heldGroup{name: string(name), group: group, epoch: s.epoch}
	s.groups = slices.Insert(s.groups, i, g)
	s.db.state.changed = true
	s.db.state.noteGroup(s, g)
	s.db.state.noteStream(s)
}

// DropGroup removes a group; false when there is none.
func (s *StreamValue) DropGroup(name []byte) bool {
	s.mustBeOwn()
	i, ok := s.search(name)
	if !ok {
		return false
	}
	g := s.groups[i]
	s.db.account(-g.bytes)
	s.groupBytes -= g.bytes
	if g.epoch == s.epoch {
		g.gone = true
	}
	s.groups = slices.Delete(s.groups, i, i+1)
	s.db.state.changed = true
	return true
}

// mustBeOwn stops a change that a view would see.
func (s *StreamValue) mustBeOwn() {
	if s.epoch != s.db.state.epoch {
		panic("keyspace: change of a stream that was not looked up for writing")
	}
}
