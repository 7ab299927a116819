package resp

import (
	"time"

	"github.com/millrace-io/millrace/commands"
	"github.com/millrace-io/millrace/replication"
	"github.com/millrace-io/millrace/resp/wire"
	"github.com/millrace-io/millrace/tracking"
)

type slotState uint8

const (
	slotWaiting slotState = iota // for Fill
	slotParked                   // for its turn: runs when it is the head of the queue
	slotFilled
)

// slot is a place in a session's queue of replies, together with the request that
// the reply answers.
type slot struct {
	request
	req     replication.Request // what the partition gets
	session *Session
	command *commands.Command
	stats   *CommandStats
	next    *slot
	// tracker is who is told when what the command reads changes, nil for nobody.
	tracker *tracking.Tracker

	// Covered by the session's lock once the slot is in the queue.
	state slotState
	reply []byte // of a filled slot that is not the head yet
	// behind are messages that go out right behind the reply: those that the command
	// caused and its own client gets, some that came about later, and what the client
	// is told about keys that the command has read.
	behind []byte
	// execution is the transaction that the home goes on with, of a parked EXEC.
	execution *execution
	// silent slots send nothing: CLIENT REPLY OFF or SKIP.
	silent bool
	// blocking slots belong to a command that may block.
	blocking bool
	// final slots are never used again: others may hold on to them.
	final bool
}

// Fill hands over the reply, once, from any goroutine; see replication.Replier.
func (sl *slot) Fill(reply []byte) {
	s := sl.session
	s.mu.Lock()
	if sl.state == slotFilled {
		s.mu.Unlock()
		return
	}
	switch {
	case len(reply) == 0:
		s.cut = true
	case reply[0] == '-':
		sl.stats.Failed.Add(1)
		s.server.errors.count(reply)
	}
	s.fillLocked(sl, reply)
	s.unlockTouched()
}

// Took adds to the time that the command has run, as one call unless it ran again
// after it had waited.
func (sl *slot) Took(d time.Duration, again bool) { sl.stats.ran(d, again) }

// Client is who sent the request: its address, and the name that it gave itself.
func (sl *slot) Client() (addr, name string) {
	s := sl.session
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.remote, s.info.name
}

// fillLocked fills a slot of the queue and moves what can be sent to the output.
func (s *Session) fillLocked(sl *slot, reply []byte) {
	sl.state = slotFilled
	s.unfilled--
	s.unfilledBytes -= sl.size
	switch {
	case sl.silent || s.closed || s.cut:
	case !s.roomLocked(len(reply)):
		s.overflowLocked()
	case sl == s.queue.head:
		s.out = append(s.out, reply...)
	default:
		sl.reply = append(sl.reply[:0], reply...)
		s.kept += len(reply)
	}
	if sl == s.queue.head {
		s.releaseBehindLocked(sl)
		s.releaseLocked()
	}
	s.popLocked()
}

// popLocked moves the filled head of the queue to the output.
func (s *Session) popLocked() {
	for sl := s.queue.head; sl != nil && sl.state == slotFilled; sl = s.queue.head {
		s.queue.pop()
		if len(sl.reply) > 0 {
			s.kept -= len(sl.reply)
			if !s.closed && !s.cut {
				s.out = append(s.out, sl.reply...)
			}
		}
		s.releaseBehindLocked(sl)
		s.done.push(sl)
	}
}

// roomLocked reports whether n more bytes of replies stay within the hard limit.
func (s *Session) roomLocked(n int) bool {
	hard := s.outputLimitLocked().Hard
	if hard == 0 {
		hard = maxOutput
	}
	return int64(s.unsentLocked()+n) <= hard
}

// listens reports whether the client gets what it does not ask for one by one:
// messages, or the lines of MONITOR.
func (s *Session) listens() bool { return s.pubsub.counts.Any() || s.info.monitor }

// outputLimitLocked is the limit that holds for the session's class.
func (s *Session) outputLimitLocked() OutputLimit {
	l := s.server.limits.Load()
	if s.listens() {
		return l.PubSubOutput
	}
	return l.Output
}

// unsentLocked is the size of the replies that are filled and not sent.
func (s *Session) unsentLocked() int {
	return len(s.out) + s.kept + s.writing + len(s.pubsub.held)
}

// overflowLocked gives the replies of a client that does not read up, with their
// memory; its home closes the connection.
func (s *Session) overflowLocked() {
	s.cut, s.overflow = true, true
	s.out, s.kept, s.pubsub.held, s.pubsub.last = nil, 0, nil, nil
	for sl := s.queue.head; sl != nil; sl = sl.next {
		sl.reply, sl.behind = nil, nil
	}
}

// noteOverflow counts and reports a connection that is closed for its output.
func (s *Session) noteOverflow() {
	s.mu.Lock()
	overflow := s.overflow
	s.overflow = false
	s.mu.Unlock()
	if overflow {
		s.stats.OutputLimit.Add(1)
		s.server.log.Warn("closed client past client-output-buffer-limit", "client", s.remote)
	}
}

// slotList is a queue of slots.
type slotList struct{ head, tail *slot }

func (l *slotList) push(sl *slot) {
	sl.next = nil
	if l.head == nil {
		l.head = sl
	} else {
		l.tail.next = sl
	}
	l.tail = sl
}

func (l *slotList) pop() {
	l.head = l.head.next
	if l.head == nil {
		l.tail = nil
	}
}

// errorReply is err as it goes to the client, and counts it.
func (s *Session) errorReply(b []byte, err error) []byte {
	b = wire.AppendError(b, err.Error())
	s.server.errors.count(b)
	return b
}
