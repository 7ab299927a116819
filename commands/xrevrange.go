package commands

// XREVRANGE key end start [COUNT n]: the entries of an interval, newest first.
// https://redis.io/docs/latest/commands/xrevrange/
var xrevrange = Command{
	Name: "xrevrange", Syntax: "XREVRANGE key end start [COUNT count]",
	Summary: "Returns the entries of a stream within a range of IDs in reverse order.",
	Since:   "5.0.0", Group: "stream",
	Complexity: "O(N) with N being the number of entries returned.",
	History:    [][2]string{{"6.2.0", "Added exclusive ranges."}},
	Arguments: []Argument{
		keyArgument,
		{Name: "end", Type: "string"},
		{Name: "start", Type: "string"},
		countArgument,
	},
	Arity: -4, Flags: ReadOnly, Categories: CatRead | CatStream | CatSlow,
	Keys:  OneKey(1, "RO", "access"),
	Class: Read,
	Check: func(args [][]byte) error { _, err := parseRange(args, args[3], args[2]); return err },
	Run: func(c *Call) error {
		r, err := parseRange(c.Args, c.Args[3], c.Args[2])
		if err != nil {
			return err
		}
		return r.run(c, true)
	},
}
