package cluster

import (
	"encoding/binary"

	"github.com/millrace-io/millrace/replication/mesh"
)

// Publish sends what was published here to all other nodes, at most once each: it never
// waits, and what a node's queue has no room for is dropped and counted. kind is the
// caller's.
//
//	message = kind (1) channel-length (uvarint) channel payload
func (c *Cluster) Publish(kind uint8, channel, payload []byte) {
	head := binary.AppendUvarint([]byte{kind}, uint64(len(channel)))
	for _, n := range c.State().Nodes() {
		if n.ID != c.o.Node {
			c.send(n.ID, kindPublish, head, channel, payload)
		}
	}
}

// Traffic counts messages between this node and others, since the start: of groups (not
// Raft's own) and of publishers.
type Traffic struct {
	Sent, Received uint64
	Dropped        uint64 // there was no link, or no room in its queue
}

// Traffic returns the counts.
func (c *Cluster) Traffic() Traffic {
	return Traffic{c.sent.Load(), c.received.Load(), c.dropped.Load()}
}

// send sends a message and counts it.
func (c *Cluster) send(to uint64, kind mesh.Kind, body ...[]byte) bool {
	if !c.mesh.Send(to, kind, body...) {
		c.dropped.Add(1)
		return false
	}
	c.sent.Add(1)
	return true
}

func (c *Cluster) published(_ mesh.Identity, body []byte) {
	c.received.Add(1)
	if len(body) == 0 {
		return
	}
	length, n := binary.Uvarint(body[1:])
	if rest := body[1:]; n > 0 && length <= uint64(len(rest)-n) {
		rest = rest[n:]
		c.o.Published(body[0], rest[:length:length], rest[length:])
	}
}
