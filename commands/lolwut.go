package commands

import "github.com/millrace-io/millrace/resp/wire"

// LOLWUT [VERSION version]: a picture, had anybody drawn one.
// https://redis.io/docs/latest/commands/lolwut/
var lolwut = Command{
	Name: "lolwut", Syntax: "LOLWUT [VERSION version]",
	Summary: "Display some computer art and the Redis version.",
	Since:   "5.0.0", Group: "server", Complexity: "O(1)",
	Arguments: []Argument{{Name: "version", Type: "integer", Token: "VERSION", Optional: true}},
	Arity:     -1, Flags: ReadOnly | Fast, Categories: CatRead | CatFast,

	Class: Own,
	Serve: func(c *ServeCall) error {
		if len(c.Args) > 2 && equalFold(c.Args[1], "version") {
			if _, err := parseInteger(c.Args[2]); err != nil {
				return err
			}
		}
		c.Out = wire.AppendVerbatim(c.Out, c.Session.Proto(), "Redis ver. "+c.Node.RedisVersion()+"\n")
		return nil
	},
}
