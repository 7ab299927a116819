package replication

import (
	"cmp"
	"encoding/binary"
	"fmt"
	"slices"

	"github.com/millrace-io/millrace/internal/broken"
)

// origins is the replicated record of what was applied of each origin's stream: the
// number of its last part.
type origins struct {
	byNode []originState // ascending by node
}

type originState struct {
	Origin
	number uint64
}

// next reports whether a part of that number is to be applied, and notes it. A later
// boot begins a new stream: the process before it is gone, and with it all it had on
// its way. What an earlier boot has sent and comes late is not applied.
func (s *origins) next(o Origin, number uint64) bool {
	i, found := s.find(o.Node)
	if !found {
		s.byNode = slices.Insert(s.byNode, i, originState{Origin: Origin{Node: o.Node}})
	}
	st := &s.byNode[i]
	if !st.follows(o, number) {
		return false
	}
	*st = originState{o, number}
	return true
}

// follows reports whether a part is the next one behind what the record says.
func (st *originState) follows(o Origin, number uint64) bool {
	if o.Boot == st.Boot {
		switch {
		case broken.Is(broken.RetryOutOfOrder):
			return number > st.number
		case broken.Is(broken.WaiterServedTwice) && number == st.number:
			return true
		}
		return number == st.number+1
	}
	return o.Boot > st.Boot && number == 1
}

func (s *origins) find(node uint64) (int, bool) {
	return slices.BinarySearchFunc(s.byNode, node, func(st originState, node uint64) int { return cmp.Compare(st.Node, node) })
}

// of returns the record of a node, that of nothing when there is none.
func (s *origins) of(node uint64) originState {
	if i, found := s.find(node); found {
		return s.byNode[i]
	}
	return originState{Origin: Origin{Node: node}}
}

// appendTo encodes the record for a snapshot:
//
//	count (uvarint), then for each node in ascending order: node (8) boot (8)
//	number (uvarint)
func (s *origins) appendTo(b []byte) []byte {
	b = binary.AppendUvarint(b, uint64(len(s.byNode)))
	for i := range s.byNode {
		b = appendOrigin(b, s.byNode[i].Origin, s.byNode[i].number)
	}
	return b
}

// readFrom replaces the record by what appendTo encoded.
func (s *origins) readFrom(r *entryReader) error {
	*s = origins{}
	count, err := r.count()
	if err != nil {
		return err
	}
	for ; count > 0; count-- {
		var st originState
		if st.Origin, st.number, err = r.origin(); err != nil {
			return err
		}
		if n := len(s.byNode); n > 0 && s.byNode[n-1].Node >= st.Node {
			return fmt.Errorf("%w: origins out of order", ErrEntry)
		}
		s.byNode = append(s.byNode, st)
	}
	return nil
}
