package meta

import "fmt"

// check returns ErrCorrupt for a state that breaks an invariant.
func (s *State) check() error {
	if !s.Begun() {
		if s.version != 0 || s.lastOrder != 0 || s.partitions != 0 || len(s.nodes)+len(s.removed)+len(s.settings) > 0 {
			return fmt.Errorf("%w: it has not begun, and is not empty", ErrCorrupt)
		}
		return nil
	}
	if s.partitions == 0 || s.staying() == 0 {
		return fmt.Errorf("%w: %d partitions, %d nodes that stay", ErrCorrupt, s.partitions, s.staying())
	}
	for i, id := range s.removed {
		if id == 0 || i > 0 && id <= s.removed[i-1] {
			return fmt.Errorf("%w: removed node %s is out of order", ErrCorrupt, FormatID(id))
		}
	}
	if int(s.lastOrder) != len(s.nodes)+len(s.removed) {
		return fmt.Errorf("%w: %d nodes and %d removed ones, of %d", ErrCorrupt, len(s.nodes), len(s.removed), s.lastOrder)
	}
	orders := make(map[uint32]bool, len(s.nodes))
	for i, n := range s.nodes {
		switch {
		case n.ID == 0 || i > 0 && n.ID <= s.nodes[i-1].ID:
			return fmt.Errorf("%w: node %s is out of order", ErrCorrupt, FormatID(n.ID))
		case n.Order == 0 || n.Order > s.lastOrder || orders[n.Order]:
			return fmt.Errorf("%w: node %s has number %d, taken or not given out", ErrCorrupt, FormatID(n.ID), n.Order)
		case n.Phase < Joining || n.Phase > Leaving:
			return fmt.Errorf("%w: node %s in phase %d", ErrCorrupt, FormatID(n.ID), n.Phase)
		case n.Addr == "":
			return fmt.Errorf("%w: node %s has no address", ErrCorrupt, FormatID(n.ID))
		case s.Removed(n.ID):
			return fmt.Errorf("%w: node %s was removed", ErrCorrupt, FormatID(n.ID))
		}
		orders[n.Order] = true
	}
	return nil
}
