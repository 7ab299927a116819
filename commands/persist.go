package commands

import "github.com/millrace-io/millrace/resp/wire"

// PERSIST key: takes a key's deadline away.
// https://redis.io/docs/latest/commands/persist/
var persist = Command{
	Name: "persist", Syntax: "PERSIST key",
	Summary: "Removes the expiration time of a key.",
	Since:   "2.2.0", Group: "generic", Complexity: "O(1)",
	Arguments: []Argument{keyArgument},
	Arity:     2, Flags: Write | Fast, Categories: CatKeyspace | CatWrite | CatFast,
	Keys:  OneKey(1, "RW", "update"),
	Class: Log,
	Run: func(c *Call) error {
		k, err := c.keyToChange(c.DB, c.Args[1])
		if err != nil {
			return err
		}
		if k == nil || k.Deadline() == 0 {
			c.Out = wire.AppendInt(c.Out, 0)
			return nil
		}
		c.DB.SetDeadline(k, 0)
		c.DB.Touch(k)
		c.Notify(EventGeneric, "persist", c.Args[1])
		c.Out = wire.AppendInt(c.Out, 1)
		return nil
	},
	Quiet: func(c *Call) bool {
		k, expired := c.DB.Get(c.Args[1], c.Now)
		return !expired && (k == nil || k.Deadline() == 0)
	},
}
