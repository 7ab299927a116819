package commands

import (
	"math"

	"github.com/millrace-io/millrace/groups"
	"github.com/millrace-io/millrace/keyspace"
	"github.com/millrace-io/millrace/resp/wire"
	"github.com/millrace-io/millrace/streams"
)

// leastEntryBytes is less than any entry takes in a reply: with MAXSIZE no more
// claims need to be found than could be given.
const leastEntryBytes = 16

// findClaims returns the pending entries that CLAIM gives, in claim order: those
// longest without an owner first, then those longest with one. They are found
// before any is claimed, so each comes once. What the stream has no more is passed
// over and stays pending.
func (c *Call) findClaims(o *readOptions, p *groupPosition, b *readBudget) (claims []groups.Pending) {
	if !o.claim {
		return nil
	}
	most := int64(unlimited)
	for _, limit := range []int64{o.limit, b.count} {
		if limit != unlimited && (most == unlimited || limit < most) {
			most = limit
		}
	}
	if b.size != unlimited && (most == unlimited || b.size/leastEntryBytes < most) {
		most = b.size/leastEntryBytes + 1
	}
	eachClaim(p.s, p.g, o.minIdle, c.Now, func(e groups.Pending) bool {
		claims = append(claims, e)
		return int64(len(claims)) != most
	})
	return claims
}

// eachClaim calls fn with the pending entries that have been idle for minIdle and
// that the stream still has, in claim order, until it returns false.
func eachClaim(s *keyspace.StreamValue, g *groups.Group, minIdle, now int64, fn func(groups.Pending) bool) {
	find := entryFinder{s: s.Stream}
	has := func(id streams.ID) bool { return find.find(id) != nil }
	g.AscendClaims(has, func(e groups.Pending) bool {
		return now-e.Time >= minIdle && fn(e) // all that follow are idle for less
	})
}

// pollIdle is how long a waiter with CLAIM waits at least, in ms, before it looks
// whether something became pending where nothing was.
const pollIdle = 10

// waitForClaims adds to what a command waits for that a pending entry of one of the
// streams may become idle enough: the oldest, or one that is delivered from now on.
// None of those pending is idle enough yet.
func (c *Call) waitForClaims(o *readOptions, list []groupPosition) {
	w := c.Wait
	w.Claim, w.MinIdle = true, o.minIdle
	w.Taker = o.minIdle <= c.Now // what nobody owns has been idle since 1970
	for i := range list {
		at := c.Now + max(o.minIdle, pollIdle)
		eachClaim(list[i].s, list[i].g, math.MinInt64, c.Now, func(e groups.Pending) bool {
			at = e.Time + o.minIdle
			return false
		})
		// Beyond the highest time there is nothing to wait for.
		if at > 0 && (w.LookAt == 0 || at < w.LookAt) {
			w.LookAt = at
		}
	}
}

func anyClaim(s *keyspace.StreamValue, g *groups.Group, minIdle, now int64) (found bool) {
	eachClaim(s, g, minIdle, now, func(groups.Pending) bool {
		found = true
		return false
	})
	return found
}

// claimIdle makes claims the consumer's, as far as the budget goes, and appends
// them with the idle times and counts from before. It returns how many.
func (c *Call) claimIdle(r *readReply, p *groupPosition, claims []groups.Pending, consumer groups.ConsumerID) (n int64) {
	find := entryFinder{s: p.s.Stream}
	for _, e := range claims {
		if !r.budget.entry(c) {
			break
		}
		c.appendDelivered(find.find(e.ID), e.Idle(c.Now), e.Count)
		p.g.Put(e.Redelivered(consumer, c.Now))
		n++
	}
	return n
}

// appendDelivered appends the entry under the cursor as XREADGROUP does with CLAIM:
// with the idle time and the count of its deliveries so far.
func (c *Call) appendDelivered(cur *streams.Cursor, idle, count int64) {
	at := len(c.Out)
	c.appendEntry(cur)
	c.Out[at+1] = '4' // of "*2"
	c.Out = wire.AppendInt(c.Out, idle)
	c.Out = wire.AppendInt(c.Out, count)
}
