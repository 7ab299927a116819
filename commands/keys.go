package commands

import (
	"github.com/millrace-io/millrace/glob"
	"github.com/millrace-io/millrace/keyspace"
	"github.com/millrace-io/millrace/resp/wire"
)

// KEYS pattern: the names of all keys that match, in no promised order.
// https://redis.io/docs/latest/commands/keys/
var keys = Command{
	Name: "keys", Syntax: "KEYS pattern",
	Summary: "Returns all key names that match a pattern.",
	Since:   "1.0.0", Group: "generic", Complexity: "O(N) with N being the number of keys in the database.",
	Arguments: []Argument{{Name: "pattern", Type: "pattern"}},
	Arity:     2, Flags: ReadOnly, Categories: CatKeyspace | CatRead | CatSlow | CatDangerous,
	Tips:  []string{"request_policy:all_shards", "nondeterministic_output_order"},
	Class: Read, Run: runKeys, Spread: spreadNames,
}

// keysAtOnce is how many keys are looked at while the partition is held; a larger
// database is walked on a view.
const keysAtOnce = 10_000

func runKeys(c *Call) error {
	if !c.Applying && !c.unbounded && c.DB.Len() > keysAtOnce {
		return ErrLong
	}
	n := 0
	var names []byte
	pattern := c.Args[1]
	c.DB.Each(func(k *keyspace.Key) bool {
		if !expiredAt(k, c.Now) && glob.Match(pattern, k.Name()) {
			n++
			names = wire.AppendBulkString(names, k.Name())
		}
		return !c.tooLong(len(names))
	})
	if c.tooLong(len(names)) {
		return ErrLong
	}
	c.Out = wire.AppendArray(c.Out, n)
	c.Out = append(c.Out, names...)
	return nil
}

// expiredAt reports whether a key is past its deadline: nobody sees it any more.
func expiredAt(k *keyspace.Key, now int64) bool { return k.Deadline() != 0 && k.Deadline() <= now }
