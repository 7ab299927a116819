package cluster

import (
	"context"
	"slices"
	"time"

	"github.com/millrace-io/millrace/meta"
)

// farewell is how long the link with a node that was removed is kept, so that it hears
// of it.
const farewell = 2 * time.Second

// keeper does on this node what follows from the meta group's state.
type keeper struct {
	c       *Cluster
	version uint64 // seen
	ready   bool   // seen
	saved   []meta.Node
	knows   int                  // databases, as saved
	parting map[uint64]time.Time // removed nodes that are still linked, until when
}

// keep runs the keeper until ctx ends.
func (c *Cluster) keep(ctx context.Context) {
	k := &keeper{c: c, parting: make(map[uint64]time.Time)}
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-c.poke:
		case <-timer.C:
		}
		if s := c.State(); s.Begun() {
			k.look(ctx, s)
		}
		timer.Reset(idlePace)
	}
}

func (k *keeper) look(ctx context.Context, s *meta.State) {
	c := k.c
	if s.Removed(c.o.Node) {
		c.o.Fatal(c.removedError())
		return
	}
	n, here := s.Node(c.o.Node)
	if ready := c.ready.Load(); s.Version() != k.version || ready != k.ready || len(k.parting) > 0 {
		k.version, k.ready = s.Version(), ready
		k.link(s)
	}
	if !c.ready.Load() || !here {
		return // the log is run again, and has not got to the end yet
	}
	k.save(s)
	if n.Phase == meta.Leaving {
		c.leavingOnce.Do(func() {
			c.o.Logger.Warn("this node leaves the cluster", "node", meta.FormatID(n.ID), "cluster", s.Cluster())
			close(c.leaving)
		})
		return
	}
	if want := c.self(); want.Addr != n.Addr || want.Name != n.Name || want.Client != "" && want.Client != n.Client {
		c.try(ctx, meta.CmdReaddress, want.ID, want.Addr, want.Client, want.Name)
	}
}

// link keeps links with the nodes of the cluster, and for a moment with those that were
// removed.
func (k *keeper) link(s *meta.State) {
	c, now := k.c, time.Now()
	for _, n := range k.saved {
		if _, told := k.parting[n.ID]; !told && s.Removed(n.ID) && c.look(n.ID).up {
			c.mesh.Send(n.ID, kindRemoved)
			k.parting[n.ID] = now.Add(farewell)
		}
	}
	var also []uint64
	for id, until := range k.parting {
		if now.Before(until) {
			also = append(also, id)
		} else {
			delete(k.parting, id)
			c.forget(id)
		}
	}
	if c.peers != nil && !c.ready.Load() {
		for _, n := range c.peers.Nodes { // who leads may have joined later than what is applied so far
			if !s.Removed(n.ID) {
				also = append(also, n.ID)
			}
		}
	}
	c.setPeers(s.Nodes(), also...)
}

// forget drops what was known of a node.
func (c *Cluster) forget(node uint64) {
	c.mu.Lock()
	delete(c.links, node)
	c.mu.Unlock()
}

// save remembers the nodes for the next start. When that fails it is tried again: until
// then the node remembers those before, most of which are still right.
func (k *keeper) save(s *meta.State) {
	peers := peersOf(s)
	if slices.Equal(k.saved, s.Nodes()) && k.knows == peers.Databases {
		return
	}
	if err := SavePeers(k.c.o.FS, k.c.o.Dir, peers); err != nil {
		k.c.o.Logger.Warn("could not remember the nodes of the cluster", "err", err)
		return
	}
	k.saved, k.knows = s.Nodes(), peers.Databases
}
