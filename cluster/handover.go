package cluster

import (
	"context"
	"sync"
	"time"
)

// HandOver gives up the leadership of all groups, before the node stops: others take
// over at once then, instead of waiting until they miss this one. It returns when
// others lead, or there is nobody who could.
func (c *Cluster) HandOver(ctx context.Context) {
	c.stopping.Store(true)
	c.broadcast(kindStopping)
	var wg sync.WaitGroup
	for _, g := range c.groups {
		wg.Go(func() { c.handOver(ctx, g) })
	}
	wg.Wait()
}

// handOver tries until another node leads a group.
func (c *Cluster) handOver(ctx context.Context, g *group) {
	for ctx.Err() == nil {
		if node, _, known := g.Leader(); known && node != c.o.Node {
			return
		}
		if node, _, known := g.Leader(); known && node == c.o.Node {
			if !c.hasHeir(g) {
				return
			}
			if err := g.TransferTo(0); err != nil {
				c.o.Logger.Debug("leadership was not handed over", "partition", g.id(), "err", err)
			}
		}
		select {
		case <-ctx.Done():
		case <-time.After(busyPace / 10):
		}
	}
}

// hasHeir reports whether any other voter of a group is up.
func (c *Cluster) hasHeir(g *group) bool {
	list, err := members(g)
	if err != nil {
		return false
	}
	for _, m := range list {
		if l := c.look(m.node); m.voter && m.node != c.o.Node && l.up && !l.stopping {
			return true
		}
	}
	return false
}
