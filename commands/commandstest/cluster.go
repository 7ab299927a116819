package commandstest

import (
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/millrace-io/millrace/commands"
)

// The nodes of ThreeNodes. NodeA is the one that is asked.
const (
	NodeA commands.NodeID = 0xa000000000000001
	NodeB commands.NodeID = 0xb000000000000002
	NodeC commands.NodeID = 0xc000000000000003
)

// ThreeNodes is a cluster with two partitions: NodeA leads the first half of the slots,
// NodeB the other, and NodeC has caught up with all but three log entries.
func ThreeNodes() *commands.Topology {
	node := func(id commands.NodeID, port int) commands.ClusterNode {
		return commands.ClusterNode{
			ID: id, Client: commands.Endpoint{Host: "127.0.0.1", Port: port}, Bus: commands.Endpoint{Host: "127.0.0.1", Port: port + 10000},
			Heard: time.UnixMilli(CoreTime),
		}
	}
	nodes := []commands.ClusterNode{node(NodeA, 7001), node(NodeB, 7002), node(NodeC, 7003)}
	nodes[0].Heard = time.Time{}
	return commands.NewTopology(NodeA, 5, nodes, []commands.ClusterPartition{
		{Slots: []commands.SlotRange{{First: 0, Last: 8191}}, Leader: NodeA, Term: 3, Replicas: []commands.ClusterReplica{
			{Node: NodeA, Voter: true, Applied: 20}, {Node: NodeB, Voter: true, Applied: 20}, {Node: NodeC, Voter: true, Applied: 17, Lag: 3},
		}},
		{Slots: []commands.SlotRange{{First: 8192, Last: 16383}}, Leader: NodeB, Term: 4, Replicas: []commands.ClusterReplica{
			{Node: NodeA, Voter: true, Applied: 9}, {Node: NodeB, Voter: true, Applied: 9}, {Node: NodeC, Voter: true, Applied: 9},
		}},
	})
}

// Cluster is a cluster of which one node is there, as commands see it: what changes it
// changes the topology, at once. Its methods may be called from any goroutine.
type Cluster struct {
	Redirect bool
	Machine  *commands.Machine // of the keys in a slot; nil: there are none

	mu       sync.Mutex
	topology *commands.Topology
}

var _ commands.Cluster = (*Cluster)(nil)

// NewCluster returns a cluster of that topology.
func NewCluster(t *commands.Topology) *Cluster { return &Cluster{topology: t} }

// Topology implements commands.Cluster.
func (c *Cluster) Topology() *commands.Topology {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.topology
}

// SetTopology replaces it.
func (c *Cluster) SetTopology(t *commands.Topology) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.topology = t
}

// change replaces the topology by a changed copy of it.
func (c *Cluster) change(fn func(nodes []commands.ClusterNode, partitions []commands.ClusterPartition) []commands.ClusterNode) {
	c.mu.Lock()
	defer c.mu.Unlock()
	t := c.topology
	partitions := slices.Clone(t.Partitions)
	nodes := fn(slices.Clone(t.Nodes), partitions)
	c.topology = commands.NewTopology(t.Self, t.Epoch+1, nodes, partitions)
}

// Redirects implements commands.Cluster.
func (c *Cluster) Redirects() bool { return c.Redirect }

// Links implements commands.Cluster: one to each other node.
func (c *Cluster) Links() (links []commands.ClusterLink) {
	t := c.Topology()
	for _, n := range t.Nodes {
		if n.ID != t.Self && n.State != commands.NodeRemoved {
			links = append(links, commands.ClusterLink{Node: n.ID, Outgoing: true, Created: time.UnixMilli(CoreTime), Buffered: 12, Buffer: 4096})
		}
	}
	return links
}

// Traffic implements commands.Cluster.
func (c *Cluster) Traffic() commands.ClusterTraffic {
	return commands.ClusterTraffic{Sent: 70, Received: 60, Dropped: 1}
}

// CountKeysInSlot implements commands.Cluster.
func (c *Cluster) CountKeysInSlot(slot uint16) int { return c.Machine.CountKeysInSlot(slot) }

// KeysInSlot implements commands.Cluster.
func (c *Cluster) KeysInSlot(slot uint16, limit int) []string {
	return c.Machine.KeysInSlot(slot, limit)
}

// Add implements commands.Cluster. A node at port 1 can't be reached.
func (c *Cluster) Add(addr string, done func(error)) {
	at, err := commands.ParseEndpoint(addr)
	if err == nil && at.Port == 1 {
		err = fmt.Errorf("add %s: connection refused", addr)
	}
	if err != nil {
		done(err)
		return
	}
	c.change(func(nodes []commands.ClusterNode, _ []commands.ClusterPartition) []commands.ClusterNode {
		client := commands.Endpoint{Host: at.Host, Port: at.Port - 10000}
		return append(nodes, commands.ClusterNode{ID: 0xd000000000000004, Client: client, Bus: at, State: commands.NodeJoining})
	})
	done(nil)
}

// Remove implements commands.Cluster.
func (c *Cluster) Remove(id commands.NodeID, done func(error)) {
	c.change(func(nodes []commands.ClusterNode, partitions []commands.ClusterPartition) []commands.ClusterNode {
		for i := range nodes {
			if nodes[i].ID == id {
				nodes[i].State = commands.NodeRemoved
			}
		}
		for i := range partitions {
			partitions[i].Replicas = slices.DeleteFunc(slices.Clone(partitions[i].Replicas), func(r commands.ClusterReplica) bool { return r.Node == id })
		}
		return nodes
	})
	done(nil)
}

// Transfer implements commands.Cluster. Whoever is best is NodeC.
func (c *Cluster) Transfer(partition int, to commands.NodeID, done func(error)) {
	if to == 0 {
		to = NodeC
	}
	c.change(func(nodes []commands.ClusterNode, partitions []commands.ClusterPartition) []commands.ClusterNode {
		for i := range partitions {
			if p := &partitions[i]; (partition == commands.AllPartitions || partition == i) && p.Leader != to {
				p.Leader, p.Term = to, p.Term+1
			}
		}
		return nodes
	})
	done(nil)
}

// Snapshot implements commands.Cluster. That of the last partition fails.
func (c *Cluster) Snapshot(partition int, done func(error)) {
	if partition == len(c.Topology().Partitions)-1 {
		done(errors.New("a snapshot is being taken already"))
		return
	}
	done(nil)
}
