package commands

import (
	"github.com/millrace-io/millrace/resp/wire"
	"github.com/millrace-io/millrace/streams"
)

// XRANGE key start end [COUNT n]: the entries of an interval, oldest first.
// https://redis.io/docs/latest/commands/xrange/
var xrange = Command{
	Name: "xrange", Syntax: "XRANGE key start end [COUNT count]",
	Summary: "Returns the entries of a stream within a range of IDs.",
	Since:   "5.0.0", Group: "stream",
	Complexity: "O(N) with N being the number of entries returned.",
	History:    [][2]string{{"6.2.0", "Added exclusive ranges."}},
	Arguments: []Argument{
		keyArgument,
		{Name: "start", Type: "string"},
		{Name: "end", Type: "string"},
		countArgument,
	},
	Arity: -4, Flags: ReadOnly, Categories: CatRead | CatStream | CatSlow,
	Keys:  OneKey(1, "RO", "access"),
	Class: Read,
	Check: func(args [][]byte) error { _, err := parseRange(args, args[2], args[3]); return err },
	Run: func(c *Call) error {
		r, err := parseRange(c.Args, c.Args[2], c.Args[3])
		if err != nil {
			return err
		}
		return r.run(c, false)
	},
}

// rangeOptions are the arguments of XRANGE and XREVRANGE.
type rangeOptions struct {
	start, end streams.ID
	limit      int64 // of entries, never below 0, or unlimited
}

// parseRange takes start and end apart from the other arguments, as XREVRANGE has
// them the other way round; what is wrong with the start is reported first.
func parseRange(args [][]byte, start, end []byte) (r rangeOptions, err error) {
	if r.start, err = parseRangeStart(start); err != nil {
		return r, err
	}
	if r.end, err = parseRangeEnd(end); err != nil {
		return r, err
	}
	r.limit = unlimited
	for i := 4; i < len(args); i += 2 {
		if !equalFold(args[i], "count") || i+1 == len(args) {
			return r, errSyntax
		}
		if r.limit, err = parseInteger(args[i+1]); err != nil {
			return r, err
		}
		r.limit = max(r.limit, 0)
	}
	return r, nil
}

func (r *rangeOptions) run(c *Call, reverse bool) error {
	s, err := c.Stream(c.Args[1])
	switch {
	case err != nil:
		return err
	case s == nil:
		c.Out = wire.AppendArray(c.Out, 0)
	case r.limit == 0:
		// A null array, but only when the key is there: as in Redis.
		c.Out = wire.AppendNullArray(c.Out, c.Proto)
	case reverse:
		cur := s.RevRange(r.start, r.end)
		return c.appendEntries(&cur, r.limit, nil)
	default:
		cur := s.Range(r.start, r.end)
		return c.appendEntries(&cur, r.limit, nil)
	}
	return nil
}
