package server

import (
	"time"

	"github.com/millrace-io/millrace/commands"
	"github.com/millrace-io/millrace/replication"
)

// scanReply stands between a SCAN and its client: at the end of a partition it goes on
// with the next one, in the same call as long as there are fewer names than were asked
// for. Cursors are positions in the order of all keys, by slot first, so one that was
// given out is good for ever, and each partition's guarantee is the whole's.
type scanReply struct {
	relay
	router *slotRouter
	req    replication.Request // as the session made it
	slot   uint16              // in which the part on its way has begun
	count  int
	page   commands.ScanPage
	again  bool
}

// routeScan routes a SCAN by its cursor. In a transaction, which is in one partition,
// it could not go on.
func (r *slotRouter) routeScan(q *replication.Request) error {
	if q.InExec {
		return commands.ErrCrossSlot
	}
	slot, count := commands.ScanFrom(q.Args)
	q.Partition = r.slots.of[slot]
	q.To = &scanReply{relay: relay{q.To}, router: r, req: *q, slot: slot, count: count}
	return nil
}

// Fill implements replication.Replier.
func (s *scanReply) Fill(reply []byte) {
	if !s.page.Add(reply) {
		s.to.Fill(reply)
		return
	}
	next, more := s.router.slots.behind(s.slot)
	if s.page.Cursor == 0 && more {
		if s.page.Count < s.count {
			s.goOn(next)
			return
		}
		s.page.GoOnAt(next)
	}
	s.to.Fill(s.page.Reply())
}

func (s *scanReply) goOn(slot uint16) {
	s.slot, s.again = slot, true
	q := s.req
	q.Args, q.To, q.Partition = commands.ScanArgs(s.req.Args, slot), s, s.router.slots.of[slot]
	s.router.at(&q).Submit([]*replication.Request{&q})
}

// Took implements timed: it is one call, wherever it runs.
func (s *scanReply) Took(d time.Duration, again bool) { s.relay.Took(d, again || s.again) }
