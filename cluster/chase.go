package cluster

import (
	"context"
	"time"
)

// chase is a learner running after the end of its group's log. In each round it is to
// reach where the end was when the round began. When a round takes no longer than an
// election may, the node is close enough to have a vote: it will not hold up the group.
type chase struct {
	target uint64
	began  time.Time
	asked  time.Time
}

const (
	roundWithin = time.Second
	askEvery    = busyPace
	askWithin   = 2 * time.Second
	// closeEnough is by how many log entries a node may be behind that leadership is
	// moved to.
	closeEnough = 256
)

// caughtUp asks a learner how far it is, and reports whether it may become a voter.
func (c *Cluster) caughtUp(ctx context.Context, g *group, node uint64) bool {
	ch := g.chases[node]
	now := time.Now()
	if ch == nil {
		ch = &chase{target: g.LastIndex(), began: now}
		g.chases[node] = ch
	} else if now.Sub(ch.asked) < askEvery {
		return false
	}
	ch.asked = now
	last, err := c.lastIndex(ctx, g, node)
	if err != nil || last < ch.target {
		return false
	}
	if time.Since(ch.began) <= roundWithin {
		delete(g.chases, node)
		return true
	}
	ch.target, ch.began = g.LastIndex(), time.Now()
	return false
}

// isClose reports whether a node has nearly all of the group's log.
func (c *Cluster) isClose(ctx context.Context, g *group, node uint64) bool {
	end := g.LastIndex()
	last, err := c.lastIndex(ctx, g, node)
	return err == nil && last+closeEnough >= end
}

// lastIndex is where a group's log ends on another node.
func (c *Cluster) lastIndex(ctx context.Context, g *group, node uint64) (uint64, error) {
	ctx, cancel := context.WithTimeout(ctx, askWithin)
	defer cancel()
	list, err := c.progress(ctx, node)
	if err != nil {
		return 0, err
	}
	for _, p := range list {
		if p.Group == g.number {
			return p.Last, nil
		}
	}
	return 0, nil
}
