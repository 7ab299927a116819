package cluster

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/millrace-io/millrace/meta"
)

// statusWithin is how long a node may take to say how far it is.
const statusWithin = 500 * time.Millisecond

// Status is the cluster as this node sees it.
type Status struct {
	Cluster string
	Version uint64 // of the meta group's state
	Nodes   []NodeStatus
	Groups  []GroupStatus // the meta group, then the partitions
}

// NodeStatus is a node.
type NodeStatus struct {
	meta.Node
	Self   bool
	Linked bool // messages get through to it; of this node: true
	Since  time.Time
	// Answered: it has said how far it is, in time.
	Answered bool
	Replicas []ReplicaStatus // of the groups, in their order
}

// ReplicaStatus is a node's replica of a group.
type ReplicaStatus struct {
	Group         uint32
	Member, Voter bool
	Leads         bool
	Applied       uint64
	// Behind is by how many log entries what it has applied is behind the end of the
	// leader's log.
	Behind uint64
}

// GroupStatus is a group.
type GroupStatus struct {
	Number uint32
	Leader uint64 // 0: not known
	Term   uint64
	Last   uint64 // where the leader's log ends, or the longest known
}

// Status asks all nodes, side by side, how far they are.
func (c *Cluster) Status(ctx context.Context) Status {
	ctx, cancel := context.WithTimeout(ctx, statusWithin)
	defer cancel()
	s := c.State()
	nodes := s.Nodes()
	answers := make([][]Progress, len(nodes))
	var wg sync.WaitGroup
	for i, n := range nodes {
		if c.look(n.ID).up {
			wg.Go(func() {
				if list, err := c.progress(ctx, n.ID); err == nil {
					answers[i] = list
				}
			})
		}
	}
	wg.Wait()
	out := Status{Cluster: s.Cluster(), Version: s.Version()}
	for _, g := range c.groups {
		out.Groups = append(out.Groups, groupStatus(g, nodes, answers))
	}
	for i, n := range nodes {
		l := c.look(n.ID)
		st := NodeStatus{Node: n, Self: n.ID == c.o.Node, Linked: l.up, Since: l.since, Answered: answers[i] != nil}
		for at, g := range c.groups {
			st.Replicas = append(st.Replicas, replicaStatus(g, n.ID, answers[i], &out.Groups[at]))
		}
		out.Nodes = append(out.Nodes, st)
	}
	return out
}

func of(list []Progress, group uint32) (Progress, bool) {
	at := slices.IndexFunc(list, func(p Progress) bool { return p.Group == group })
	if at < 0 {
		return Progress{}, false
	}
	return list[at], true
}

func groupStatus(g *group, nodes []meta.Node, answers [][]Progress) GroupStatus {
	st := GroupStatus{Number: g.number}
	if node, term, known := g.Leader(); known {
		st.Leader, st.Term = node, term
	}
	for _, list := range answers {
		if p, ok := of(list, g.number); ok {
			st.Last = max(st.Last, p.Last)
			if p.Leader != 0 && p.Term > st.Term {
				st.Leader, st.Term = p.Leader, p.Term
			}
		}
	}
	if at := slices.IndexFunc(nodes, func(n meta.Node) bool { return n.ID == st.Leader }); at >= 0 {
		if p, ok := of(answers[at], g.number); ok {
			st.Last = p.Last
		}
	}
	return st
}

func replicaStatus(g *group, node uint64, answer []Progress, in *GroupStatus) ReplicaStatus {
	st := ReplicaStatus{Group: g.number, Leads: in.Leader == node}
	if list, err := members(g); err == nil {
		for _, m := range list {
			if m.node == node {
				st.Member, st.Voter = true, m.voter
			}
		}
	}
	if p, ok := of(answer, g.number); ok {
		st.Applied = p.Applied
		st.Behind = in.Last - min(in.Last, p.Applied)
	}
	return st
}
