package commands

import (
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
	g.AscendTime(func(e groups.Pending) bool {
		if now-e.Time < minIdle {
			return false // and so are all that follow
		}
		return find.find(e.ID) == nil || fn(e)
	})
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
