package commands

import (
	"github.com/millrace-io/millrace/resp/wire"
)

// CLUSTER SLOTS: for each range of slots who leads it and who has a replica, for clients
// that go straight to the leaders. A range without a known leader is left out.
var clusterSlots = Command{
	Name: "slots", Syntax: "CLUSTER SLOTS",
	Summary: "Get array of Cluster slot to node mappings.",
	Since:   "3.0.0", Group: "cluster", Complexity: "O(N) where N is the total number of Cluster nodes",
	DeprecatedSince: "7.0.0", ReplacedBy: "`CLUSTER SHARDS`",
	History: [][2]string{{"4.0.0", "Added node IDs."}, {"7.0.0", "Added additional networking metadata field."}},
	Arity:   2, Flags: Stale, Categories: CatSlow,
	Tips:  []string{"nondeterministic_output"},
	Class: Own,
	Serve: inCluster(serveClusterSlots),
}

func serveClusterSlots(c *ServeCall, cluster Cluster) error {
	t := cluster.Topology()
	ranges := 0
	var body []byte
	for i := range t.Partitions {
		p := &t.Partitions[i]
		leader := t.LeaderOf(p)
		if leader == nil {
			continue
		}
		nodes := append([]*ClusterNode{leader}, t.readable(p)...)
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

// readable are the nodes that may be asked for the keys of a partition beside its
// leader: those that are up and have caught up.
func (t *Topology) readable(p *ClusterPartition) (nodes []*ClusterNode) {
	for i := range p.Replicas {
		r := &p.Replicas[i]
		if n := t.Node(r.Node); n != nil && n.ID != p.Leader && n.State == NodeUp && n.Client.Port != 0 {
			nodes = append(nodes, n)
		}
	}
	return nodes
}
