package replication

import (
	"encoding/binary"
	"fmt"
	"slices"
)

// origins is the replicated record of what was applied of each origin's stream:
// the last sequence, and the wait numbers served above the lowest still open.
type origins struct {
	byNode []originState // ascending by node
}

type originState struct {
	Origin
	sequence uint64
	lowest   uint64 // wait numbers below it are closed
	served   []span // ascending, not touching each other, all from lowest on
}

// span is a run of served wait numbers, both ends included. Numbers are drawn in
// order, so the gaps between spans are the open ones, and those whose wait ended.
type span struct{ first, last uint64 }

// of returns the record of o. A node's first part of a new boot begins a new
// record: the process before it is gone, and with it all it had on its way.
func (s *origins) of(o Origin) *originState {
	i, found := slices.BinarySearchFunc(s.byNode, o.Node, func(st originState, node uint64) int {
		switch {
		case st.Node < node:
			return -1
		case st.Node > node:
			return 1
		}
		return 0
	})
	if !found {
		s.byNode = slices.Insert(s.byNode, i, originState{Origin: o})
	} else if s.byNode[i].Boot != o.Boot {
		s.byNode[i] = originState{Origin: o}
	}
	return &s.byNode[i]
}

// next reports whether a batch of that sequence is to be applied, and notes it.
func (s *origins) next(o Origin, sequence uint64) bool {
	st := s.of(o)
	if sequence != st.sequence+1 {
		return false
	}
	st.sequence = sequence
	return true
}

// open reports whether the wait number has not been served, and forgets the
// numbers below lowest.
func (s *origins) open(o Origin, number, lowest uint64) bool {
	st := s.of(o)
	st.close(lowest)
	if number < st.lowest {
		return false
	}
	_, served := st.find(number)
	return !served
}

// serve notes that the wait number was served.
func (s *origins) serve(o Origin, number uint64) {
	st := s.of(o)
	i, in := st.find(number)
	if in {
		return
	}
	st.served = slices.Insert(st.served, i, span{number, number})
	if i+1 < len(st.served) && st.served[i+1].first == number+1 {
		st.served[i].last = st.served[i+1].last
		st.served = slices.Delete(st.served, i+1, i+2)
	}
	if i > 0 && st.served[i-1].last == number-1 {
		st.served[i-1].last = st.served[i].last
		st.served = slices.Delete(st.served, i, i+1)
	}
}

// find returns the place of the span that holds number, or where one would go.
func (st *originState) find(number uint64) (int, bool) {
	return slices.BinarySearchFunc(st.served, number, func(sp span, n uint64) int {
		switch {
		case sp.last < n:
			return -1
		case sp.first > n:
			return 1
		}
		return 0
	})
}

func (st *originState) close(lowest uint64) {
	if lowest <= st.lowest {
		return
	}
	st.lowest = lowest
	for len(st.served) > 0 && st.served[0].last < lowest {
		st.served = st.served[1:]
	}
	if len(st.served) > 0 && st.served[0].first < lowest {
		st.served[0].first = lowest
	}
}

// appendTo encodes the record for a snapshot:
//
//	count (uvarint), then for each node in ascending order: node (8) boot (8)
//	sequence (uvarint) lowest (uvarint) spans (uvarint), each: first, last (uvarint)
func (s *origins) appendTo(b []byte) []byte {
	b = binary.AppendUvarint(b, uint64(len(s.byNode)))
	for i := range s.byNode {
		st := &s.byNode[i]
		b = appendOrigin(b, st.Origin, st.sequence)
		b = binary.AppendUvarint(b, st.lowest)
		b = binary.AppendUvarint(b, uint64(len(st.served)))
		for _, sp := range st.served {
			b = binary.AppendUvarint(b, sp.first)
			b = binary.AppendUvarint(b, sp.last)
		}
	}
	return b
}

// readFrom replaces the record by what appendTo encoded.
func (s *origins) readFrom(r *entryReader) error {
	*s = origins{}
	count, err := r.uvarint()
	if err != nil {
		return err
	}
	for ; count > 0; count-- {
		var st originState
		if st.Origin, st.sequence, err = r.origin(); err != nil {
			return err
		}
		if st.lowest, err = r.uvarint(); err != nil {
			return err
		}
		spans, err := r.uvarint()
		if err != nil {
			return err
		}
		for ; spans > 0; spans-- {
			var sp span
			if sp.first, err = r.uvarint(); err != nil {
				return err
			}
			if sp.last, err = r.uvarint(); err != nil {
				return err
			}
			st.served = append(st.served, sp)
		}
		if n := len(s.byNode); n > 0 && s.byNode[n-1].Node >= st.Node {
			return fmt.Errorf("%w: origins out of order", ErrEntry)
		}
		s.byNode = append(s.byNode, st)
	}
	return nil
}
