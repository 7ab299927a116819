package commands

import (
	"github.com/millrace-io/millrace/groups"
	"github.com/millrace-io/millrace/keyspace"
	"github.com/millrace-io/millrace/streams"
)

// XCLAIM key group consumer min-idle-time id [id ...] [IDLE ms] [TIME unix-ms]
// [RETRYCOUNT n] [FORCE] [JUSTID] [LASTID id]: makes pending entries those of
// another consumer.
// https://redis.io/docs/latest/commands/xclaim/
var xclaim = Command{
	Name:    "xclaim",
	Syntax:  "XCLAIM key group consumer min-idle-time id [id ...] [IDLE ms] [TIME unix-time-milliseconds] [RETRYCOUNT count] [FORCE] [JUSTID] [LASTID lastid]",
	Summary: "Makes a consumer the owner of pending entries that were delivered long enough ago.",
	Since:   "5.0.0", Group: "stream",
	Complexity: "O(log N) with N being the number of entries in the PEL of the consumer group.",
	Arguments: []Argument{
		keyArgument, groupArgument, consumerArgument,
		{Name: "min-idle-time", Type: "string"},
		{Name: "id", Type: "string", Multiple: true},
		{Name: "ms", Type: "integer", Token: "IDLE", Optional: true},
		{Name: "unix-time-milliseconds", Type: "unix-time", Token: "TIME", Optional: true},
		{Name: "count", Type: "integer", Token: "RETRYCOUNT", Optional: true},
		{Name: "force", Type: "pure-token", Token: "FORCE", Optional: true},
		{Name: "justid", Type: "pure-token", Token: "JUSTID", Optional: true},
		{Name: "lastid", Type: "string", Token: "LASTID", Optional: true},
	},
	Arity: -6, Flags: Write | Fast, Categories: CatWrite | CatStream | CatFast,
	Tips:  []string{"nondeterministic_output"},
	Keys:  OneKey(1, "RW", "update"),
	Class: Log,
	Run:   runXClaim,
	Quiet: quietXClaim,
}

// claimOptions are XCLAIM's arguments.
type claimOptions struct {
	minIdle    int64
	ids        [][]byte // all good
	time       int64    // of delivery
	retryCount int64    // negative: as it comes
	force      bool
	justID     bool
	lastID     streams.ID
}

// parseClaim parses XCLAIM's arguments. What can't be read as an ID begins the
// options.
func parseClaim(args [][]byte, now int64) (o claimOptions, err error) {
	minIdle, ok := parseInt(args[4])
	if !ok {
		return o, errClaimMinIdle
	}
	o.minIdle, o.time, o.retryCount = max(0, minIdle), now, -1
	i := 5
	for i < len(args) {
		if _, ok := streams.ParseID(args[i], 0); !ok {
			break
		}
		i++
	}
	o.ids = args[5:i]
	for i < len(args) {
		n, err := o.parseOption(args[i:], now)
		if err != nil {
			return o, err
		}
		i += n
	}
	if o.time < 0 || o.time > now {
		// Clients reckon with clocks of their own: what can't be is now.
		o.time = now
	}
	return o, nil
}

// parseOption parses the option that args begin with and returns how many of them
// it takes.
func (o *claimOptions) parseOption(args [][]byte, now int64) (n int, err error) {
	option, value := args[0], []byte(nil)
	if len(args) > 1 {
		value = args[1]
	}
	switch {
	case equalFold(option, "force"):
		o.force = true
		return 1, nil
	case equalFold(option, "justid"):
		o.justID = true
		return 1, nil
	case len(args) == 1:
		return 0, unrecognizedClaimOption(option)
	case equalFold(option, "idle"):
		o.time, err = parseIntOr(value, errClaimIdle)
		o.time = now - o.time
	case equalFold(option, "time"):
		o.time, err = parseIntOr(value, errClaimTime)
	case equalFold(option, "retrycount"):
		o.retryCount, err = parseIntOr(value, errClaimRetryCount)
	case equalFold(option, "lastid"):
		o.lastID, err = parseID(value)
	default:
		return 0, unrecognizedClaimOption(option)
	}
	return 2, err
}

func runXClaim(c *Call) error {
	k, s, err := c.streamOrMiss(c.Args[1])
	if err != nil {
		return err
	}
	g := c.groupToChange(s, c.Args[2])
	if g == nil {
		return noSuchKeyOrGroup(c.Args[1], c.Args[2])
	}
	o, err := parseClaim(c.Args, c.Now)
	if err != nil {
		return err
	}
	if c.Applying && g.LastID().Less(o.lastID) {
		g.SetLastID(o.lastID)
	}
	consumer := c.seeConsumer(g, c.Args[1], c.Args[2], c.Args[3])
	h := openHeader(&c.Out, int64(len(o.ids)))
	n := int64(0)
	if c.Applying {
		n = c.claim(s, g, &o, consumer)
	}
	if n > 0 && o.time < c.Now {
		c.signalKey(k, c.Args[1]) // with CLAIM somebody may wait for entries as idle as that
	}
	h.close(&c.Out, '*', n)
	return nil
}

// claim claims what o names, one after the other: an ID may come twice. It
// returns how many claims it has appended to the reply.
func (c *Call) claim(s *keyspace.StreamValue, g *groups.Group, o *claimOptions, consumer groups.ConsumerID) (n int64) {
	find := entryFinder{s: s.Stream}
	for _, b := range o.ids {
		id, _ := streams.ParseID(b, 0)
		cur := find.find(id)
		if cur == nil {
			g.Ack(id) // nobody can work on what is gone
			continue
		}
		p, ok := claimable(g, id, o, c.Now)
		if !ok {
			continue
		}
		count := p.Count
		p = p.Redelivered(consumer, o.time)
		switch {
		case o.retryCount >= 0:
			p.Count = o.retryCount
		case o.justID:
			p.Count = count
		}
		g.Put(p)
		c.appendClaimed(cur, o.justID)
		n++
	}
	if n > 0 {
		g.SetActive(consumer, c.Now)
	}
	return n
}

// claimable returns the pending entry that XCLAIM is to claim. With FORCE one that
// was not pending becomes so; its count begins at 1, and the claim still adds to
// that, as in Redis.
func claimable(g *groups.Group, id streams.ID, o *claimOptions, now int64) (p groups.Pending, ok bool) {
	p, pending := g.Get(id)
	if !pending {
		return groups.Pending{ID: id, Count: 1}, o.force
	}
	return p, p.Claimable(now, o.minIdle)
}

// appendClaimed appends the entry under the cursor, or only its ID.
func (c *Call) appendClaimed(cur *streams.Cursor, justID bool) {
	if justID {
		c.Out = appendID(c.Out, cur.ID())
		return
	}
	c.appendEntry(cur)
}

// quietXClaim is true when the consumer exists and there is nothing to claim, or
// when the command will end in an error.
func quietXClaim(c *Call) bool {
	s, g, known := c.quietGroup(c.Args[1], c.Args[2])
	if g == nil {
		return known
	}
	o, err := parseClaim(c.Args, c.Now)
	if err != nil {
		return true
	}
	if _, ok := g.Consumer(c.Args[3]); !ok || g.LastID().Less(o.lastID) {
		return false
	}
	for _, b := range o.ids {
		id, _ := streams.ParseID(b, 0)
		p, pending := g.Get(id)
		switch {
		case !pending && o.force && s.Has(id),
			pending && (p.Claimable(c.Now, o.minIdle) || !s.Has(id)):
			return false
		}
	}
	return true
}
