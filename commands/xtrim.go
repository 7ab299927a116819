package commands

import (
	"github.com/millrace-io/millrace/resp/wire"
	"github.com/millrace-io/millrace/streams"
)

// XTRIM key MAXLEN|MINID [=|~] threshold [LIMIT n] [KEEPREF|DELREF|ACKED]: removes
// the oldest entries.
// The key stays, even with nothing left.
// https://redis.io/docs/latest/commands/xtrim/
var xtrim = Command{
	Name:    "xtrim",
	Syntax:  "XTRIM key <MAXLEN | MINID> [= | ~] threshold [LIMIT count] [KEEPREF | DELREF | ACKED]",
	Summary: "Removes the oldest entries of a stream, by length or by ID.",
	Since:   "5.0.0", Group: "stream",
	Complexity: "O(N), with N being the number of evicted entries. Constant times are very small however, since entries are organized in macro nodes containing multiple entries that can be released with a single deallocation.",
	History: [][2]string{
		{"6.2.0", "Added the `MINID` trimming strategy and the `LIMIT` option."},
		{"8.2.0", "Added the `KEEPREF`, `DELREF` and `ACKED` options."},
	},
	Differences: "With `DELREF` and `ACKED`, `~` removes entry by entry within its limit. `MAXLEN n ACKED` walks on to the last entry that all groups were delivered; Redis may stop at the end of a node.",
	Arguments:   []Argument{keyArgument, {Name: "trim", Type: "block", Args: trimArguments}, refPolicyArgument},
	Arity:       -4, Flags: Write, Categories: CatWrite | CatStream | CatSlow,
	Tips:  []string{"nondeterministic_output"},
	Keys:  OneKey(1, "RW", "delete"),
	Class: Log,
	Check: func(args [][]byte) error { _, err := parseTrim(args); return err },
	Run:   runXTrim,
	Quiet: quietXTrim,
}

func parseTrim(args [][]byte) (o trimOptions, err error) {
	for i := 2; i < len(args); {
		next, err := o.parse(args, i)
		if err != nil {
			return o, err
		}
		if next == i {
			return o, errSyntax
		}
		i = next
	}
	return o, o.check(true)
}

func runXTrim(c *Call) error {
	o, err := parseTrim(c.Args)
	if err != nil {
		return err
	}
	k, s, err := c.streamToChange(c.Args[1])
	if err != nil {
		return err
	}
	removed := uint64(0)
	if s != nil && c.Applying {
		removed = c.trimStream(s, &o)
	}
	if removed > 0 {
		c.DB.Touch(k)
		c.Notify(EventStream, "xtrim", c.Args[1])
	}
	c.Out = wire.AppendInt(c.Out, int64(removed))
	return nil
}

// quietXTrim is true when even an exact trim would find nothing to remove.
func quietXTrim(c *Call) bool {
	o, err := parseTrim(c.Args)
	s, known := c.quietStream(c.Args[1])
	switch {
	case err != nil || !known:
		return false
	case s == nil:
		return true
	case o.Kind == streams.TrimMaxLen:
		return s.Len() <= o.MaxLen
	}
	return s.Len() == 0 || !s.FirstID().Less(o.MinID)
}
