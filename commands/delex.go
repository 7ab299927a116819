package commands

import (
	"github.com/millrace-io/millrace/keyspace"
	"github.com/millrace-io/millrace/resp/wire"
)

// DELEX key [IFEQ|IFNE|IFDEQ|IFDNE x]: removes a key, when it is a string that compares
// so. It is what unlocking needs: see docs/locks.md.
// https://redis.io/docs/latest/commands/delex/
var delEx = Command{
	Name: "delex", Syntax: "DELEX key [IFEQ ifeq-value | IFNE ifne-value | IFDEQ ifdeq-digest | IFDNE ifdne-digest]",
	Summary: "Conditionally removes the specified key based on value or digest comparison.",
	Since:   "8.4.0", Group: "string",
	Complexity: "O(1); O(N) with a condition, where N is the length of the string value.",
	Arguments:  []Argument{keyArgument, {Name: "condition", Type: "oneof", Optional: true, Args: comparisonArguments}},
	Arity:      -2, Flags: Write | Fast, Categories: CatWrite | CatString | CatFast,
	Keys:  OneKey(1, "RW", "delete"),
	Class: Log, Run: runDelEx,
	Quiet: func(c *Call) bool {
		k, known := c.quietKey(c.DB, c.Args[1])
		if !known {
			return false
		}
		removes, err := delExRemoves(c.Args, k)
		return err != nil || !removes
	},
}

func runDelEx(c *Call) error {
	k, err := c.keyToChange(c.DB, c.Args[1])
	if err != nil {
		return err
	}
	removes, err := delExRemoves(c.Args, k)
	if err != nil {
		return err
	}
	n := int64(0)
	if removes {
		n = 1
		c.remove(c.Args[1])
	}
	c.Out = wire.AppendInt(c.Out, n)
	return nil
}

// delExRemoves reports whether the key is to go. Redis looks at the condition of a key
// that is there only, be the rest what it may.
func delExRemoves(args [][]byte, k *keyspace.Key) (bool, error) {
	switch {
	case k == nil:
		return false, nil
	case len(args) == 2:
		return true, nil
	case len(args) != 4:
		return false, errDelExArity
	case k.Kind() != keyspace.StringKind:
		return false, errDelExKind
	}
	m := comparison{comparisonOf(args[2]), args[3]}
	if m.kind == noComparison {
		return false, errDelExIf
	}
	return m.holds(k)
}
