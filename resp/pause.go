package resp

import (
	"sync"
	"sync/atomic"
	"time"

	"github.com/millrace-io/millrace/commands"
)

// pauses is CLIENT PAUSE: what sessions do not run at the moment.
type pauses struct {
	// gate is held by a session for reading while it is in a pass, and for writing by
	// who begins a pause: no pass that has not seen the pause hands anything over
	// once it has begun.
	gate sync.RWMutex
	// now is nil while nothing is paused. Written under mu.
	now atomic.Pointer[pause]

	mu    sync.Mutex
	timer *time.Timer // ends the pause; nil before the first
}

// pause never changes.
type pause struct {
	until      time.Time
	writesOnly bool
}

func (p *pauses) enter() { p.gate.RLock() }
func (p *pauses) exit()  { p.gate.RUnlock() }

// holds reports whether a command waits for the end of the pause. In a transaction
// EXEC waits when any of its commands would.
func (p *pause) holds(cmd *commands.Command, tx *transaction) bool {
	switch {
	case cmd.NotPaused:
		return false
	case !p.writesOnly, changes(cmd):
		return true
	case cmd.Class != commands.Transact || tx == nil:
		return false
	}
	for _, q := range tx.queue {
		if changes(q.command) {
			return true
		}
	}
	return false
}

// changes reports whether a command changes what others see: keys, or, as those that
// are deferred do, what subscribers get.
func changes(cmd *commands.Command) bool {
	return cmd.Flags&commands.Write != 0 || cmd.Class == commands.Deferred
}

// Pause holds sessions back until a time: all that they send, or only what changes
// something. Of two pauses the later end holds and the one that holds back more.
// Requests handed over before it returns may still be on their way.
func (srv *Server) Pause(until time.Time, writesOnly bool) {
	p := &srv.pause
	p.gate.Lock()
	defer p.gate.Unlock()
	srv.front.handOver() // of passes before the pause
	p.mu.Lock()
	defer p.mu.Unlock()
	next := &pause{until, writesOnly}
	if old := p.now.Load(); old != nil {
		next.writesOnly = writesOnly && old.writesOnly
		if old.until.After(until) {
			next.until = old.until
		}
	}
	p.now.Store(next)
	if p.timer != nil {
		p.timer.Stop()
	}
	p.timer = time.AfterFunc(time.Until(next.until), func() { srv.endPause(next) })
}

// Unpause ends a pause, if there is one.
func (srv *Server) Unpause() {
	if now := srv.pause.now.Load(); now != nil {
		srv.endPause(now)
	}
}

// endPause ends a pause, unless another has taken its place.
func (srv *Server) endPause(ended *pause) {
	p := &srv.pause
	p.mu.Lock()
	done := p.now.CompareAndSwap(ended, nil)
	if done {
		p.timer.Stop()
	}
	p.mu.Unlock()
	if !done {
		return
	}
	srv.front.resume()
	if srv.options.Unpaused != nil {
		srv.options.Unpaused()
	}
}

// Paused reports until when clients are held back at the moment, wholly or in part.
func (srv *Server) Paused() (until time.Time, paused bool) {
	if now := srv.pause.now.Load(); now != nil {
		return now.until, true
	}
	return time.Time{}, false
}

// Postponed is the number of connections with a request that a pause holds back.
func (srv *Server) Postponed() int { return int(srv.postponed.Load()) }

// pausedFor reports whether a command of the session waits for the end of a pause.
func (s *Session) pausedFor(cmd *commands.Command) bool {
	now := s.server.pause.now.Load()
	return now != nil && now.holds(cmd, s.tx)
}

// paused reports whether a pause holds the session back.
func (s *Session) paused() bool { return s.postponed != nil && s.pausedFor(s.postponed.command) }

// postpone puts a request aside: it has no place in the queue yet, and nothing behind
// it is parsed. When the pause ends it is run as if it had just come.
func (s *Session) postpone(sl *slot, cmd *commands.Command) {
	sl.command = cmd
	s.postponed = sl
	s.server.postponed.Add(1)
	s.lastCmd = cmd
	s.change(func(i *sessionInfo) { i.command, i.postponed = cmd, true })
}

// takePostponed gives the request that was put aside, nil for none.
func (s *Session) takePostponed() *slot {
	sl := s.postponed
	if sl != nil {
		s.postponed = nil
		s.server.postponed.Add(-1)
	}
	return sl
}
