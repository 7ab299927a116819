package commands

import "github.com/millrace-io/millrace/resp/wire"

// MSET key value [key value ...] sets strings, whatever the keys held before; of equal
// names the last one counts.
// https://redis.io/docs/latest/commands/mset/
var mset = Command{
	Name: "mset", Syntax: "MSET key value [key value ...]",
	Summary: "Atomically creates or modifies the string values of one or more keys.",
	Since:   "1.0.1", Group: "string", Complexity: "O(N) where N is the number of keys to set.",
	Arguments: []Argument{keyValueArgument},
	Arity:     -3, Flags: Write | DenyOOM, Categories: CatWrite | CatString | CatSlow,
	Tips:  []string{"request_policy:multi_shard", "response_policy:all_succeeded"},
	Keys:  []KeySpec{{Flags: []string{"OW", "update"}, Begin: 1, Last: -1, Step: 2}},
	Class: Log,
	Check: checkMSet,
	Run: func(c *Call) error {
		if err := checkMSet(c.Args); err != nil {
			return err
		}
		c.setPairs(c.Args[1:])
		c.Out = wire.AppendSimple(c.Out, "OK")
		return nil
	},
}

func checkMSet(args [][]byte) error {
	if len(args)%2 == 0 {
		return errMSetArity
	}
	return nil
}

func (c *Call) setPairs(pairs [][]byte) {
	for ; len(pairs) > 1; pairs = pairs[2:] {
		c.setString(pairs[0], pairs[1], false)
		c.Notify(EventString, "set", pairs[0])
	}
}

var keyValueArgument = Argument{Name: "data", Type: "block", Multiple: true, Args: []Argument{
	keyArgument, {Name: "value", Type: "string"},
}}
