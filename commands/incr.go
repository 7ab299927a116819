package commands

import (
	"math"
	"strconv"

	"github.com/millrace-io/millrace/keyspace"
	"github.com/millrace-io/millrace/resp/wire"
)

// INCR, DECR, INCRBY and DECRBY add to a string that reads as an integer; a missing key
// counts as 0. The deadline stays.
// https://redis.io/docs/latest/commands/incr/
var (
	incr = incrCommand("incr", "1.0.0", "Increments the integer value of a key by one. Uses 0 as initial value if the key doesn't exist.", 1)
	decr = incrCommand("decr", "1.0.0", "Decrements the integer value of a key by one. Uses 0 as initial value if the key doesn't exist.", -1)

	incrBy = incrByCommand("incrby", "increment", "Increments the integer value of a key by a number. Uses 0 as initial value if the key doesn't exist.",
		func(args [][]byte) (int64, error) { return parseInteger(args[2]) })
	decrBy = incrByCommand("decrby", "decrement", "Decrements a number from the integer value of a key. Uses 0 as initial value if the key doesn't exist.",
		func(args [][]byte) (int64, error) {
			n, err := parseInteger(args[2])
			if err == nil && n == math.MinInt64 {
				err = errDecrOverflow
			}
			return -n, err
		})
)

func incrCommand(name, since, summary string, by int64) Command {
	return Command{
		Name: name, Syntax: upper(name) + " key",
		Summary: summary, Since: since, Group: "string", Complexity: "O(1)",
		Arguments: []Argument{keyArgument},
		Arity:     2, Flags: Write | DenyOOM | Fast, Categories: CatWrite | CatString | CatFast,
		Keys:  OneKey(1, "RW", "access", "update"),
		Class: Log,
		Run:   func(c *Call) error { return c.add(by) },
	}
}

func incrByCommand(name, argument, summary string, parse func(args [][]byte) (int64, error)) Command {
	return Command{
		Name: name, Syntax: upper(name) + " key " + argument,
		Summary: summary, Since: "1.0.0", Group: "string", Complexity: "O(1)",
		Arguments: []Argument{keyArgument, {Name: argument, Type: "integer"}},
		Arity:     3, Flags: Write | DenyOOM | Fast, Categories: CatWrite | CatString | CatFast,
		Keys:  OneKey(1, "RW", "access", "update"),
		Class: Log,
		Check: func(args [][]byte) error { _, err := parse(args); return err },
		Run: func(c *Call) error {
			by, err := parse(c.Args)
			if err != nil {
				return err
			}
			return c.add(by)
		},
	}
}

// add adds to the integer at Args[1].
func (c *Call) add(by int64) error {
	k, text, err := c.textToChange(c.Args[1])
	if err != nil {
		return err
	}
	var n int64
	if k != nil {
		if n, err = parseInteger(text); err != nil {
			return err
		}
	}
	if by > 0 && n > math.MaxInt64-by || by < 0 && n < math.MinInt64-by {
		return errOverflow
	}
	n += by
	var digits [20]byte
	sum := strconv.AppendInt(digits[:0], n, 10)
	if k == nil {
		c.DB.PutString(c.Args[1], sum)
	} else {
		c.DB.SetString(k, sum, keyspace.Plain)
	}
	c.Notify(EventString, "incrby", c.Args[1])
	c.Out = wire.AppendInt(c.Out, n)
	return nil
}
