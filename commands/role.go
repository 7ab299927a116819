package commands

import "github.com/millrace-io/millrace/resp/wire"

// ROLE: master, how far it is, and who follows.
// https://redis.io/docs/latest/commands/role/
var role = Command{
	Name: "role", Syntax: "ROLE",
	Summary: "Return the role of the instance in the context of replication.",
	Since:   "2.8.12", Group: "server", Complexity: "O(1)",
	Arity: 1, Flags: NoScript | Loading | Stale | Fast, Categories: CatAdmin | CatFast | CatDangerous,

	Differences: "The offset is the index of the last log entry that was applied.",
	Class:       Barrier,
	Serve: func(c *ServeCall) error {
		c.Out = wire.AppendArray(c.Out, 3)
		c.Out = wire.AppendBulkString(c.Out, "master")
		c.Out = wire.AppendInt(c.Out, int64(c.Node.Applied()))
		c.Out = wire.AppendArray(c.Out, 0)
		return nil
	},
}
