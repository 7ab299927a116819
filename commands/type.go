package commands

import (
	"github.com/millrace-io/millrace/keyspace"
	"github.com/millrace-io/millrace/resp/wire"
)

// TYPE key: the kind of value under a key, "none" when there is none.
// https://redis.io/docs/latest/commands/type/
var typeOf = Command{
	Name: "type", Syntax: "TYPE key",
	Summary: "Determines the type of value stored at a key.",
	Since:   "1.0.0", Group: "generic", Complexity: "O(1)",
	Arguments: []Argument{keyArgument},
	Arity:     2, Flags: ReadOnly | Fast, Categories: CatKeyspace | CatRead | CatFast,
	Keys:  OneKey(1, "RO"),
	Class: Read, Run: runType,
}

func runType(c *Call) error {
	k, err := c.Reader(c.Args[1])
	if err != nil {
		return err
	}
	kind := keyspace.None
	if k != nil {
		kind = k.Kind()
	}
	c.Out = wire.AppendSimple(c.Out, kind.String())
	return nil
}
