package commands

import "github.com/millrace-io/millrace/resp/wire"

// MSETNX key value [key value ...]: sets strings when none of the keys is there.
// https://redis.io/docs/latest/commands/msetnx/
var msetNX = Command{
	Name: "msetnx", Syntax: "MSETNX key value [key value ...]",
	Summary: "Atomically modifies the string values of one or more keys only when all keys don't exist.",
	Since:   "1.0.1", Group: "string", Complexity: "O(N) where N is the number of keys to set.",
	Arguments: []Argument{keyValueArgument},
	Arity:     -3, Flags: Write | DenyOOM, Categories: CatWrite | CatString | CatSlow,
	Tips:  []string{"request_policy:multi_shard", "response_policy:agg_min"},
	Keys:  []KeySpec{{Flags: []string{"OW", "insert"}, Begin: 1, Last: -1, Step: 2}},
	Class: Log,
	Check: checkMSetNX,
	Run: func(c *Call) error {
		if err := checkMSetNX(c.Args); err != nil {
			return err
		}
		some, _, err := c.present(c.Args[1:])
		if err != nil {
			return err
		}
		if some {
			c.Out = wire.AppendInt(c.Out, 0)
			return nil
		}
		c.setPairs(c.Args[1:])
		c.Out = wire.AppendInt(c.Out, 1)
		return nil
	},
	Quiet: func(c *Call) bool {
		some, _, known := c.quietlyPresent(c.Args[1:])
		return known && some
	},
}

func checkMSetNX(args [][]byte) error {
	if len(args)%2 == 0 {
		return errMSetNXArity
	}
	return nil
}

// present reports whether some of the names of the pairs are keys, and whether all are.
func (c *Call) present(pairs [][]byte) (some, all bool, err error) {
	all = true
	for ; len(pairs) > 1; pairs = pairs[2:] {
		k, err := c.keyToChange(c.DB, pairs[0])
		if err != nil {
			return false, false, err
		}
		some, all = some || k != nil, all && k != nil
	}
	return some, all, nil
}

// quietlyPresent is present for Quiet. known is false when one of the keys is past its
// deadline and has to go first.
func (c *Call) quietlyPresent(pairs [][]byte) (some, all, known bool) {
	all = true
	for ; len(pairs) > 1; pairs = pairs[2:] {
		k, known := c.quietKey(c.DB, pairs[0])
		if !known {
			return false, false, false
		}
		some, all = some || k != nil, all && k != nil
	}
	return some, all, true
}
