package commands

import (
	"crypto/sha1"
	"encoding/hex"
	"errors"
	"fmt"
	"math"
	"net"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/millrace-io/millrace/keyspace"
)

// NodeID is the number of a node, drawn when its folder was made and never used
// again; 0 is none.
type NodeID uint64

// String is the id as operators see it: 16 hex digits.
func (id NodeID) String() string { return fmt.Sprintf("%016x", uint64(id)) }

// RedisID is the id in the form of Redis Cluster, 40 hex digits: the id itself, and a
// hash of it that makes it long enough.
func (id NodeID) RedisID() string {
	sum := sha1.Sum([]byte("node " + id.String()))
	return (id.String() + hex.EncodeToString(sum[:]))[:2*sha1.Size]
}

// ShardID is what CLUSTER MYSHARDID answers.
func (id NodeID) ShardID() string {
	sum := sha1.Sum([]byte("shard " + id.String()))
	return hex.EncodeToString(sum[:])
}

// ParseNodeID reads either form.
func ParseNodeID(text string) (NodeID, bool) {
	const own = 16
	if len(text) != own && len(text) != 2*sha1.Size {
		return 0, false
	}
	n, err := strconv.ParseUint(text[:own], 16, 64)
	id := NodeID(n)
	if err != nil || len(text) > own && id.RedisID() != strings.ToLower(text) {
		return 0, false
	}
	return id, true
}

// Endpoint is where something listens. Port 0: not known.
type Endpoint struct {
	Host string
	Port int
}

// String is host:port as Redis writes it, without brackets around an IPv6 address.
func (e Endpoint) String() string { return e.Host + ":" + strconv.Itoa(e.Port) }

// ParseEndpoint reads host:port.
func ParseEndpoint(addr string) (Endpoint, error) {
	host, text, err := net.SplitHostPort(addr)
	if err != nil {
		return Endpoint{}, errors.New("must be host:port")
	}
	port, err := strconv.ParseUint(text, 10, 16)
	if err != nil {
		return Endpoint{}, errors.New("must end in a port between 0 and 65535")
	}
	return Endpoint{Host: host, Port: int(port)}, nil
}

// NodeState is what this node knows of another one.
type NodeState uint8

// The states. A joining node has no vote in some partition yet, since it has not
// caught up; a removed one is no member any more.
const (
	NodeUp NodeState = iota
	NodeDown
	NodeJoining
	NodeRemoved
)

// String is the word of MILLRACE NODES.
func (s NodeState) String() string { return [...]string{"up", "down", "joining", "removed"}[s] }

// ClusterNode is a node of the cluster.
type ClusterNode struct {
	ID     NodeID
	Client Endpoint // where clients connect
	Bus    Endpoint // where other nodes do
	State  NodeState
	Heard  time.Time // when it was last heard of; zero: never, or it is this node
}

// SlotRange is a range of hash slots, both ends included.
type SlotRange struct{ First, Last uint16 }

// ClusterReplica is a node's replica of a partition.
type ClusterReplica struct {
	Node    NodeID
	Voter   bool
	Applied uint64 // index of the last log entry that it has applied, as far as is known
	Lag     int64  // log entries that it is behind the leader; below 0: not known
}

// ClusterPartition is a partition: its slots, who leads it, and who holds a replica,
// the leader among them. Its number is its place in Topology.Partitions.
type ClusterPartition struct {
	Slots    []SlotRange // in their order
	Leader   NodeID      // 0: none known
	Term     uint64
	Replicas []ClusterReplica
}

// Topology is the cluster as a node knows it at a moment. It never changes once it was
// made, and may be read from any goroutine.
type Topology struct {
	Self       NodeID
	Epoch      uint64             // grows with every change of nodes and partitions
	Nodes      []ClusterNode      // in the order of their ids
	Partitions []ClusterPartition // by number

	owners [keyspace.Slots]int16 // number of the partition of each slot, -1 for none
}

// NewTopology returns a topology, to which the slices belong from now on. Of two
// partitions with the same slot the later one has it.
func NewTopology(self NodeID, epoch uint64, nodes []ClusterNode, partitions []ClusterPartition) *Topology {
	t := &Topology{Self: self, Epoch: epoch, Nodes: nodes, Partitions: partitions}
	slices.SortFunc(t.Nodes, func(a, b ClusterNode) int {
		switch {
		case a.ID < b.ID:
			return -1
		case a.ID > b.ID:
			return 1
		}
		return 0
	})
	for slot := range t.owners {
		t.owners[slot] = -1
	}
	for i := range partitions {
		for _, r := range partitions[i].Slots {
			for slot := int(r.First); slot <= int(r.Last) && slot < keyspace.Slots; slot++ {
				t.owners[slot] = int16(i)
			}
		}
	}
	return t
}

// Owner returns the partition of a slot, nil for none.
func (t *Topology) Owner(slot uint16) *ClusterPartition {
	if i := t.owners[slot]; i >= 0 {
		return &t.Partitions[i]
	}
	return nil
}

// Node returns the node of an id, nil for none.
func (t *Topology) Node(id NodeID) *ClusterNode {
	i, found := slices.BinarySearchFunc(t.Nodes, id, func(n ClusterNode, id NodeID) int {
		switch {
		case n.ID < id:
			return -1
		case n.ID > id:
			return 1
		}
		return 0
	})
	if !found {
		return nil
	}
	return &t.Nodes[i]
}

// LeaderOf returns the node that leads a partition, nil when none is known or it is
// not known where clients reach it.
func (t *Topology) LeaderOf(p *ClusterPartition) *ClusterNode {
	n := t.Node(p.Leader)
	if n == nil || n.State == NodeRemoved || n.Client.Port == 0 {
		return nil
	}
	return n
}

// Replica returns a node's replica of the partition, nil for none.
func (p *ClusterPartition) Replica(id NodeID) *ClusterReplica {
	i := slices.IndexFunc(p.Replicas, func(r ClusterReplica) bool { return r.Node == id })
	if i < 0 {
		return nil
	}
	return &p.Replicas[i]
}

// Leads are the numbers of the partitions that a node leads.
func (t *Topology) Leads(id NodeID) (numbers []int) {
	for i := range t.Partitions {
		if id != 0 && t.Partitions[i].Leader == id {
			numbers = append(numbers, i)
		}
	}
	return numbers
}

// MasterOf is the node that Redis would call the master of one that leads nothing: who
// leads the first partition that it has a replica of. nil for a node that leads, and
// where no leader is known.
func (t *Topology) MasterOf(id NodeID) *ClusterNode {
	if len(t.Leads(id)) > 0 {
		return nil
	}
	for i := range t.Partitions {
		if p := &t.Partitions[i]; p.Replica(id) != nil {
			if n := t.LeaderOf(p); n != nil {
				return n
			}
		}
	}
	return nil
}

// Copies is how many nodes beside the leader are sure to hold what a partition has
// acknowledged, of the partition that has the fewest.
func (t *Topology) Copies() int {
	least := math.MaxInt
	for i := range t.Partitions {
		voters := 0
		for _, r := range t.Partitions[i].Replicas {
			if r.Voter {
				voters++
			}
		}
		least = min(least, voters/2)
	}
	if least == math.MaxInt {
		return 0
	}
	return least
}

// Peers are the other members that are up and take clients, with how many log entries
// each has applied, as far as is known.
func (t *Topology) Peers() (peers []ClusterPeer) {
	for i := range t.Nodes {
		n := &t.Nodes[i]
		if n.ID == t.Self || n.State != NodeUp || n.Client.Port == 0 {
			continue
		}
		p := ClusterPeer{Client: n.Client}
		for j := range t.Partitions {
			if r := t.Partitions[j].Replica(n.ID); r != nil {
				p.Applied += r.Applied
			}
		}
		peers = append(peers, p)
	}
	return peers
}

// ClusterPeer is another node as ROLE and INFO show it: they call it a replica.
type ClusterPeer struct {
	Client  Endpoint
	Applied uint64
}
