package commands

import "github.com/millrace-io/millrace/resp/wire"

// XLEN key: entries in the stream, 0 when there is none.
// https://redis.io/docs/latest/commands/xlen/
var xlen = Command{
	Name: "xlen", Syntax: "XLEN key",
	Summary: "Returns the number of entries in a stream.",
	Since:   "5.0.0", Group: "stream", Complexity: "O(1)",
	Arguments: []Argument{keyArgument},
	Arity:     2, Flags: ReadOnly | Fast, Categories: CatRead | CatStream | CatFast,
	Keys:  OneKey(1, "RO"),
	Class: Read,
	Run:   runXLen,
}

func runXLen(c *Call) error {
	s, err := c.Stream(c.Args[1])
	if err != nil {
		return err
	}
	var n uint64
	if s != nil {
		n = s.Len()
	}
	c.Out = wire.AppendInt(c.Out, int64(n))
	return nil
}
