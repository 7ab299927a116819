package commands

import "github.com/millrace-io/millrace/resp/wire"

// DIGEST key: the digest of a string, for IFDEQ and IFDNE; null when there is none.
// https://redis.io/docs/latest/commands/digest/
var digest = Command{
	Name: "digest", Syntax: "DIGEST key",
	Summary: "Returns the XXH3 hash of a string value.",
	Since:   "8.4.0", Group: "string", Complexity: "O(N) where N is the length of the string value.",
	Arguments: []Argument{keyArgument},
	Arity:     2, Flags: ReadOnly | Fast, Categories: CatRead | CatString | CatFast,
	Keys:  OneKey(1, "RO", "access"),
	Class: Read,
	Run: func(c *Call) error {
		text, err := c.text(c.Args[1])
		if err != nil {
			return err
		}
		if text == nil {
			c.Out = wire.AppendNull(c.Out, c.Proto)
			return nil
		}
		c.Out = wire.AppendBulkString(c.Out, digestOf(text))
		return nil
	},
}
