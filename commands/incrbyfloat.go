package commands

import (
	"math/big"

	"github.com/millrace-io/millrace/keyspace"
	"github.com/millrace-io/millrace/resp/wire"
)

// INCRBYFLOAT key increment: adds to a string that reads as a number; a missing key
// counts as 0. The deadline stays. Every replica calculates the same, as nothing is
// left to the processor.
// https://redis.io/docs/latest/commands/incrbyfloat/
var incrByFloat = Command{
	Name: "incrbyfloat", Syntax: "INCRBYFLOAT key increment",
	Summary: "Increments the floating point value of a key by a number. Uses 0 as initial value if the key doesn't exist.",
	Since:   "2.6.0", Group: "string", Complexity: "O(1)",
	Arguments: []Argument{keyArgument, {Name: "increment", Type: "double"}},
	Arity:     3, Flags: Write | DenyOOM | Fast, Categories: CatWrite | CatString | CatFast,
	Keys:  OneKey(1, "RW", "access", "update"),
	Class: Log,
	Run: func(c *Call) error {
		k, text, err := c.textToChange(c.Args[1])
		if err != nil {
			return err
		}
		n := new(big.Float)
		if k != nil {
			if n, err = parseLongDouble(text); err != nil {
				return err
			}
		}
		by, err := parseLongDouble(c.Args[2])
		if err != nil {
			return err
		}
		sum, err := addLongDoubles(n, by)
		if err != nil {
			return err
		}
		digits := appendLongDouble(nil, sum)
		if k == nil {
			k = c.DB.PutString(c.Args[1], nil)
		}
		c.DB.SetOwnedString(k, digits, keyspace.Text)
		c.Notify(EventString, "incrbyfloat", c.Args[1])
		c.Out = wire.AppendBulk(c.Out, digits)
		return nil
	},
}
