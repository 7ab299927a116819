package resp

import (
	"errors"

	"github.com/millrace-io/millrace/commands"
)

// load is what a session has unfinished and unsent.
type load struct{ commands, bytes, unsent int }

// run is a pass: it runs what was read, until something holds the session back
// or the bytes end, and hands the requests over.
func (s *Session) run() {
	s.server.pause.enter()
	defer s.server.pause.exit()
	s.begin()
	for s.mayRun() {
		if sl := s.takePostponed(); sl != nil {
			s.dispatch(sl)
			continue
		}
		ok, err := s.parser.next()
		if err != nil {
			s.refuse(err)
			break
		}
		if !ok {
			s.stopped = false
			if s.ended {
				s.CloseAfterReply()
			}
			break
		}
		sl := s.pool.slot()
		s.parser.take(&sl.request)
		s.dispatch(sl)
	}
	s.commit()
}

// begin opens a pass. From here to the end of the turn the home looks at the
// session anyway, so nobody need touch it.
func (s *Session) begin() {
	s.stopped = true
	s.parser.limits = s.server.limits.Load().parse(s.authed)
	s.mu.Lock()
	s.touched = true
	s.base = s.loadLocked()
	s.info.netIn += uint64(s.received)
	s.info.lastUsed = s.now
	s.mu.Unlock()
	s.received = 0
	s.pool.laps.Stop()
	s.full = s.server.router.Full()
}

// mayRun reports whether the session may run another command.
func (s *Session) mayRun() bool {
	o := &s.server.options
	return s.end == open && s.wait == nil && !s.full && !s.paused() && !s.server.stopping.Load() &&
		s.base.commands+s.freshCount < o.MaxUnfinished &&
		s.base.bytes+s.freshBytes < o.MaxUnfinishedBytes &&
		s.base.unsent+s.freshReply < s.holdAt()
}

// refuse ends a connection whose bytes make no request.
func (s *Session) refuse(err error) {
	if errors.Is(err, errQueryLimit) {
		s.server.log.Warn("closed client past client-query-buffer-limit", "client", s.remote)
		s.stats.QueryLimit.Add(1)
		s.end = severing
		return
	}
	sl := s.pool.slot()
	s.place(sl)
	s.answer(sl, s.errorReply(s.pool.scratch[:0], err))
	s.CloseAfterReply()
}

// place gives a slot its place in the queue, and its silence.
func (s *Session) place(sl *slot) {
	sl.session = s
	sl.silent = s.skip || s.mode == commands.ReplyOff
	s.skip = false
	s.fresh.push(sl)
	s.freshCount++
	s.freshWaiting++
}

// answer fills a slot of this pass.
func (s *Session) answer(sl *slot, reply []byte) {
	sl.state = slotFilled
	s.freshWaiting--
	if !sl.silent {
		sl.reply = append(sl.reply[:0], reply...)
		s.freshReply += len(reply)
	}
}

// enqueue moves the slots of the pass into the queue.
func (s *Session) enqueue() {
	if s.fresh.head == nil {
		return
	}
	s.mu.Lock()
	for sl := s.fresh.head; sl != nil; {
		next := sl.next
		s.queue.push(sl)
		if sl.state == slotFilled {
			s.kept += len(sl.reply)
		} else {
			s.unfilled++
			s.unfilledBytes += sl.size
		}
		sl = next
	}
	s.info.command = s.lastCmd
	s.info.commands += uint64(s.freshCount)
	if !s.roomLocked(0) {
		s.overflowLocked()
	}
	s.popLocked()
	s.base = s.loadLocked()
	s.mu.Unlock()
	s.stats.Commands.Add(uint64(s.freshCount))
	s.fresh = slotList{}
	s.freshCount, s.freshWaiting, s.freshBytes, s.freshReply = 0, 0, 0, 0
}

// commit ends a pass: its slots are queued and its requests handed over.
func (s *Session) commit() {
	s.enqueue()
	if len(s.reqs) > 0 {
		s.home.submit(s.reqs)
		clear(s.reqs)
		s.reqs = s.reqs[:0]
	}
	if s.hungUp {
		s.cancelWait()
	}
}

// cancelWait ends the wait of a client that is gone, be it for a key or for the end of
// a pause: what a pause holds back is never run then.
func (s *Session) cancelWait() {
	if sl := s.takePostponed(); sl != nil {
		s.pool.recycle(sl)
		s.CloseAfterReply()
	}
	if sl := s.wait; sl != nil && sl.blocking {
		s.server.router.Cancel(&sl.req)
	}
}

func (s *Session) loadLocked() load {
	return load{s.unfilled, s.unfilledBytes, s.unsentLocked()}
}
