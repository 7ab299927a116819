package resp

import (
	"runtime/debug"

	"github.com/millrace-io/millrace/commands"
)

// serveInOrder runs an own command at once. Others wait for their turn: the
// session's home runs them when they are the head of the queue.
func (s *Session) serveInOrder(sl *slot) {
	settles := sl.command.Settles && (s.Subscribed() || s.track.tracker != nil)
	if sl.command.Class == commands.Own && !settles {
		s.answer(sl, s.serve(sl, nil))
		s.tell(sl)
		return
	}
	sl.state = slotParked
	if sl.command.Class == commands.Deferred {
		s.tell(sl) // now, while nothing behind it has been told
	}
	if sl.command.Class == commands.Barrier || settles {
		s.wait = sl
	}
}

// serve runs a command that concerns the connection or the node and returns its
// reply, in the pool's scratch.
func (s *Session) serve(sl *slot, later func() func([]byte)) []byte {
	c := &s.pool.call
	*c = commands.ServeCall{
		Command: sl.command, Args: sl.args, Session: s, Node: s.server.node, Table: s.server.table,
		Later: later, Out: s.pool.scratch[:0], InExec: s.pubsub.inExec,
	}
	s.spoke = false
	s.pool.laps.Resume()
	if err := s.serveRecovered(c); err != nil {
		c.Out = s.errorReply(c.Out[:0], err)
		sl.stats.Failed.Add(1)
	}
	took := s.pool.laps.Lap() + c.Asleep
	sl.Took(took, false)
	if served := s.server.options.Served; served != nil {
		served(sl.command, sl.args, sl, took)
	}
	if s.spoke {
		sl.silent = false
	}
	s.parser.limits = s.server.limits.Load().parse(s.authed)
	out := c.Out
	if cap(out) <= maxScratch {
		s.pool.scratch = out[:0]
	}
	*c = commands.ServeCall{}
	return out
}

// serveRecovered turns a panic into an error of that command alone.
func (s *Session) serveRecovered(c *commands.ServeCall) (err error) {
	defer func() {
		if r := recover(); r != nil {
			s.server.log.Error("command panicked", "command", c.Command.FullName(), "client", s.remote,
				"panic", r, "stack", string(debug.Stack()))
			err = commands.ErrInternal
		}
	}()
	return c.Command.Serve(c)
}
