package commands

import (
	"strconv"

	"github.com/millrace-io/millrace/resp/wire"
)

// ROLE: master, how far it is, and who follows.
// https://redis.io/docs/latest/commands/role/
var role = Command{
	Name: "role", Syntax: "ROLE",
	Summary: "Return the role of the instance in the context of replication.",
	Since:   "2.8.12", Group: "server", Complexity: "O(1)",
	Arity: 1, Flags: NoScript | Loading | Stale | Fast, Categories: CatAdmin | CatFast | CatDangerous,

	Differences: "The offset is the index of the last log entry that was applied, of all partitions together. Each node of a cluster takes writes, so it says " +
		"master, and lists the other nodes that are up.",
	Class: Barrier,
	Serve: func(c *ServeCall) error {
		c.Out = wire.AppendArray(c.Out, 3)
		c.Out = wire.AppendBulkString(c.Out, "master")
		c.Out = wire.AppendInt(c.Out, int64(c.Node.Applied()))
		var peers []ClusterPeer
		if cluster := c.cluster(); cluster != nil {
			peers = cluster.Topology().Peers()
		}
		c.Out = wire.AppendArray(c.Out, len(peers))
		for _, p := range peers {
			c.Out = wire.AppendArray(c.Out, 3)
			c.Out = wire.AppendBulkString(c.Out, p.Client.Host)
			c.Out = wire.AppendBulkString(c.Out, strconv.Itoa(p.Client.Port))
			c.Out = wire.AppendBulkString(c.Out, strconv.FormatUint(p.Applied, 10))
		}
		return nil
	},
}
