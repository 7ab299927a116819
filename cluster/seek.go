package cluster

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/millrace-io/millrace/replication/mesh"
)

// How often nodes are sought that are not linked: at first, and once they have been
// away for long.
const (
	seekEvery   = time.Second
	seekAtFirst = time.Minute
	seekLater   = 10 * time.Second
)

// seek finds nodes that links don't, until ctx ends. All of a cluster may have moved:
// the nodes that the settings name hear where this one is, as this one hears of them.
// And a node that was removed while it was away hears of that from nobody but those who
// turn it away, as no group counts on it any more.
func (c *Cluster) seek(ctx context.Context) {
	began := time.Now()
	pace := seekEvery
	timer := time.NewTimer(pace)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-timer.C:
		}
		away, alone := c.unlinked()
		switch {
		case len(away) == 0:
			began = time.Now()
		case time.Since(began) > seekAtFirst:
			pace = seekLater
		default:
			pace = seekEvery
		}
		if len(away) > 0 {
			// Whatever else is wrong with who is at those addresses by now, it is no reason
			// to end a node that serves; the mesh logs it.
			if err := c.introduce(ctx); errors.Is(err, ErrRemoved) || err != nil && !c.ready.Load() {
				c.o.Fatal(err)
			}
		}
		if alone {
			c.askIfWanted(ctx, away)
		}
		timer.Reset(pace)
	}
}

// unlinked are the nodes that this one should be linked with and is not. alone: with no
// other at all.
func (c *Cluster) unlinked() (away []uint64, alone bool) {
	known := c.State().Nodes()
	if len(known) == 0 && c.peers != nil {
		known = c.peers.Nodes
	}
	others := 0
	for _, n := range known {
		if n.ID == c.o.Node {
			continue
		}
		others++
		if !c.look(n.ID).up {
			away = append(away, n.ID)
		}
	}
	return away, others == len(away)
}

// introduce has the nodes that the settings name know this one. The error is that of one
// which will not have it, ErrRemoved if any of them says so.
func (c *Cluster) introduce(ctx context.Context) (refused error) {
	for _, addr := range c.o.Join {
		try, cancel := context.WithTimeout(ctx, askWithin)
		peer, _, err := c.mesh.CallAddr(try, addr, callHello, nil)
		cancel()
		if final(err) {
			err = c.refusal(fmt.Errorf("node at %s: %w", addr, err))
			if refused == nil || errors.Is(err, ErrRemoved) {
				refused = err
			}
			continue
		}
		if peer.Node != 0 && peer.Node != c.o.Node {
			c.heard(peer)
		}
	}
	return refused
}

// askOthers keeps a node that is the only one of its cluster from serving when it is to
// join another one: it was once started without join, and whoever sets that afterwards
// takes it for a member. When nobody answers it goes on.
func (c *Cluster) askOthers(ctx context.Context) error {
	if err := c.introduce(ctx); err != nil {
		return fmt.Errorf("%w; the folder holds a cluster of this node alone: to have it join, start it with an empty folder, "+
			"else without join", err)
	}
	return ctx.Err()
}

// heard notes where a node says that it is reached.
func (c *Cluster) heard(peer mesh.Identity) {
	if peer.Addr == "" || peer.Cluster != c.o.Cluster {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.linkLocked(peer.Node).addr = peer.Addr
}

// askIfWanted stops the node when another says that it was removed.
func (c *Cluster) askIfWanted(ctx context.Context, nodes []uint64) {
	for _, node := range nodes {
		try, cancel := context.WithTimeout(ctx, askWithin)
		_, err := c.mesh.Call(try, node, callHello, nil)
		cancel()
		if err = c.refusal(err); errors.Is(err, ErrRemoved) {
			c.o.Fatal(err)
			return
		}
	}
}
