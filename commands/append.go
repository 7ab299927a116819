package commands

import "github.com/millrace-io/millrace/resp/wire"

// maxString is the longest string: proto-max-bulk-len as Redis has it by default. It is
// not that setting, which nodes may differ in.
const maxString = 512 << 20

// APPEND key value: makes a string longer, and a key where there was none.
// https://redis.io/docs/latest/commands/append/
var appendTo = Command{
	Name: "append", Syntax: "APPEND key value",
	Summary: "Appends a string to the value of a key. Creates the key if it doesn't exist.",
	Since:   "2.0.0", Group: "string",
	Complexity: "O(1) amortized, as the room for a string grows in proportion to it.",
	Arguments:  []Argument{keyArgument, {Name: "value", Type: "string"}},
	Arity:      3, Flags: Write | DenyOOM | Fast, Categories: CatWrite | CatString | CatFast,
	Keys:  OneKey(1, "RW", "insert"),
	Class: Log,
	Run: func(c *Call) error {
		k, text, err := c.textToChange(c.Args[1])
		if err != nil {
			return err
		}
		tail := c.Args[2]
		length := len(text) + len(tail)
		switch {
		case k == nil:
			c.DB.PutString(c.Args[1], tail)
		case length > maxString:
			return errStringTooLong
		default:
			c.DB.AppendString(k, tail) // even of nothing: Redis calls it a change
		}
		c.Notify(EventString, "append", c.Args[1])
		c.Out = wire.AppendInt(c.Out, int64(length))
		return nil
	},
}
