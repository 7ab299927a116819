package cluster

import (
	"context"
	"errors"
	"fmt"
	"strings"
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
			c.introduce(ctx)
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

// introduce has the nodes that the settings name know this one. One that will not have
// it ends the node: the folder is not the right one.
func (c *Cluster) introduce(ctx context.Context) {
	for _, addr := range c.o.Join {
		try, cancel := context.WithTimeout(ctx, askWithin)
		peer, _, err := c.mesh.CallAddr(try, addr, callHello, nil)
		cancel()
		if final(err) {
			c.o.Fatal(c.refusal(fmt.Errorf("node at %s: %w", addr, err)))
			return
		}
		if peer.Node != 0 && peer.Node != c.o.Node {
			c.heard(peer)
		}
	}
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
		var refused *mesh.RefusedError
		if errors.As(err, &refused) && refused.ByPeer && strings.Contains(refused.Reason, removedMark) {
			c.o.Fatal(c.removedError())
			return
		}
	}
}
