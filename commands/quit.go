package commands

import "github.com/millrace-io/millrace/resp/wire"

// QUIT: OK, then the connection is closed; what was pipelined behind it is dropped.
// https://redis.io/docs/latest/commands/quit/
var quit = Command{
	Name: "quit", Syntax: "QUIT",
	Summary: "Closes the connection.",
	Since:   "1.0.0", Group: "connection", Complexity: "O(1)",
	DeprecatedSince: "7.2.0", ReplacedBy: "just closing the connection",
	Arity: -1, Flags: NoScript | Loading | Stale | Fast | NoAuth | AllowBusy, Categories: CatFast | CatConnection,
	Class: Own, NotQueued: true, InSubscribed: true, NotPaused: true,
	Serve: func(c *ServeCall) error {
		c.Out = wire.AppendSimple(c.Out, "OK")
		c.Session.CloseAfterReply()
		return nil
	},
}
