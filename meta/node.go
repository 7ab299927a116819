package meta

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
)

// Node is a node of the cluster.
type Node struct {
	ID uint64
	// Order is the node's number in the order of joining, from 1, for its whole life.
	Order  uint32
	Phase  Phase
	Addr   string // where other nodes reach it
	Client string // where clients reach it; empty until it listens
	Name   string
}

// Phase says where a node is on its way through the cluster.
type Phase uint8

// The phases. All nodes but the leaving ones are to be voters of every group.
const (
	Joining Phase = 1 + iota
	Member
	Leaving
)

func (p Phase) String() string {
	switch p {
	case Joining:
		return "joining"
	case Member:
		return "member"
	case Leaving:
		return "leaving"
	}
	return "unknown"
}

// FormatID is how a node's id is written, in commands and for people.
func FormatID(id uint64) string { return fmt.Sprintf("%016x", id) }

// ParseID reads what FormatID wrote.
func ParseID(text string) (uint64, error) {
	id, err := strconv.ParseUint(text, 16, 64)
	if err != nil || len(text) != 16 || id == 0 {
		return 0, fmt.Errorf("node id %.40q: must be 16 hex digits, not all 0", text)
	}
	return id, nil
}

func (s *State) find(id uint64) (at int, found bool) {
	return slices.BinarySearchFunc(s.nodes, id, func(n Node, id uint64) int { return cmp.Compare(n.ID, id) })
}

// Node returns the node of an id.
func (s *State) Node(id uint64) (Node, bool) {
	at, found := s.find(id)
	if !found {
		return Node{}, false
	}
	return s.nodes[at], true
}

// ByOrder returns the node of a number.
func (s *State) ByOrder(order uint32) (Node, bool) {
	for _, n := range s.nodes {
		if n.Order == order {
			return n, true
		}
	}
	return Node{}, false
}

// Nodes are all nodes by their ids. The slice is not to be changed.
func (s *State) Nodes() []Node { return s.nodes }

// Removed reports whether an id was removed.
func (s *State) Removed(id uint64) bool {
	_, found := slices.BinarySearch(s.removed, id)
	return found
}

// RemovedIDs are the ids of all nodes that were removed, ascending. The slice is not
// to be changed.
func (s *State) RemovedIDs() []uint64 { return s.removed }
