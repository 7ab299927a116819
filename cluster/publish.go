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
		if n.ID != c.o.Node && !c.mesh.Send(n.ID, kindPublish, head, channel, payload) {
			c.dropped.Add(1)
		}
	}
}

// Dropped counts what was published here and did not go out to a node.
func (c *Cluster) Dropped() uint64 { return c.dropped.Load() }

func (c *Cluster) published(_ mesh.Identity, body []byte) {
	if len(body) == 0 {
		return
	}
	length, n := binary.Uvarint(body[1:])
	if rest := body[1:]; n > 0 && length <= uint64(len(rest)-n) {
		rest = rest[n:]
		c.o.Published(body[0], rest[:length:length], rest[length:])
	}
}
