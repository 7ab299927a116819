package commands

import (
	"math"

	"github.com/millrace-io/millrace/groups"
	"github.com/millrace-io/millrace/keyspace"
	"github.com/millrace-io/millrace/resp/wire"
	"github.com/millrace-io/millrace/streams"
)

// XAUTOCLAIM key group consumer min-idle-time start [COUNT n] [JUSTID]: walks the
// PEL and claims what was delivered long enough ago.
// https://redis.io/docs/latest/commands/xautoclaim/
var xautoclaim = Command{
	Name:    "xautoclaim",
	Syntax:  "XAUTOCLAIM key group consumer min-idle-time start [COUNT count] [JUSTID]",
	Summary: "Makes a consumer the owner of pending entries that were delivered long enough ago, wherever they are.",
	Since:   "6.2.0", Group: "stream",
	Complexity: "O(1) if COUNT is small.",
	History:    [][2]string{{"7.0.0", "Added an element to the reply array, containing deleted entries the command cleared from the PEL"}},
	Arguments: []Argument{
		keyArgument, groupArgument, consumerArgument,
		{Name: "min-idle-time", Type: "string"},
		{Name: "start", Type: "string"},
		countArgument,
		{Name: "justid", Type: "pure-token", Token: "JUSTID", Optional: true},
	},
	Arity: -6, Flags: Write | Fast, Categories: CatWrite | CatStream | CatFast,
	Tips:  []string{"nondeterministic_output"},
	Keys:  OneKey(1, "RW", "delete"),
	Class: Log,
	Check: func(args [][]byte) error { _, err := parseAutoClaim(args); return err },
	Run:   runXAutoClaim,
	Quiet: quietXAutoClaim,
}

// autoClaimEffort is how many pending entries are looked at for each that may be
// claimed. Clients see it: the cursor says how far the walk came.
const autoClaimEffort = 10

// autoClaimOptions are XAUTOCLAIM's arguments.
type autoClaimOptions struct {
	minIdle int64
	start   streams.ID
	limit   int64 // at least 1
	justID  bool
}

func parseAutoClaim(args [][]byte) (o autoClaimOptions, err error) {
	minIdle, ok := parseInt(args[4])
	if !ok {
		return o, errAutoClaimMinIdle
	}
	o.minIdle, o.limit = max(0, minIdle), 100
	if o.start, err = parseRangeStart(args[5]); err != nil {
		return o, err
	}
	for i := 6; i < len(args); i++ {
		switch {
		case equalFold(args[i], "justid"):
			o.justID = true
		case equalFold(args[i], "count") && i+1 < len(args):
			i++
			if o.limit, ok = parseInt(args[i]); !ok || o.limit < 1 || o.limit > math.MaxInt64/16 {
				return o, errAutoClaimCount
			}
		default:
			return o, errSyntax
		}
	}
	return o, nil
}

// autoClaimWalk is what a walk along the PEL found.
type autoClaimWalk struct {
	found  []groups.Pending // to be claimed, or gone from the stream, in ID order
	gone   []bool           // for each of found
	cursor streams.ID       // the first that was not looked at, 0-0 at the end
}

// effort is how many pending entries are looked at, at most.
func (o *autoClaimOptions) effort() int64 {
	if o.limit > math.MaxInt64/autoClaimEffort {
		return math.MaxInt64
	}
	return o.limit * autoClaimEffort
}

// walk looks at pending entries from o.start on: at most as many as o.limit
// allows, until most were found. Nothing is changed yet.
func (o *autoClaimOptions) walk(s *keyspace.StreamValue, g *groups.Group, now, most int64) (w autoClaimWalk) {
	find := entryFinder{s: s.Stream}
	effort := o.effort()
	g.Ascend(o.start, func(p groups.Pending) bool {
		if effort == 0 || int64(len(w.found)) == most {
			w.cursor = p.ID
			return false
		}
		effort--
		gone := find.find(p.ID) == nil
		if gone || p.Claimable(now, o.minIdle) {
			w.found, w.gone = append(w.found, p), append(w.gone, gone)
		}
		return true
	})
	return w
}

// end is the cursor of a walk that finds nothing.
func (o *autoClaimOptions) end(g *groups.Group) (cursor streams.ID) {
	effort := o.effort()
	if int64(g.Len()) <= effort {
		return cursor
	}
	g.Ascend(o.start, func(p groups.Pending) bool {
		if effort == 0 {
			cursor = p.ID
			return false
		}
		effort--
		return true
	})
	return cursor
}

func runXAutoClaim(c *Call) error {
	o, err := parseAutoClaim(c.Args)
	if err != nil {
		return err
	}
	_, s, err := c.streamOrMiss(c.Args[1])
	if err != nil {
		return err
	}
	g := c.groupToChange(s, c.Args[2])
	if g == nil {
		return noSuchKeyOrGroup(c.Args[1], c.Args[2])
	}
	consumer := c.seeConsumer(g, c.Args[1], c.Args[2], c.Args[3])
	c.Out = wire.AppendArray(c.Out, 3)
	if !c.Applying { // Quiet has found nothing
		c.Out = appendID(c.Out, o.end(g))
		c.Out = wire.AppendArray(c.Out, 0)
		c.Out = wire.AppendArray(c.Out, 0)
		return nil
	}
	w := o.walk(s, g, c.Now, o.limit)
	c.Out = appendID(c.Out, w.cursor)
	gone := c.claimFound(s, g, &o, &w, consumer)
	c.Out = wire.AppendArray(c.Out, gone)
	for i, p := range w.found {
		if w.gone[i] {
			g.Ack(p.ID)
			c.Out = appendID(c.Out, p.ID)
		}
	}
	return nil
}

// claimFound claims what the walk found and returns how many of these entries are
// gone from the stream.
func (c *Call) claimFound(s *keyspace.StreamValue, g *groups.Group, o *autoClaimOptions, w *autoClaimWalk, consumer groups.ConsumerID) (gone int) {
	for _, isGone := range w.gone {
		if isGone {
			gone++
		}
	}
	claims := len(w.found) - gone
	c.Out = wire.AppendArray(c.Out, claims)
	find := entryFinder{s: s.Stream}
	for i, p := range w.found {
		if w.gone[i] {
			continue
		}
		claimed := p.Redelivered(consumer, c.Now)
		if o.justID {
			claimed.Count = p.Count
		}
		g.Put(claimed)
		c.appendClaimed(find.find(p.ID), o.justID)
	}
	if claims > 0 {
		g.SetActive(consumer, c.Now)
	}
	return gone
}

// quietXAutoClaim is true when the consumer exists and the walk finds nothing, or
// when the command will end in an error. Workers ask again and again: most of
// these walks find nothing.
func quietXAutoClaim(c *Call) bool {
	o, err := parseAutoClaim(c.Args)
	if err != nil {
		return true
	}
	s, g, known := c.quietGroup(c.Args[1], c.Args[2])
	if g == nil {
		return known
	}
	if _, ok := g.Consumer(c.Args[3]); !ok {
		return false
	}
	return len(o.walk(s, g, c.Now, 1).found) == 0
}
