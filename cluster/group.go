package cluster

import (
	"encoding/binary"
	"time"

	"github.com/millrace-io/millrace/replication"
	"github.com/millrace-io/millrace/replication/mesh"
)

// metaGroup is the meta group among the Raft groups; partition p is group p+1.
const metaGroup uint32 = 0

// Group is a Raft group of this node, as a replication.Partition is. TransferTo takes
// 0 for anybody.
type Group interface {
	Leader() (node, term uint64, known bool)
	Members() ([]replication.Member, error)
	AddLearner(node uint64) error
	Promote(node uint64) error
	Remove(node uint64) error
	TransferTo(node uint64) error
	LastIndex() uint64
	Applied() uint64
	Receive(from replication.Origin, body []byte)
	Linked(peer uint64, up bool)
}

// group is a Group and what its reconciler remembers. All but wake belongs to that
// one's goroutine.
type group struct {
	Group
	number uint32
	wake   chan struct{} // holds a token when there may be a step to take; never closed

	term      uint64    // that this node leads
	ledSince  time.Time // when it began to
	chases    map[uint64]*chase
	transfers time.Time // when leadership may be moved again
}

// id is what the group is in logs.
func (g *group) id() replication.PartitionID {
	if g.number == metaGroup {
		return replication.Meta
	}
	return replication.PartitionID(g.number - 1)
}

// Add makes a group known, before Run: partition p as group p+1.
func (c *Cluster) Add(number uint32, g Group) {
	c.groups = append(c.groups, &group{Group: g, number: number, wake: make(chan struct{}, 1), chases: make(map[uint64]*chase)})
}

// AddPartition is Add of a partition.
func (c *Cluster) AddPartition(id replication.PartitionID, p *replication.Partition) {
	c.Add(uint32(id)+1, p)
}

func (c *Cluster) group(number uint32) *group {
	for _, g := range c.groups {
		if g.number == number {
			return g
		}
	}
	return nil
}

// Membership is how a group of this node belongs to its cluster, for its Open.
func (c *Cluster) Membership(number uint32) replication.Membership {
	return replication.Membership{Transport: c.mesh.Transport(number), Joins: c.peers != nil}
}

// Sender is how a group of this node sends to the same group of others
// (replication.Options.Send).
func (c *Cluster) Sender(number uint32) func(to uint64, body ...[]byte) bool {
	head := binary.AppendUvarint(nil, uint64(number))
	return func(to uint64, body ...[]byte) bool {
		return c.send(to, kindGroup, append([][]byte{head}, body...)...)
	}
}

// receive hands a message to the group that it is for.
func (c *Cluster) receive(from mesh.Identity, body []byte) {
	c.received.Add(1)
	number, n := binary.Uvarint(body)
	if n <= 0 || number > uint64(len(c.groups)) {
		return
	}
	if g := c.group(uint32(number)); g != nil {
		g.Receive(replication.Origin{Node: from.Node, Boot: from.Boot}, body[n:])
	}
}
