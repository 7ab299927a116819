package commands

import (
	"fmt"
	"strings"

	"github.com/millrace-io/millrace/keyspace"
	"github.com/millrace-io/millrace/resp/wire"
)

// CLUSTER INFO: whether all slots are served, and figures.
var clusterInfo = shown(Command{
	Name: "info", Syntax: "CLUSTER INFO",
	Summary: "Provides info about Redis Cluster node state.",
	Since:   "3.0.0", Complexity: "O(1)",
	Arity: 2,
	Tips:  []string{"nondeterministic_output"},

	Differences: "`cluster_state` is `ok` when this node knows a leader for every slot. The epoch counts changes of nodes and partitions, `cluster_my_epoch` is the newest term of what the node leads.",
}, serveClusterInfo)

// CLUSTER LINKS: the connections with other nodes.
var clusterLinks = shown(Command{
	Name: "links", Syntax: "CLUSTER LINKS",
	Summary: "Returns a list of all TCP links to and from peer nodes in cluster.",
	Since:   "7.0.0", Complexity: "O(N) where N is the total number of Cluster nodes",
	Arity: 2,
	Tips:  []string{"nondeterministic_output"},

	Differences: "The connections between nodes that carry messages.",
}, serveClusterLinks)

// CLUSTER MYID: the id of this node.
var clusterMyID = shown(Command{
	Name: "myid", Syntax: "CLUSTER MYID",
	Summary: "Return the node id.",
	Since:   "3.0.0", Complexity: "O(1)",
	Arity: 2,

	Differences: "The first 16 digits are the id that [MILLRACE NODES](#millrace) shows.",
}, serveOwnID(NodeID.RedisID))

// CLUSTER MYSHARDID: an id that stays, though what a node leads does not.
var clusterMyShardID = shown(Command{
	Name: "myshardid", Syntax: "CLUSTER MYSHARDID",
	Summary: "Returns the shard ID of a node.",
	Since:   "7.2.0", Complexity: "O(1)",
	Arity: 2,
	Tips:  []string{"nondeterministic_output"},

	Differences: "Each node has one of its own: every node holds a replica of every partition.",
}, serveOwnID(NodeID.ShardID))

func serveOwnID(form func(NodeID) string) func(*ServeCall, Cluster) error {
	return func(c *ServeCall, cluster Cluster) error {
		c.Out = wire.AppendBulkString(c.Out, form(cluster.Topology().Self))
		return nil
	}
}

func serveClusterInfo(c *ServeCall, cluster Cluster) error {
	var b strings.Builder
	for _, f := range ClusterFigures(cluster) {
		fmt.Fprintf(&b, "%s:%v\r\n", f.Name, f.Value)
	}
	c.Out = wire.AppendVerbatim(c.Out, c.Session.Proto(), b.String())
	return nil
}

// Figure is a line of CLUSTER INFO.
type Figure struct {
	Name  string
	Value any
}

// ClusterFigures are the lines of CLUSTER INFO. INFO shows them with either routing.
func ClusterFigures(cluster Cluster) []Figure {
	t := cluster.Topology()
	assigned, served := t.slotCounts()
	state := "ok"
	if served < keyspace.Slots {
		state = "fail"
	}
	traffic := cluster.Traffic()
	return []Figure{
		{"cluster_state", state}, {"cluster_slots_assigned", assigned}, {"cluster_slots_ok", served},
		{"cluster_slots_pfail", 0}, {"cluster_slots_fail", assigned - served},
		{"cluster_known_nodes", t.members()}, {"cluster_size", t.leaders()},
		{"cluster_current_epoch", t.Epoch}, {"cluster_my_epoch", t.epochOf(t.Self)},
		{"cluster_stats_messages_sent", traffic.Sent}, {"cluster_stats_messages_received", traffic.Received},
		{"total_cluster_links_buffer_limit_exceeded", traffic.Dropped},
	}
}

// slotCounts are how many slots belong to a partition, and how many of them have a
// leader.
func (t *Topology) slotCounts() (assigned, served int) {
	for _, i := range t.owners {
		if i < 0 {
			continue
		}
		assigned++
		if t.LeaderOf(&t.Partitions[i]) != nil {
			served++
		}
	}
	return assigned, served
}

// members is the number of nodes that belong to the cluster.
func (t *Topology) members() (n int) {
	for i := range t.Nodes {
		if t.Nodes[i].State != NodeRemoved {
			n++
		}
	}
	return n
}

// leaders is the number of nodes that lead a partition.
func (t *Topology) leaders() (n int) {
	for _, s := range t.shards() {
		if s.master != nil {
			n++
		}
	}
	return n
}

func serveClusterLinks(c *ServeCall, cluster Cluster) error {
	links, proto := cluster.Links(), c.Session.Proto()
	c.Out = wire.AppendArray(c.Out, len(links))
	for _, l := range links {
		direction := "from"
		if l.Outgoing {
			direction = "to"
		}
		b := wire.AppendMap(c.Out, proto, 6)
		for _, pair := range [][2]string{{"direction", direction}, {"node", l.Node.RedisID()}} {
			b = wire.AppendBulkString(b, pair[0])
			b = wire.AppendBulkString(b, pair[1])
		}
		b = appendIntPair(b, "create-time", int(l.Created.UnixMilli()))
		b = wire.AppendBulkString(b, "events")
		b = wire.AppendBulkString(b, "rw")
		b = appendIntPair(b, "send-buffer-allocated", l.Buffer)
		c.Out = appendIntPair(b, "send-buffer-used", l.Buffered)
	}
	return nil
}
