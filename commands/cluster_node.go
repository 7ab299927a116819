package commands

import "time"

// Cluster is the cluster that a node belongs to, as commands see it. Its methods may be
// called from any goroutine. Those with done wait for nothing: done is called once, from
// any goroutine, when the work has ended, be it well or with an error whose text is for
// the client.
type Cluster interface {
	// Topology is what the node knows of the cluster. It costs next to nothing: sessions
	// ask for each command when routing is redirect.
	Topology() *Topology
	// Redirects reports that clients are sent to the leaders instead of being served
	// through any node.
	Redirects() bool
	// Links are the connections with other nodes, Traffic what went over them.
	Links() []ClusterLink
	Traffic() ClusterTraffic
	// CountKeysInSlot and KeysInSlot look at this node's replica, database 0, as it
	// stands: how many keys a slot holds, and the names of at most max of them.
	CountKeysInSlot(slot uint16) int
	KeysInSlot(slot uint16, max int) []string

	// Add has the empty node on its own that listens for other nodes at addr join the
	// cluster, as if it had been started with --join. It has ended when the node is a
	// member; it catches up afterwards.
	Add(addr string, done func(error))
	// Remove takes a node out of the cluster, this one or any other, up or down. It has
	// ended when no partition counts on it any more.
	Remove(node NodeID, done func(error))
	// Transfer hands the leadership of a partition, or with AllPartitions of each that
	// is not led there yet, over to a node; 0: to whoever is best.
	Transfer(partition int, to NodeID, done func(error))
	// Snapshot takes a snapshot of a partition, or of all, on this node. It has ended
	// when that is durable.
	Snapshot(partition int, done func(error))
}

// AllPartitions stands for the number of a partition.
const AllPartitions = -1

// ClusterLink is a connection with another node.
type ClusterLink struct {
	Node     NodeID
	Outgoing bool // this node has dialled
	Created  time.Time
	// Buffered are the bytes that wait to be sent, Buffer is the room for such.
	Buffered, Buffer int
}

// ClusterTraffic counts messages between nodes since the start.
type ClusterTraffic struct {
	Sent, Received uint64
	Dropped        uint64 // since a queue was full
}

// cluster is the cluster of the node that serves the call, nil for none.
func (c *ServeCall) cluster() Cluster { return c.Node.Cluster() }

// redirects reports that the node is in a cluster that sends clients to the leaders.
func redirects(n Node) bool {
	c := n.Cluster()
	return c != nil && c.Redirects()
}
