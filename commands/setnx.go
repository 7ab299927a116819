package commands

import "github.com/millrace-io/millrace/resp/wire"

// SETNX key value: sets a string when there is no such key.
// https://redis.io/docs/latest/commands/setnx/
var setNX = Command{
	Name: "setnx", Syntax: "SETNX key value",
	Summary: "Sets the string value of a key only when the key doesn't exist.",
	Since:   "1.0.0", Group: "string", Complexity: "O(1)",
	Arguments: []Argument{keyArgument, {Name: "value", Type: "string"}},
	Arity:     3, Flags: Write | DenyOOM | Fast, Categories: CatWrite | CatString | CatFast,
	Keys:  OneKey(1, "OW", "insert"),
	Class: Log,
	Run: func(c *Call) error {
		k, err := c.keyToChange(c.DB, c.Args[1])
		if err != nil {
			return err
		}
		if k != nil {
			c.Out = wire.AppendInt(c.Out, 0)
			return nil
		}
		c.DB.PutString(c.Args[1], c.Args[2])
		c.Notify(EventString, "set", c.Args[1])
		c.Out = wire.AppendInt(c.Out, 1)
		return nil
	},
	Quiet: func(c *Call) bool { k, _ := c.quietKey(c.DB, c.Args[1]); return k != nil },
}
