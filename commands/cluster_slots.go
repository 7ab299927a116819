package commands

import (
	"slices"

	"github.com/millrace-io/millrace/resp/wire"
)

// CLUSTER SLOTS: for each range of slots who leads it and who has a replica, for clients
// that go straight to the leaders.
var clusterSlots = shown(Command{
	Name: "slots", Syntax: "CLUSTER SLOTS",
	Summary: "Get array of Cluster slot to node mappings.",
	Since:   "3.0.0", Complexity: "O(N) where N is the total number of Cluster nodes",
	DeprecatedSince: "7.0.0", ReplacedBy: "`CLUSTER SHARDS`",
	History: [][2]string{{"4.0.0", "Added node IDs."}, {"7.0.0", "Added additional networking metadata field."}},
	Arity:   2,
	Tips:    []string{"nondeterministic_output"},

	Differences: "Every node holds a replica of every partition. Those that lead one are shown as masters only, since clients take a node for " +
		"either a master or a replica. Who is down is not shown. While the leader of a range is not known the node that is asked stands in its place: it " +
		"answers CLUSTERDOWN, which clients take for a reason to try again, and MOVED as soon as there is a leader.",
}, serveClusterSlots)

func serveClusterSlots(c *ServeCall, cluster Cluster) error {
	t := cluster.Topology()
	ranges := 0
	var body []byte
	for i := range t.Partitions {
		p := &t.Partitions[i]
		nodes := t.serving(p)
		if len(nodes) == 0 {
			continue
		}
		for _, r := range p.Slots {
			ranges++
			body = wire.AppendArray(body, 2+len(nodes))
			body = wire.AppendInt(body, int64(r.First))
			body = wire.AppendInt(body, int64(r.Last))
			for _, n := range nodes {
				body = n.appendSlotsEntry(body)
			}
		}
	}
	c.Out = append(wire.AppendArray(c.Out, ranges), body...)
	return nil
}

func (n *ClusterNode) appendSlotsEntry(b []byte) []byte {
	b = wire.AppendArray(b, 4)
	b = wire.AppendBulkString(b, n.Client.Host)
	b = wire.AppendInt(b, int64(n.Client.Port))
	b = wire.AppendBulkString(b, n.ID.RedisID())
	return wire.AppendArray(b, 0) // nothing more is known of it
}

// serving are the nodes that clients are to ask for the keys of a partition, its leader
// first. A range that was left out while it has none would be worse than one that
// nobody serves: node-redis throws a TypeError then, again and again, and rueidis does
// not wait even with a read.
func (t *Topology) serving(p *ClusterPartition) []*ClusterNode {
	first := t.LeaderOf(p)
	if first == nil {
		first = t.Node(t.Self)
	}
	nodes := t.readable(p)
	if first == nil || first.Client.Port == 0 {
		return nodes
	}
	nodes = slices.DeleteFunc(nodes, func(n *ClusterNode) bool { return n == first })
	return append([]*ClusterNode{first}, nodes...)
}

// readable are the nodes that may be asked for the keys of a partition beside its
// leader: those that are up and have caught up, and lead nothing. Clients take a node for
// either a master or a replica, ioredis for one: of one that was both it would read
// without READONLY, and be sent on for ever.
func (t *Topology) readable(p *ClusterPartition) (nodes []*ClusterNode) {
	for i := range p.Replicas {
		r := &p.Replicas[i]
		if n := t.Node(r.Node); n != nil && n.State == NodeUp && n.Client.Port != 0 && len(t.Leads(n.ID)) == 0 {
			nodes = append(nodes, n)
		}
	}
	return nodes
}
