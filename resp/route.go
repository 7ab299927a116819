package resp

import (
	"github.com/millrace-io/millrace/commands"
	"github.com/millrace-io/millrace/replication"
)

// route sends a request to its partition: a read at once when nothing is
// unfinished before it, all others with the pass.
func (s *Session) route(sl *slot) {
	cmd := sl.command
	if cmd.MayBlock != nil && cmd.MayBlock(sl.args) {
		sl.blocking, sl.final = true, true
		sl.detach(s.pool)
		s.wait = sl
	}
	sl.req = replication.Request{
		Op: cmd, Args: sl.args, DB: s.info.db, Proto: s.info.proto, To: sl,
	}
	if cmd.Class == commands.Read {
		sl.req.Class, sl.req.Local = replication.Read, s.info.readOnly // before Route, which may make several of it
	}
	if s.track.tracker != nil {
		sl.tracker = s.track.tracker
		sl.req.Client, sl.req.Tracks = sl, s.tracks(cmd, s.track.caching)
	}
	if err := s.server.router.Route(&sl.req); err != nil {
		s.refuseRoute(sl, err)
		return
	}
	if sl.req.Holds {
		s.wait = sl
	}
	if cmd.Watches {
		// What comes next may be EXEC, which needs the versions.
		sl.req.To, sl.final = watchReply{sl}, true
		s.wait = sl
	}
	if cmd.Class == commands.Read && s.nothingBefore() && s.readNow(sl) {
		return
	}
	s.reqs = append(s.reqs, &sl.req)
}

// refuseRoute answers a request that can go nowhere. To the client it has run and
// failed.
func (s *Session) refuseRoute(sl *slot, err error) {
	if s.wait == sl {
		s.wait, sl.blocking = nil, false
	}
	sl.stats.Failed.Add(1)
	s.answer(sl, s.errorReply(s.pool.scratch[:0], err))
}

// readNow runs a read at once if the state is free. On false it is in the queue, to
// be submitted.
func (s *Session) readNow(sl *slot) bool {
	s.enqueue()
	if !s.server.router.ReadNow(&sl.req) {
		return false
	}
	s.mu.Lock()
	s.base = s.loadLocked()
	s.mu.Unlock()
	return true
}

// nothingBefore reports whether all slots before the newest one are filled.
func (s *Session) nothingBefore() bool { return s.base.commands == 0 && s.freshWaiting == 1 }
