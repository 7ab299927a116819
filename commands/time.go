package commands

import (
	"strconv"
	"time"

	"github.com/millrace-io/millrace/resp/wire"
)

// TIME: the node's clock, as seconds and microseconds.
// https://redis.io/docs/latest/commands/time/
var timeNow = Command{
	Name: "time", Syntax: "TIME",
	Summary: "Returns the server time.",
	Since:   "2.6.0", Group: "server", Complexity: "O(1)",
	Arity: 1, Flags: Loading | Stale | Fast, Categories: CatFast,
	Tips:  []string{"nondeterministic_output"},
	Class: Own,
	Serve: func(c *ServeCall) error {
		us := time.Now().UnixMicro()
		c.Out = wire.AppendArray(c.Out, 2)
		c.Out = wire.AppendBulkString(c.Out, strconv.FormatInt(us/1e6, 10))
		c.Out = wire.AppendBulkString(c.Out, strconv.FormatInt(us%1e6, 10))
		return nil
	},
}
