package commands

import "github.com/millrace-io/millrace/resp/wire"

// MGET key [key ...]: strings, null for what is missing or something else.
// https://redis.io/docs/latest/commands/mget/
var mget = Command{
	Name: "mget", Syntax: "MGET key [key ...]",
	Summary: "Atomically returns the string values of one or more keys.",
	Since:   "1.0.0", Group: "string", Complexity: "O(N) where N is the number of keys to retrieve.",
	Arguments: []Argument{manyKeysArgument},
	Arity:     -2, Flags: ReadOnly | Fast, Categories: CatRead | CatString | CatFast,
	Tips:  []string{"request_policy:multi_shard"},
	Keys:  []KeySpec{{Flags: []string{"RO", "access"}, Begin: 1, Last: -1, Step: 1}},
	Class: Read, Spread: spreadList,
	Run: func(c *Call) error {
		c.Out = wire.AppendArray(c.Out, len(c.Args)-1)
		for _, name := range c.Args[1:] {
			k, err := c.Reader(name)
			if err != nil {
				return err
			}
			var text []byte
			if k != nil {
				text, _ = k.String() // nil for a stream
			}
			if c.tooLong(len(c.Out) - c.replyStart + len(text)) {
				return ErrLong
			}
			c.appendText(text != nil, text)
		}
		return nil
	},
}
