package commands

import "github.com/millrace-io/millrace/resp/wire"

// DBSIZE: the number of keys in the selected database.
// https://redis.io/docs/latest/commands/dbsize/
var dbSize = Command{
	Name: "dbsize", Syntax: "DBSIZE",
	Summary: "Returns the number of keys in the database.",
	Since:   "1.0.0", Group: "server", Complexity: "O(1)",
	Arity: 1, Flags: ReadOnly | Fast, Categories: CatKeyspace | CatRead | CatFast,
	Tips:  []string{"request_policy:all_shards", "response_policy:agg_sum"},
	Class: Read, Spread: spreadCount,
	Run: func(c *Call) error {
		c.Out = wire.AppendInt(c.Out, int64(c.DB.Len()))
		return nil
	},
}
