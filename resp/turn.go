package resp

import "github.com/millrace-io/millrace/commands"

// maxRounds bounds how often a session goes on within one turn, so that others
// have theirs.
const maxRounds = 8

// turn does what there is to do for a session once slots were filled: it takes
// filled slots back, runs commands that waited for their turn, and goes on with
// requests that were read before something held the session back. The home sends
// the output afterwards. true means that the turn was cut short.
func (s *Session) turn() bool {
	defer s.flushPublished()
	for round := 0; ; round++ {
		if parked := s.collect(); parked != nil {
			s.serveParked(parked)
			continue
		}
		if !s.mayGoOn() {
			s.parser.rest()
			return false
		}
		if round >= maxRounds {
			return true
		}
		s.run()
	}
}

// collect takes back filled slots. From now on the home is touched again when a
// slot is filled. It returns the head of the queue if that is a command whose turn
// has come.
func (s *Session) collect() (parked *slot) {
	s.mu.Lock()
	s.touched = false
	done := s.done
	s.done = slotList{}
	if head := s.queue.head; head != nil && head.state == slotParked {
		parked = head
	}
	if s.wait != nil && s.wait.state == slotFilled {
		s.wait = nil
	}
	s.info.buffered = s.parser.buffered()
	s.info.postponed = s.postponed != nil
	s.info.blocked = s.wait != nil && s.wait.blocking || s.info.postponed
	if s.cut {
		s.end = severing
	}
	s.mu.Unlock()
	for sl := done.head; sl != nil; {
		next := sl.next
		s.pool.recycle(sl)
		sl = next
	}
	return parked
}

// serveParked runs a command whose turn has come, at the head of the queue. Its
// reply may come later, from elsewhere.
func (s *Session) serveParked(sl *slot) {
	s.pool.laps.Stop()
	s.mu.Lock()
	sl.state = slotWaiting
	s.mu.Unlock()
	if sl.execution != nil {
		s.serveExec(sl.execution)
		return
	}
	later := false
	reply := s.serve(sl, func() func([]byte) {
		later = true
		sl.final = true // the command may hold on to the function for ever
		return func(reply []byte) {
			sl.Fill(reply)
			s.server.Flush()
		}
	})
	if sl.command.Class != commands.Deferred {
		s.tell(sl)
	}
	if later && len(reply) == 0 {
		return
	}
	s.mu.Lock()
	if sl.state != slotFilled {
		s.fillLocked(sl, reply)
	}
	s.mu.Unlock()
}

// mayGoOn reports whether a session that was stopped has room again.
func (s *Session) mayGoOn() bool {
	if !s.stopped || s.end != open {
		return false
	}
	if s.full {
		s.full = s.server.router.Full()
	}
	s.mu.Lock()
	s.base = s.loadLocked()
	s.mu.Unlock()
	return s.mayRun()
}

// finished reports whether a session that ends has sent all its replies.
func (s *Session) finished() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.queue.head == nil && s.unsentLocked() == 0
}

// drained reports whether the connection can go when the server stops: what it
// asked for is answered, or waits for something that will not come any more.
func (s *Session) drained() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	waits := s.wait != nil && s.wait.blocking && s.wait == s.queue.head
	return (s.queue.head == nil || waits) && s.unsentLocked() == 0
}
