package resp

import (
	"errors"
	"net/netip"
	"runtime/debug"

	"github.com/millrace-io/millrace/commands"
	"github.com/millrace-io/millrace/replication"
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
		sl.req.Class = replication.Read
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
	if cmd.Class == commands.Read {
		sl.req.Local = s.info.readOnly
		if s.nothingBefore() && s.readNow(sl) {
			return
		}
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
