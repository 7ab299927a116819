package commands

import "github.com/millrace-io/millrace/resp/wire"

// EXISTS key [key ...]: how many of the names are keys; one given twice counts
// twice.
// https://redis.io/docs/latest/commands/exists/
var exists = Command{
	Name: "exists", Syntax: "EXISTS key [key ...]",
	Summary: "Determines whether one or more keys exist.",
	Since:   "1.0.0", Group: "generic", Complexity: "O(N) where N is the number of keys to check.",
	History:   [][2]string{{"3.0.3", "Accepts multiple `key` arguments."}},
	Arguments: []Argument{manyKeysArgument},
	Arity:     -2, Flags: ReadOnly | Fast, Categories: CatKeyspace | CatRead | CatFast,
	Tips:  []string{"request_policy:multi_shard", "response_policy:agg_sum"},
	Keys:  []KeySpec{{Flags: []string{"RO"}, Begin: 1, Last: -1, Step: 1}},
	Class: Read, Run: runExists, Spread: spreadSum,
}

func runExists(c *Call) error {
	n := int64(0)
	for _, name := range c.Args[1:] {
		k, err := c.Reader(name)
		if err != nil {
			return err
		}
		if k != nil {
			n++
		}
	}
	c.Out = wire.AppendInt(c.Out, n)
	return nil
}
