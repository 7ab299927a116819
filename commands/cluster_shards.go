package commands

import (
	"slices"

	"github.com/millrace-io/millrace/resp/wire"
)

// CLUSTER SHARDS: the same as SLOTS by leader, with replicas that are down, too. A shard
// is what one node leads, since clients know a shard by its master.
var clusterShards = shown(Command{
	Name: "shards", Syntax: "CLUSTER SHARDS",
	Summary: "Get array of cluster slots to node mappings.",
	Since:   "7.0.0", Complexity: "O(N) where N is the total number of cluster nodes",
	Arity: 2,
	Tips:  []string{"nondeterministic_output"},

	Differences: "Every node holds a replica of every partition. Those that lead one are shown as masters only, since clients take a node for " +
		"either a master or a replica.",
}, serveClusterShards)

// shard is all that one node leads. Without a known leader it is one partition.
type shard struct {
	master     *ClusterNode
	slots      []SlotRange
	partitions []*ClusterPartition
}

// shards gathers the partitions by their leaders, in the order of their numbers.
func (t *Topology) shards() (list []*shard) {
	for i := range t.Partitions {
		p := &t.Partitions[i]
		leader := t.LeaderOf(p)
		at := slices.IndexFunc(list, func(s *shard) bool { return leader != nil && s.master == leader })
		if at < 0 {
			list, at = append(list, &shard{master: leader}), len(list)
		}
		list[at].slots = append(list[at].slots, p.Slots...)
		list[at].partitions = append(list[at].partitions, p)
	}
	for _, s := range list {
		s.slots = joined(s.slots)
	}
	return list
}

// joined are ranges in their order, of which those that meet have become one.
func joined(ranges []SlotRange) (list []SlotRange) {
	ranges = slices.Clone(ranges)
	slices.SortFunc(ranges, func(a, b SlotRange) int { return int(a.First) - int(b.First) })
	for _, r := range ranges {
		if n := len(list); n > 0 && int(list[n-1].Last)+1 == int(r.First) {
			list[n-1].Last = r.Last
		} else {
			list = append(list, r)
		}
	}
	return list
}

// nodes are those with a replica of what the shard holds, its master first, without those
// that are masters themselves or that clients can't reach yet. Who is down is among them.
func (s *shard) nodes(t *Topology) (nodes []*ClusterNode) {
	if s.master != nil {
		nodes = append(nodes, s.master)
	}
	for _, p := range s.partitions {
		for _, r := range p.Replicas {
			if n := t.Node(r.Node); n != nil && n.State != NodeRemoved && n.Client.Port != 0 && len(t.Leads(n.ID)) == 0 && !slices.Contains(nodes, n) {
				nodes = append(nodes, n)
			}
		}
	}
	return nodes
}

func serveClusterShards(c *ServeCall, cluster Cluster) error {
	t := cluster.Topology()
	list := slices.DeleteFunc(t.shards(), func(s *shard) bool { return len(s.nodes(t)) == 0 }) // nobody to ask
	proto := c.Session.Proto()
	c.Out = wire.AppendArray(c.Out, len(list))
	for _, s := range list {
		c.Out = wire.AppendMap(c.Out, proto, 2)
		c.Out = wire.AppendBulkString(c.Out, "slots")
		c.Out = wire.AppendArray(c.Out, 2*len(s.slots))
		for _, r := range s.slots {
			c.Out = wire.AppendInt(c.Out, int64(r.First))
			c.Out = wire.AppendInt(c.Out, int64(r.Last))
		}
		nodes := s.nodes(t)
		c.Out = wire.AppendBulkString(c.Out, "nodes")
		c.Out = wire.AppendArray(c.Out, len(nodes))
		for _, n := range nodes {
			c.Out = s.appendNode(c.Out, proto, n)
		}
	}
	return nil
}

func (s *shard) appendNode(b []byte, proto wire.Proto, n *ClusterNode) []byte {
	role := "replica"
	if n == s.master {
		role = "master"
	}
	b = wire.AppendMap(b, proto, 7)
	b = wire.AppendBulkString(b, "id")
	b = wire.AppendBulkString(b, n.ID.RedisID())
	b = wire.AppendBulkString(b, "port")
	b = wire.AppendInt(b, int64(n.Client.Port))
	for _, pair := range [][2]string{{"ip", n.Client.Host}, {"endpoint", n.Client.Host}, {"role", role}} {
		b = wire.AppendBulkString(b, pair[0])
		b = wire.AppendBulkString(b, pair[1])
	}
	b = wire.AppendBulkString(b, "replication-offset")
	b = wire.AppendInt(b, int64(s.applied(n.ID)))
	b = wire.AppendBulkString(b, "health")
	return wire.AppendBulkString(b, n.health())
}

// applied is how far a node is, summed up over the partitions.
func (s *shard) applied(id NodeID) (sum uint64) {
	for _, p := range s.partitions {
		if r := p.Replica(id); r != nil {
			sum += r.Applied
		}
	}
	return sum
}

// health is the word of Redis 7 for the state of a node; its page says failed.
func (n *ClusterNode) health() string {
	switch n.State {
	case NodeUp:
		return "online"
	case NodeJoining:
		return "loading"
	}
	return "fail"
}
