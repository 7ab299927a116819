package cluster

import (
	"context"
	"slices"
	"time"

	"github.com/millrace-io/millrace/meta"
)

const (
	idlePace = time.Second            // a group is looked at so often without a cause
	busyPace = 100 * time.Millisecond // and so often while something is under way
	// settleFor is how long a node has been linked, and a leader has led, before
	// leadership is moved for the sake of order: who comes and goes gets none.
	settleFor = 3 * time.Second
	// afterTransfer is how long after a move of leadership the next one may be.
	afterTransfer = 10 * time.Second
	// leaveWithin is how long a leaving node that is up gets to finish what its
	// clients have in flight.
	leaveWithin = 15 * time.Second
)

// reconcile brings a group's Raft configuration to what the meta group wants, one step
// at a time, while this node leads it.
func (c *Cluster) reconcile(ctx context.Context, g *group) {
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-g.wake:
		case <-timer.C:
		}
		timer.Reset(c.takeStep(ctx, g))
	}
}

// takeStep takes the next step, if there is one, and says when to look again.
func (c *Cluster) takeStep(ctx context.Context, g *group) time.Duration {
	state := c.State()
	if !c.leads(g) || !c.ready.Load() || c.stopping.Load() {
		return idlePace
	}
	s, err := c.situation(ctx, g, state)
	if err != nil {
		return idlePace
	}
	st := s.next()
	if st.do == nothing {
		return c.settle(ctx, g, s, state)
	}
	if st.do == transfer {
		return c.move(ctx, g, st.node, s.gone(c.o.Node))
	}
	if err := g.take(st); err != nil {
		c.o.Logger.Warn("could not change a group's members", "partition", g.id(), "step", st.do.String(), "node", meta.FormatID(st.node), "err", err)
		return idlePace
	}
	c.o.Logger.Info("changed a group's members", "partition", g.id(), "step", st.do.String(), "node", meta.FormatID(st.node))
	return 0
}

func (g *group) take(st step) error {
	switch st.do {
	case addLearner:
		return g.AddLearner(st.node)
	case promote:
		return g.Promote(st.node)
	default:
		return g.Remove(st.node)
	}
}

// leads reports whether this node leads the group. It notes since when.
func (c *Cluster) leads(g *group) bool {
	node, term, known := g.Leader()
	if !known || node != c.o.Node {
		g.term = 0
		clear(g.chases)
		return false
	}
	if g.term != term {
		g.term, g.ledSince = term, time.Now()
	}
	return true
}

// situation gathers what the group's leader knows.
func (c *Cluster) situation(ctx context.Context, g *group, state *meta.State) (*situation, error) {
	members, err := members(g)
	if err != nil {
		return nil, err
	}
	s := &situation{self: c.o.Node, members: members, wanted: wanted(state)}
	s.up = func(node uint64) bool { return c.look(node).up }
	s.caughtUp = func(node uint64) bool { return c.caughtUp(ctx, g, node) }
	s.gone = func(node uint64) bool {
		n, there := state.Node(node)
		return there && n.Phase == meta.Leaving || state.Removed(node)
	}
	s.held = func(node uint64) bool { return c.held(state, node) }
	s.preferred = c.chosen(g, members, state)
	return s, nil
}

func wanted(state *meta.State) (ids []uint64) {
	for _, n := range state.Nodes() {
		if n.Phase != meta.Leaving {
			ids = append(ids, n.ID)
		}
	}
	return ids
}

func members(g *group) ([]member, error) {
	list, err := g.Members()
	if err != nil {
		return nil, err
	}
	out := make([]member, len(list))
	for i, m := range list {
		out[i] = member{m.Node, m.Voter}
	}
	return out, nil
}

// held reports that a leaving node is not to be taken out yet: clients of it wait for
// replies that it gets by its replicas.
func (c *Cluster) held(state *meta.State, node uint64) bool {
	n, ok := state.Node(node)
	if !ok || n.Phase != meta.Leaving {
		return false
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	l := c.linkLocked(node)
	if l.leaving.IsZero() {
		l.leaving = time.Now()
	}
	return l.up && !l.drained && time.Since(l.leaving) < leaveWithin
}

// steady reports whether leadership may go to a node for the sake of order.
func (c *Cluster) steady(g *group, to uint64) bool {
	if to == 0 || to == c.o.Node {
		return to != 0
	}
	now := time.Now()
	l := c.look(to)
	return l.up && !l.stopping && now.Sub(l.since) >= settleFor && now.Sub(g.ledSince) >= settleFor && now.After(g.transfers)
}

// move hands leadership to a node. For the sake of order only when that one has
// everything: while it would catch up, nobody could write.
func (c *Cluster) move(ctx context.Context, g *group, to uint64, must bool) time.Duration {
	if !must && !c.isClose(ctx, g, to) {
		return idlePace
	}
	g.transfers = time.Now().Add(afterTransfer)
	if err := g.TransferTo(to); err != nil {
		c.o.Logger.Warn("leadership could not be moved", "partition", g.id(), "to", meta.FormatID(to), "err", err)
		return idlePace
	}
	c.o.Logger.Info("moved leadership", "partition", g.id(), "to", meta.FormatID(to))
	return idlePace
}

// settle is what is left when the group is as it should be: the meta group's leader
// notes which nodes have arrived everywhere, and which are gone from everywhere.
func (c *Cluster) settle(ctx context.Context, g *group, s *situation, state *meta.State) time.Duration {
	pace := idlePace
	if slices.ContainsFunc(s.members, func(m member) bool { return !m.voter || !s.wants(m.node) }) {
		pace = busyPace
	}
	if g.number != metaGroup {
		return pace
	}
	for _, n := range state.Nodes() {
		if n.Phase == meta.Member {
			continue
		}
		pace = busyPace
		if n.Phase == meta.Joining && c.everywhere(n.ID, true) {
			c.try(ctx, meta.CmdMember, meta.FormatID(n.ID))
		}
		if n.Phase == meta.Leaving && c.everywhere(n.ID, false) {
			c.try(ctx, meta.CmdForget, meta.FormatID(n.ID))
		}
	}
	return pace
}

// everywhere reports whether a node is a voter in all groups, or in none a member, as
// far as this node's replicas know. Should one be behind: nothing but the node's phase
// depends on it.
func (c *Cluster) everywhere(node uint64, voter bool) bool {
	for _, g := range c.groups {
		list, err := members(g)
		if err != nil {
			return false
		}
		at := slices.IndexFunc(list, func(m member) bool { return m.node == node })
		if voter != (at >= 0) || voter && !list[at].voter {
			return false
		}
	}
	return true
}
