package log

import (
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
)

// groupState is everything that a first frame says about a group: with it any
// suffix of the segments is a complete log (invariant 2).
//
// The log holds entries first..last; it is empty when first == last+1.
type groupState struct {
	first, last uint64
	prevTerm    uint64 // term of the entry before first, 0 when unknown
	state       State
}

func newGroupState() *groupState { return &groupState{first: 1} }

func (g *groupState) empty() bool { return g.first > g.last }

// equal compares what the frames record.
func (g *groupState) equal(o *groupState) bool {
	return g.first == o.first && g.last == o.last && g.prevTerm == o.prevTerm && g.state.equal(o.state)
}

// firstBody is the body of a first frame.
type firstBody struct {
	version uint32
	prevEnd int64 // where the log ends in the segment before; 0 in the oldest of all
	groups  map[GroupID]*groupState
}

var errShort = errors.New("body too short")

func (f *firstBody) append(b []byte) []byte {
	le := binary.LittleEndian
	b = le.AppendUint32(b, f.version)
	b = le.AppendUint32(b, 0)
	b = le.AppendUint64(b, uint64(f.prevEnd))
	for _, id := range sortedGroups(f.groups) {
		g := f.groups[id]
		b = le.AppendUint32(b, uint32(id))
		b = le.AppendUint64(b, g.first)
		b = le.AppendUint64(b, g.last)
		b = le.AppendUint64(b, g.prevTerm)
		b = appendState(b, g.state)
	}
	return b
}

// sortedGroups: nothing on disk depends on the order of a map.
func sortedGroups(m map[GroupID]*groupState) []GroupID {
	ids := make([]GroupID, 0, len(m))
	for id := range m {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	return ids
}

func parseFirst(h *header, body []byte) (firstBody, error) {
	le := binary.LittleEndian
	if len(body) < 16 {
		return firstBody{}, errShort
	}
	f := firstBody{version: le.Uint32(body), prevEnd: int64(le.Uint64(body[8:])), groups: make(map[GroupID]*groupState)}
	if f.version != formatVersion {
		return firstBody{}, &VersionError{Version: f.version}
	}
	if f.prevEnd < 0 {
		return firstBody{}, fmt.Errorf("end %d of the segment before", f.prevEnd)
	}
	rest := body[16:]
	for range h.count {
		if len(rest) < 28 {
			return firstBody{}, errShort
		}
		id := GroupID(le.Uint32(rest))
		g := &groupState{first: le.Uint64(rest[4:]), last: le.Uint64(rest[12:]), prevTerm: le.Uint64(rest[20:])}
		if g.first == 0 || g.first > g.last && g.first != g.last+1 {
			return firstBody{}, fmt.Errorf("group %d holds %d to %d", id, g.first, g.last)
		}
		var err error
		if g.state, rest, err = parseState(rest[28:]); err != nil {
			return firstBody{}, err
		}
		f.groups[id] = g
	}
	if len(rest) != 0 || len(f.groups) != int(h.count) {
		return firstBody{}, fmt.Errorf("%d groups, %d bytes left over", len(f.groups), len(rest))
	}
	return f, nil
}

func appendState(b []byte, s State) []byte {
	le := binary.LittleEndian
	b = le.AppendUint64(b, s.Term)
	b = le.AppendUint64(b, s.VoteTerm)
	b = le.AppendUint32(b, uint32(len(s.VoteFor)))
	return append(b, s.VoteFor...)
}

func parseState(b []byte) (s State, rest []byte, err error) {
	le := binary.LittleEndian
	if len(b) < 20 {
		return s, nil, errShort
	}
	s.Term, s.VoteTerm = le.Uint64(b), le.Uint64(b[8:])
	n := int64(le.Uint32(b[16:]))
	if n > int64(len(b)-20) {
		return s, nil, errShort
	}
	if n > 0 {
		s.VoteFor = append([]byte(nil), b[20:20+n]...)
	}
	return s, b[20+n:], nil
}
