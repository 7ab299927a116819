package commands

import (
	"github.com/millrace-io/millrace/groups"
	"github.com/millrace-io/millrace/resp/wire"
	"github.com/millrace-io/millrace/streams"
)

// XPENDING key group [[IDLE min-idle] start end count [consumer]]: what was
// delivered and not acknowledged, as a summary or entry by entry.
// https://redis.io/docs/latest/commands/xpending/
var xpending = Command{
	Name:    "xpending",
	Syntax:  "XPENDING key group [[IDLE min-idle-time] start end count [consumer]]",
	Summary: "Returns the pending entries of a consumer group, as a summary or one by one.",
	Since:   "5.0.0", Group: "stream",
	Complexity: "O(N) with N being the number of elements returned. With IDLE the cost is that of the entries looked at in ID order, or of those idle enough, whichever is less.",
	History:    [][2]string{{"6.2.0", "Added the `IDLE` option and exclusive range intervals."}},
	Arguments: []Argument{
		keyArgument, groupArgument,
		{Name: "filters", Type: "block", Optional: true, Args: []Argument{
			{Name: "min-idle-time", Type: "integer", Token: "IDLE", Optional: true, Since: "6.2.0"},
			{Name: "start", Type: "string"},
			{Name: "end", Type: "string"},
			{Name: "count", Type: "integer"},
			{Name: "consumer", Type: "string", Optional: true},
		}},
	},
	Arity: -3, Flags: ReadOnly, Categories: CatRead | CatStream | CatSlow,
	Tips:  []string{"nondeterministic_output"},
	Keys:  OneKey(1, "RO", "access"),
	Class: Read,
	Check: func(args [][]byte) error { _, err := parsePending(args); return err },
	Run:   runXPending,
}

// pendingOptions are XPENDING's arguments.
type pendingOptions struct {
	summary    bool
	minIdle    int64 // 0 or less: any
	start, end streams.ID
	limit      int64
	consumer   []byte
	byConsumer bool
}

func parsePending(args [][]byte) (o pendingOptions, err error) {
	if len(args) == 3 {
		o.summary = true
		return o, nil
	}
	if len(args) < 6 || len(args) > 9 {
		return o, errSyntax
	}
	rest := args[3:]
	if equalFold(rest[0], "idle") {
		if o.minIdle, err = parseInteger(rest[1]); err != nil {
			return o, err
		}
		if rest = rest[2:]; len(rest) < 3 {
			return o, errSyntax
		}
	}
	if o.limit, err = parseInteger(rest[2]); err != nil {
		return o, err
	}
	if o.start, err = parseRangeStart(rest[0]); err != nil {
		return o, err
	}
	if o.end, err = parseRangeEnd(rest[1]); err != nil {
		return o, err
	}
	if len(rest) > 3 { // as in Redis anything behind the consumer is ignored
		o.consumer, o.byConsumer = rest[3], true
	}
	return o, nil
}

func runXPending(c *Call) error {
	o, err := parsePending(c.Args)
	if err != nil {
		return err
	}
	s, err := c.Stream(c.Args[1])
	if err != nil {
		return err
	}
	var g *groups.Group
	if s != nil {
		g = s.Group(c.Args[2])
	}
	switch {
	case g == nil:
		return noSuchKeyOrGroup(c.Args[1], c.Args[2])
	case o.summary:
		c.appendPendingSummary(g)
	default:
		return c.appendPending(g, &o)
	}
	return nil
}

// appendPendingSummary appends how many entries are pending, the lowest and the
// highest ID, and for each consumer that has any how many; these as strings.
func (c *Call) appendPendingSummary(g *groups.Group) {
	c.Out = wire.AppendArray(c.Out, 4)
	c.Out = wire.AppendInt(c.Out, int64(g.Len()))
	first, any := g.MinPending()
	if !any {
		c.Out = wire.AppendNull(c.Out, c.Proto)
		c.Out = wire.AppendNull(c.Out, c.Proto)
		c.Out = wire.AppendNullArray(c.Out, c.Proto)
		return
	}
	last, _ := g.MaxPending()
	c.Out = appendID(c.Out, first)
	c.Out = appendID(c.Out, last)
	h := openHeader(&c.Out, int64(g.Consumers()))
	n := int64(0)
	g.EachConsumer(func(id groups.ConsumerID) bool {
		if pending := g.PendingOf(id); pending > 0 {
			c.Out = wire.AppendArray(c.Out, 2)
			c.Out = wire.AppendBulkString(c.Out, g.Name(id))
			c.Out = appendIntBulk(c.Out, int64(pending))
			n++
		}
		return true
	})
	h.close(&c.Out, '*', n)
}

// appendPending appends the entries one by one. Its only error is ErrLong.
func (c *Call) appendPending(g *groups.Group, o *pendingOptions) error {
	h := openHeader(&c.Out, min(o.limit, int64(g.Len())))
	n := int64(0)
	selectPending(g, o, c.Now, func(p groups.Pending) bool {
		c.Out = wire.AppendArray(c.Out, 4)
		c.Out = appendID(c.Out, p.ID)
		c.Out = wire.AppendBulkString(c.Out, g.Name(p.Owner))
		c.Out = wire.AppendInt(c.Out, shownIdle(p, c.Now))
		c.Out = wire.AppendInt(c.Out, p.Count)
		n++
		return !c.TooLong()
	})
	if c.TooLong() {
		return ErrLong
	}
	h.close(&c.Out, '*', n)
	return nil
}

// shownIdle is the idle time that XPENDING shows: -1 for what nobody owns.
func shownIdle(p groups.Pending, now int64) int64 {
	if p.Owner == groups.NoOwner {
		return -1
	}
	return p.Idle(now)
}
