package commands

import (
	"strconv"

	"github.com/millrace-io/millrace/resp/wire"
)

// ROLE: master, how far it is, and who follows; or replica, and of whom.
// https://redis.io/docs/latest/commands/role/
var role = Command{
	Name: "role", Syntax: "ROLE",
	Summary: "Return the role of the instance in the context of replication.",
	Since:   "2.8.12", Group: "server", Complexity: "O(1)",
	Arity: 1, Flags: NoScript | Loading | Stale | Fast, Categories: CatAdmin | CatFast | CatDangerous,

	Differences: "The offset is the index of the last log entry that was applied, of all partitions together. A node of a cluster that takes writes says " +
		"master, and lists the other nodes that are up: with `routing: proxy` each of them, with `redirect` those that lead a partition. One that leads " +
		"none is a replica then, of the node that CLUSTER NODES names; while no leader is known, of none (`connect`, offset -1).",
	Class: Barrier,
	Serve: func(c *ServeCall) error {
		cluster := c.cluster()
		if master, follows := Follows(cluster); follows {
			c.appendReplica(master)
			return nil
		}
		var peers []ClusterPeer
		if cluster != nil {
			peers = cluster.Topology().Peers()
		}
		c.appendMaster(peers)
		return nil
	},
}

func (c *ServeCall) appendMaster(peers []ClusterPeer) {
	c.Out = wire.AppendArray(c.Out, 3)
	c.Out = wire.AppendBulkString(c.Out, "master")
	c.Out = wire.AppendInt(c.Out, int64(c.Node.Applied()))
	c.Out = wire.AppendArray(c.Out, len(peers))
	for _, p := range peers {
		c.Out = wire.AppendArray(c.Out, 3)
		c.Out = wire.AppendBulkString(c.Out, p.Client.Host)
		c.Out = wire.AppendBulkString(c.Out, strconv.Itoa(p.Client.Port))
		c.Out = wire.AppendBulkString(c.Out, strconv.FormatUint(p.Applied, 10))
	}
}

// appendReplica is ROLE of a node that follows. Without a known leader it is in the state
// of a replica that has not reached its master yet.
func (c *ServeCall) appendReplica(master Endpoint) {
	state, offset := "connected", int64(c.Node.Applied())
	if master.Port == 0 {
		state, offset = "connect", -1
	}
	c.Out = wire.AppendArray(c.Out, 5)
	c.Out = wire.AppendBulkString(c.Out, "slave")
	c.Out = wire.AppendBulkString(c.Out, master.Host)
	c.Out = wire.AppendInt(c.Out, int64(master.Port))
	c.Out = wire.AppendBulkString(c.Out, state)
	c.Out = wire.AppendInt(c.Out, offset)
}

// Follows reports that clients are to take a node of a cluster for a replica, and of
// which master: where they are sent to the leaders, one that leads nothing is what
// CLUSTER NODES says. The port is 0 while no leader is known. cluster is nil for a node on
// its own.
func Follows(cluster Cluster) (master Endpoint, follows bool) {
	if cluster == nil || !cluster.Redirects() {
		return Endpoint{}, false
	}
	t := cluster.Topology()
	if len(t.Leads(t.Self)) > 0 {
		return Endpoint{}, false
	}
	if n := t.MasterOf(t.Self); n != nil {
		master = n.Client
	}
	return master, true
}
