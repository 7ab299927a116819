package commands

import "github.com/millrace-io/millrace/resp/wire"

// DEL key [key ...]: removes keys; a name given twice counts once.
// https://redis.io/docs/latest/commands/del/
var del = Command{
	Name: "del", Syntax: "DEL key [key ...]",
	Summary: "Deletes one or more keys.",
	Since:   "1.0.0", Group: "generic",
	Differences: "The same as UNLINK: neither frees anything before the reply.",
	Complexity:  "O(N) with N being the number of keys: what they hold is cut off at once and freed later.",
	Arguments:   []Argument{manyKeysArgument},
	Arity:       -2, Flags: Write, Categories: CatKeyspace | CatWrite | CatSlow,
	Tips:  []string{"request_policy:multi_shard", "response_policy:agg_sum"},
	Keys:  []KeySpec{{Flags: []string{"RM", "delete"}, Begin: 1, Last: -1, Step: 1}},
	Class: Log, Run: runDel, Quiet: noneExists, Spread: spreadSum,
}

// UNLINK key [key ...]: the same as DEL, which never frees in the foreground here.
// https://redis.io/docs/latest/commands/unlink/
var unlink = Command{
	Name: "unlink", Syntax: "UNLINK key [key ...]",
	Summary: "Deletes one or more keys.",
	Since:   "4.0.0", Group: "generic",
	Complexity: del.Complexity,
	Arguments:  del.Arguments,
	Arity:      -2, Flags: Write | Fast, Categories: CatKeyspace | CatWrite | CatFast,
	Tips: del.Tips, Keys: del.Keys,
	Class: Log, Run: runDel, Quiet: noneExists, Spread: spreadSum,
}

func runDel(c *Call) error {
	n := int64(0)
	for _, name := range c.Args[1:] {
		if c.DB.GetForWrite(name, c.Now) != nil && c.DB.Delete(name) {
			n++
			c.Signal(name)
			c.Notify(EventGeneric, "del", name)
		}
	}
	c.Out = wire.AppendInt(c.Out, n)
	return nil
}

// noneExists is true when no argument is a key, not even one past its deadline.
func noneExists(c *Call) bool {
	for _, name := range c.Args[1:] {
		if k, expired := c.DB.Get(name, c.Now); k != nil || expired {
			return false
		}
	}
	return true
}
