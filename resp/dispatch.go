package resp

import (
	"net/netip"

	"github.com/millrace-io/millrace/commands"
)

// dispatch runs the request that the parser found: the checks in Redis' order,
// then what the class of the command asks for.
func (s *Session) dispatch(sl *slot) {
	cmd, err := s.server.table.Find(sl.args)
	if cmd != nil && s.pausedFor(cmd) && s.check(cmd, sl) == nil {
		s.postpone(sl, cmd)
		return
	}
	s.freshBytes += sl.size
	if s.track.caching {
		defer s.endCaching(cmd)
	}
	if cmd == nil && isCrossProtocol(sl.args[0]) {
		s.crossProtocol(sl)
		return
	}
	s.place(sl)
	if cmd == nil {
		if c := s.server.table.Named(sl.args); c != nil {
			sl.stats = s.commandStats(c)
		}
		s.reject(sl, s.refusedInMulti(sl.args, err))
		return
	}
	sl.command, sl.stats = cmd, s.commandStats(cmd)
	if err := s.check(cmd, sl); err != nil {
		s.reject(sl, s.refusedInMulti(sl.args, err))
		return
	}
	s.lastCmd = cmd
	if s.tx != nil && !cmd.NotQueued {
		s.enqueueInMulti(sl)
		return
	}
	sl.stats.Calls.Add(1)
	switch {
	case cmd.Class == commands.Transact:
		s.exec(sl)
	case cmd.Watches && s.tx != nil:
		s.answer(sl, s.errorReply(s.pool.scratch[:0], commands.ErrWatchInMulti))
	case cmd.Class == commands.Log || cmd.Class == commands.Read:
		s.tell(sl)
		if err := s.checkArguments(cmd, sl.args); err != nil {
			sl.stats.Failed.Add(1)
			s.answer(sl, s.errorReply(s.pool.scratch[:0], err))
			return
		}
		s.route(sl)
	default:
		s.serveInOrder(sl)
	}
}

// checkArguments finds what is wrong with the arguments alone, which costs the
// partition nothing then. To the client it is a command that ran and failed.
func (s *Session) checkArguments(cmd *commands.Command, args [][]byte) error {
	if err := s.refusedInCluster(cmd, args); err != nil {
		return err
	}
	if cmd.Check == nil {
		return nil
	}
	return cmd.Check(args)
}

// check finds why a command may not run at all, or not here.
func (s *Session) check(cmd *commands.Command, sl *slot) error {
	if cmd.NeedsDebug && !s.server.node.DebugAllowed(s.isLocal()) {
		return commands.ErrDebugNotAllowed
	}
	if !s.authed && cmd.Flags&commands.NoAuth == 0 {
		return commands.ErrNoAuth
	}
	if err := s.redirected(cmd, sl.args); err != nil {
		return err
	}
	if s.needsMemory(cmd) && s.server.node.OutOfMemory(int64(sl.size)) {
		return commands.ErrOOM
	}
	if s.refusedInSubscribed(cmd) {
		return commands.ErrInSubscribed(cmd)
	}
	if s.refusedAsMonitor(cmd) {
		return commands.ErrMonitorReads
	}
	return nil
}

// isLocal reports whether the client is on this machine: what has no IP address is.
func (s *Session) isLocal() bool {
	addr, err := netip.ParseAddrPort(s.remote)
	return err != nil || addr.Addr().Unmap().IsLoopback()
}

func (s *Session) reject(sl *slot, err error) {
	s.stats.Rejected.Add(1)
	if sl.stats != nil {
		sl.stats.Rejected.Add(1)
	}
	s.answer(sl, s.errorReply(s.pool.scratch[:0], err))
}

// isCrossProtocol finds what a browser would send that was made to talk to us.
func isCrossProtocol(name []byte) bool {
	return equalFold(name, "post") || equalFold(name, "host:")
}

func equalFold(b []byte, lower string) bool {
	if len(b) != len(lower) {
		return false
	}
	for i, c := range b {
		if 'A' <= c && c <= 'Z' {
			c += 'a' - 'A'
		}
		if c != lower[i] {
			return false
		}
	}
	return true
}

// crossProtocol closes without an answer.
func (s *Session) crossProtocol(sl *slot) {
	s.server.log.Warn("closed client that speaks HTTP: possible cross-protocol attack", "client", s.remote)
	s.pool.recycle(sl)
	s.CloseAfterReply()
}
