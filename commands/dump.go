package commands

import "github.com/millrace-io/millrace/resp/wire"

// DUMP key: a value in a format of our own, for RESTORE.
// https://redis.io/docs/latest/commands/dump/
var dump = Command{
	Name: "dump", Syntax: "DUMP key",
	Summary: "Returns a serialized representation of the value stored at a key.",
	Since:   "2.6.0", Group: "generic", Complexity: "O(N) with N the size of the value.",
	Differences: "The format is Millrace's own: Redis can't restore it.",
	Arguments:   []Argument{keyArgument},
	Arity:       2, Flags: ReadOnly, Categories: CatKeyspace | CatRead | CatSlow,
	Tips:  []string{"nondeterministic_output"},
	Keys:  OneKey(1, "RO", "access"),
	Class: Read,
	Run: func(c *Call) error {
		k, err := c.Reader(c.Args[1])
		switch {
		case err != nil:
			return err
		case k == nil:
			c.Out = wire.AppendNull(c.Out, c.Proto)
			return nil
		case c.tooLong(int(k.Memory())):
			return ErrLong
		}
		c.Out = wire.AppendBulk(c.Out, k.AppendDump(nil))
		return nil
	},
}
