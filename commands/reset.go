package commands

import "github.com/millrace-io/millrace/resp/wire"

// RESET: the connection is as it was in the beginning, logged out if a password is
// needed; the library's name stays.
// https://redis.io/docs/latest/commands/reset/
var reset = Command{
	Name: "reset", Syntax: "RESET",
	Summary: "Resets the connection.",
	Since:   "6.2.0", Group: "connection", Complexity: "O(1)",
	Arity: 1, Flags: NoScript | Loading | Stale | Fast | NoAuth | AllowBusy, Categories: CatFast | CatConnection,
	Class: Own, NotQueued: true, InSubscribed: true, Settles: true,
	Serve: func(c *ServeCall) error {
		c.Session.Reset(c.Node.NoPassword())
		c.Out = wire.AppendSimple(c.Out, "RESET")
		return nil
	},
}
