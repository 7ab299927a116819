package commands

import "github.com/millrace-io/millrace/resp/wire"

// ECHO message.
// https://redis.io/docs/latest/commands/echo/
var echo = Command{
	Name: "echo", Syntax: "ECHO message",
	Summary: "Returns the given string.",
	Since:   "1.0.0", Group: "connection", Complexity: "O(1)",
	Arguments: []Argument{{Name: "message", Type: "string"}},
	Arity:     2, Flags: Loading | Stale | Fast, Categories: CatFast | CatConnection,
	Class: Own,
	Serve: func(c *ServeCall) error {
		c.Out = wire.AppendBulk(c.Out, c.Args[1])
		return nil
	},
}
