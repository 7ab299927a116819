package commands

import "github.com/millrace-io/millrace/resp/wire"

// SWAPDB index1 index2 exchanges two databases: who is connected to one sees the keys
// of the other.
// https://redis.io/docs/latest/commands/swapdb/
var swapDB = Command{
	Name: "swapdb", Syntax: "SWAPDB index1 index2",
	Summary: "Swaps two Redis databases.",
	Since:   "4.0.0", Group: "server", Complexity: "O(W) where W is the number of clients that wait for keys.",
	Differences: "Two swaps that undo each other do not fail a transaction that watches a key of one of the databases.",
	Arguments:   []Argument{{Name: "index1", Type: "integer"}, {Name: "index2", Type: "integer"}},
	Arity:       3, Flags: Write | Fast, Categories: CatKeyspace | CatWrite | CatFast | CatDangerous,
	Class: Log, Spread: spreadOK,
	Check: func(args [][]byte) error { _, _, err := parseSwap(args); return err },
	Run: func(c *Call) error {
		i, j, err := c.swapTargets()
		if err != nil {
			return err
		}
		if i != j {
			c.State.Swap(i, j)
			c.SignalAll()
		}
		c.Out = wire.AppendSimple(c.Out, "OK")
		return nil
	},
	Quiet: func(c *Call) bool {
		i, j, err := c.swapTargets()
		return err != nil || i == j
	},
}

func parseSwap(args [][]byte) (i, j int, err error) {
	if i, err = otherDB(args[1]); err != nil {
		return 0, 0, errFirstDB
	}
	if j, err = otherDB(args[2]); err != nil {
		return 0, 0, errSecondDB
	}
	return i, j, nil
}

func (c *Call) swapTargets() (i, j int, err error) {
	i, j, err = parseSwap(c.Args)
	if err == nil && (!c.hasDB(i) || !c.hasDB(j)) {
		err = errDBIndex
	}
	return i, j, err
}
