package cluster

import (
	"fmt"
	"time"

	"github.com/millrace-io/millrace/meta"
	"github.com/millrace-io/millrace/replication/mesh"
)

// Kinds of messages and calls between nodes.
const (
	kindGroup    mesh.Kind = 1 + iota // a group's: number (uvarint), body
	kindPublish                       // see publish.go
	kindStopping                      // the sender stops: it is to lead nothing
	kindDrained                       // the sender leaves, and no client of it waits for anything
	kindRemoved                       // the receiver was removed
)

const (
	callHello    mesh.Kind = 1 + iota // which cluster is it
	callJoin                          // have the sender join
	callProgress                      // how far are the groups
	callUnblock                       // CLIENT UNBLOCK
	callRecruit                       // join this cluster: for a node without one
)

// link is what this node knows of another at first hand.
type link struct {
	up       bool
	since    time.Time // of up
	addr     string    // what it said of itself, empty for nothing yet
	stopping bool
	drained  bool
	leaving  time.Time // when it was first seen to leave
}

// handle says what is done with messages and calls.
func (c *Cluster) handle() {
	c.mesh.Watch(c.linked)
	c.mesh.Handle(kindGroup, c.receive)
	c.mesh.Handle(kindPublish, c.published)
	c.mesh.Handle(kindStopping, func(from mesh.Identity, _ []byte) { c.note(from.Node, func(l *link) { l.stopping = true }) })
	c.mesh.Handle(kindDrained, func(from mesh.Identity, _ []byte) { c.note(from.Node, func(l *link) { l.drained = true }) })
	c.mesh.Handle(kindRemoved, func(mesh.Identity, []byte) { c.o.Fatal(c.removedError()) })
	c.mesh.HandleCall(callHello, c.answerHello)
	c.mesh.HandleCall(callJoin, c.answerJoin)
	c.mesh.HandleCall(callProgress, c.answerProgress)
	c.mesh.HandleCall(callUnblock, c.answerUnblock)
	c.mesh.HandleCall(callRecruit, c.answerRecruit)
}

func (c *Cluster) linkLocked(node uint64) *link {
	l := c.links[node]
	if l == nil {
		l = &link{}
		c.links[node] = l
	}
	return l
}

// note changes what is known of a node.
func (c *Cluster) note(node uint64, change func(*link)) {
	c.mu.Lock()
	change(c.linkLocked(node))
	c.mu.Unlock()
	c.wake()
}

// look returns what is known of a node. This one is always up.
func (c *Cluster) look(node uint64) link {
	if node == c.o.Node {
		return link{up: true, stopping: c.stopping.Load(), drained: c.drained.Load()}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if l := c.links[node]; l != nil {
		return *l
	}
	return link{}
}

// Linked reports whether messages get through to a node, and since when that is as it
// is. They do to this one.
func (c *Cluster) Linked(node uint64) (up bool, since time.Time) {
	l := c.look(node)
	return l.up, l.since
}

// linked is told by the mesh that a link came up or went down.
func (c *Cluster) linked(peer uint64, up bool) {
	c.note(peer, func(l *link) {
		l.up, l.since, l.stopping, l.drained = up, time.Now(), false, false
	})
	if up && c.stopping.Load() {
		c.mesh.Send(peer, kindStopping)
	}
	if up && c.drained.Load() {
		c.mesh.Send(peer, kindDrained)
	}
	for _, g := range c.groups {
		g.Linked(peer, up)
	}
}

func (c *Cluster) broadcast(kind mesh.Kind) {
	for _, n := range c.State().Nodes() {
		if n.ID != c.o.Node {
			c.mesh.Send(n.ID, kind)
		}
	}
}

// resolve says where a node is reached: what it has said itself is newer than what the
// meta group says, which a node that has moved can't change before it is reached.
func (c *Cluster) resolve(node uint64) (string, bool) {
	if l := c.look(node); l.addr != "" {
		return l.addr, true
	}
	if n, ok := c.State().Node(node); ok {
		return n.Addr, true
	}
	if c.peers != nil {
		return c.peers.Addr(node)
	}
	return "", false
}

// admit is why a node that knows the secret is not let in all the same.
func (c *Cluster) admit(peer mesh.Identity) error {
	if c.State().Removed(peer.Node) {
		return fmt.Errorf("node %s %s %s: %w", meta.FormatID(peer.Node), removedMark, c.o.Cluster, ErrRemoved)
	}
	c.heard(peer)
	return nil
}

// copied ends the node: a peer has shown that it is not the only process of its id.
func (c *Cluster) copied(reason *mesh.RefusedError) {
	c.o.Fatal(fmt.Errorf("%s: %w", reason.Reason, ErrCopied))
}

// setPeers has the mesh keep links with all nodes but this one.
func (c *Cluster) setPeers(nodes []meta.Node, more ...uint64) {
	ids := more
	for _, n := range nodes {
		if n.ID != c.o.Node {
			ids = append(ids, n.ID)
		}
	}
	c.mesh.SetPeers(ids)
}
