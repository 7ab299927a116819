package commands

import "github.com/millrace-io/millrace/resp/wire"

// STRLEN key: the length of a string in bytes, 0 when there is none.
// https://redis.io/docs/latest/commands/strlen/
var strLen = Command{
	Name: "strlen", Syntax: "STRLEN key",
	Summary: "Returns the length of a string value.",
	Since:   "2.2.0", Group: "string", Complexity: "O(1)",
	Arguments: []Argument{keyArgument},
	Arity:     2, Flags: ReadOnly | Fast, Categories: CatRead | CatString | CatFast,
	Keys:  OneKey(1, "RO"),
	Class: Read,
	Run: func(c *Call) error {
		text, err := c.text(c.Args[1])
		if err != nil {
			return err
		}
		c.Out = wire.AppendInt(c.Out, int64(len(text)))
		return nil
	},
}
