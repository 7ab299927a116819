package server

import (
	"github.com/millrace-io/millrace/commands"
	"github.com/millrace-io/millrace/replication"
)

// scanReply stands between a SCAN and its client: at the end of a partition the cursor
// goes on with the next one. Cursors are positions in the order of all keys, by slot
// first, so one that was given out is good for ever.
type scanReply struct {
	relay
	next uint16 // first slot of the partition behind
}

// routeScan routes a SCAN by its cursor. In a transaction, which is in one partition,
// it could not go on.
func (r *slotRouter) routeScan(q *replication.Request) error {
	if q.InExec {
		return commands.ErrCrossSlot
	}
	slot := commands.ScanSlot(q.Args)
	q.Partition = r.slots.of[slot]
	if next, more := r.slots.behind(slot); more {
		q.To = &scanReply{relay{q.To}, next}
	}
	return nil
}

// Fill implements replication.Replier.
func (s *scanReply) Fill(reply []byte) { s.to.Fill(commands.ScanOn(reply, s.next)) }
