package resp

import (
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/millrace-io/millrace/commands"
)

// monitors are the sessions that see what all sessions call.
type monitors struct {
	// any is what every command asks, so that MONITOR costs nothing where nobody
	// monitors.
	any atomic.Bool

	// mu covers what follows, and makes every monitor see the same lines in the same
	// order. A session's lock is taken under it.
	mu    sync.Mutex
	list  []*Session
	frame []byte // the line being written, to be used again
}

// Monitor implements commands.Session. The lines wait behind the reply of MONITOR,
// which is the head of the queue.
func (s *Session) Monitor() bool {
	if s.pubsub.inExec {
		return false
	}
	if s.closed || s.info.monitor {
		return true
	}
	s.mu.Lock()
	s.info.monitor, s.pubsub.hold = true, true
	s.mu.Unlock()
	m := &s.server.monitors
	m.mu.Lock()
	defer m.mu.Unlock()
	m.list = append(m.list, s)
	m.any.Store(true)
	return true
}

// unmonitor ends MONITOR. The home calls it, without the lock.
func (s *Session) unmonitor() {
	if !s.info.monitor {
		return
	}
	m := &s.server.monitors
	m.mu.Lock()
	if i := slices.Index(m.list, s); i >= 0 {
		m.list = slices.Delete(m.list, i, i+1)
	}
	m.any.Store(len(m.list) > 0)
	m.mu.Unlock()
	s.change(func(i *sessionInfo) { i.monitor = false })
}

// tell shows the command of a slot to the monitors, from the session's turn.
func (s *Session) tell(sl *slot) {
	if s.server.monitors.any.Load() {
		s.tellMonitors(sl, sl.command, sl.args, s.info.db)
		s.pubsub.published = true
	}
}

// tellMonitors shows a command to all monitors. sl is the slot of the reply behind
// which the line stands for the session itself: one that is not in the queue yet,
// or its head. Whoever calls it elsewhere than in the session's turn flushes.
func (s *Session) tellMonitors(sl *slot, c *commands.Command, args [][]byte, db int) {
	m := &s.server.monitors
	if !m.any.Load() || !c.Monitored() {
		return
	}
	client := s.remote
	if s.unix != "" {
		client = "unix:" + s.unix
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.frame = commands.AppendMonitorLine(m.frame[:0], time.Now(), db, client, c, args)
	for _, to := range m.list {
		if to == s {
			s.showOwn(sl, m.frame)
		} else {
			to.show(m.frame)
		}
	}
	if cap(m.frame) > maxScratch {
		m.frame = nil
	}
}

// show sends a line to a monitor, from any goroutine.
func (s *Session) show(line []byte) {
	s.mu.Lock()
	switch {
	case s.closed || s.cut:
		s.mu.Unlock()
		return
	case !s.roomLocked(len(line)):
		s.overflowLocked()
	case s.pubsub.hold:
		s.pubsub.held = append(s.pubsub.held, line...)
	default:
		s.out = append(s.out, line...)
	}
	s.unlockTouched()
}

// showOwn shows a monitor what it calls itself, behind the reply.
func (s *Session) showOwn(sl *slot, line []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.info.closing: // the reply is the last that it gets
	case sl == s.queue.head && sl.state != slotFilled:
		s.pubsub.held = append(s.pubsub.held, line...)
	case !sl.silent:
		sl.reply = append(sl.reply, line...)
	}
}

// refusedAsMonitor reports whether a command can't be run since it looks at keys:
// Redis takes a monitor for a kind of replica.
func (s *Session) refusedAsMonitor(c *commands.Command) bool {
	return s.info.monitor && (c.Class == commands.Log || c.Class == commands.Read || c.Class == commands.Deferred)
}
