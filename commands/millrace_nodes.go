package commands

import "github.com/millrace-io/millrace/resp/wire"

// MILLRACE NODES: the members, and those that were removed and are remembered.
var millraceNodes = Command{
	Name: "nodes", Syntax: "MILLRACE NODES",
	Summary: "Returns the nodes of the cluster: where they are, whether they are up, what they lead and how far they lag behind.",
	Since:   "0.1.0", Group: "cluster", Complexity: "O(N) where N is the number of nodes and partitions",
	Differences: ownCommand + "A map for each node: `id` and `redis-id` (its form in CLUSTER NODES), `cluster-addr`, `client-addr`, `self` (1: the node that is asked), " +
		"`state` (up, down, joining, removed), `voter` (1: it votes in all partitions), `leads` (numbers of partitions), `lag` (for each partition " +
		"how many log entries the node is behind its leader; null: not known, or no replica).",
	Arity: 2, Flags: Admin | NoScript, Categories: CatAdmin | CatSlow | CatDangerous,
	Class: Own,
	Serve: managing(func(c *ServeCall, cluster Cluster) error {
		t := cluster.Topology()
		c.Out = wire.AppendArray(c.Out, len(t.Nodes))
		for i := range t.Nodes {
			c.Out = t.appendStatus(c.Out, c.Session.Proto(), &t.Nodes[i])
		}
		return nil
	}),
}

func (t *Topology) appendStatus(b []byte, proto wire.Proto, n *ClusterNode) []byte {
	b = wire.AppendMap(b, proto, 9)
	for _, pair := range [][2]string{
		{"id", n.ID.String()}, {"redis-id", n.ID.RedisID()},
		{"cluster-addr", n.Bus.String()}, {"client-addr", n.Client.String()},
	} {
		b = wire.AppendBulkString(b, pair[0])
		b = wire.AppendBulkString(b, pair[1])
	}
	b = appendIntPair(b, "self", asInt(n.ID == t.Self))
	b = wire.AppendBulkString(b, "state")
	b = wire.AppendBulkString(b, n.State.String())
	b = appendIntPair(b, "voter", asInt(t.votes(n.ID)))
	leads := t.Leads(n.ID)
	b = wire.AppendBulkString(b, "leads")
	b = wire.AppendArray(b, len(leads))
	for _, i := range leads {
		b = wire.AppendInt(b, int64(i))
	}
	b = wire.AppendBulkString(b, "lag")
	b = wire.AppendArray(b, len(t.Partitions))
	for i := range t.Partitions {
		if r := t.Partitions[i].Replica(n.ID); r != nil && r.Lag >= 0 {
			b = wire.AppendInt(b, r.Lag)
		} else {
			b = wire.AppendNull(b, proto)
		}
	}
	return b
}

// votes reports that a node votes in all partitions.
func (t *Topology) votes(id NodeID) bool {
	for i := range t.Partitions {
		if r := t.Partitions[i].Replica(id); r == nil || !r.Voter {
			return false
		}
	}
	return len(t.Partitions) > 0
}

func asInt(on bool) int {
	if on {
		return 1
	}
	return 0
}
