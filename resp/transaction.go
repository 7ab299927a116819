package resp

import (
	"encoding/binary"
	"errors"
	"strings"
	"unsafe"

	"github.com/millrace-io/millrace/commands"
	"github.com/millrace-io/millrace/replication"
	"github.com/millrace-io/millrace/resp/wire"
)

// transaction is what a session has queued since MULTI.
type transaction struct {
	queue []*queued
	size  int  // bytes of their arguments
	bad   bool // a command was refused: EXEC runs nothing
	grows bool // a command may need memory: EXEC is refused when there is none
}

// queued is one command of a transaction, later its place in the reply.
type queued struct {
	slot  // has no place in the session's queue; Fill is its own
	reply []byte
	own   bool // concerns connection or node: the session's home runs it
	db    int  // selected once it has run
}

// Fill implements replication.Replier.
func (q *queued) Fill(reply []byte) {
	if len(reply) > 0 && reply[0] == '-' {
		q.stats.Failed.Add(1)
		q.session.server.errors.count(reply)
	}
	q.reply = append(q.reply[:0], reply...)
}

// Multi implements commands.Session.
func (s *Session) Multi() bool {
	if s.tx != nil {
		return false
	}
	s.tx = &transaction{}
	s.change(func(i *sessionInfo) { i.inMulti = true })
	return true
}

// Discard implements commands.Session.
func (s *Session) Discard() bool {
	if s.tx == nil {
		return false
	}
	s.endTransaction()
	return true
}

// Unwatch implements commands.Session.
func (s *Session) Unwatch() {
	s.change(func(i *sessionInfo) { i.watches, i.watching = nil, nil })
}

func (s *Session) endTransaction() {
	s.tx = nil
	s.change(func(i *sessionInfo) { i.inMulti, i.queued, i.watches, i.watching = false, 0, nil, nil })
}

// refusedInMulti notes that a command was refused, which spoils a transaction. A
// refused EXEC ends it, with an error of its own, and drops the watches: without a
// transaction, too, as in Redis.
func (s *Session) refusedInMulti(args [][]byte, err error) error {
	if s.tx != nil {
		s.tx.bad = true
	}
	if c := s.server.table.Lookup(args[0]); c == nil || c.Class != commands.Transact {
		return err
	}
	s.endTransaction()
	if _, elsewhere := err.(redirection); elsewhere {
		return err
	}
	return errors.New("EXECABORT Transaction discarded because of: " + strings.TrimPrefix(err.Error(), "ERR "))
}

// needsMemory reports whether a command is refused past maxmemory: one that may need
// more, and in a transaction whatever would be queued; EXEC when such a one is.
func (s *Session) needsMemory(cmd *commands.Command) bool {
	switch {
	case cmd.Flags&commands.DenyOOM != 0:
		return true
	case s.tx == nil:
		return false
	case cmd.Class == commands.Transact:
		return s.tx.grows
	}
	return !cmd.NotQueued
}

// enqueueInMulti queues a command of a transaction.
func (s *Session) enqueueInMulti(sl *slot) {
	if sl.command.Flags&commands.NoMulti != 0 {
		s.reject(sl, s.refusedInMulti(sl.args, commands.ErrNotInMulti))
		return
	}
	q := &queued{}
	q.command, q.stats, q.session, q.size = sl.command, sl.stats, s, sl.size
	sl.detach(s.pool)
	q.args, sl.args = sl.args, nil // the slot is used again before EXEC
	q.own = sl.command.Class != commands.Log && sl.command.Class != commands.Read
	s.tx.queue = append(s.tx.queue, q)
	s.tx.grows = s.tx.grows || sl.command.Flags&commands.DenyOOM != 0
	s.tx.size += sl.size + int(unsafe.Sizeof(queued{})) + len(q.args)*int(unsafe.Sizeof([]byte{}))
	s.change(func(i *sessionInfo) { i.queued = len(s.tx.queue) })
	if int64(s.tx.size) > s.server.limits.Load().ClientQueryBuffer {
		s.server.log.Warn("closed client past client-query-buffer-limit", "client", s.remote)
		s.stats.QueryLimit.Add(1)
		s.endTransaction()
		s.end = severing
		sl.silent = true // its slot is in the queue, and must not stay there
	}
	s.answer(sl, wire.AppendSimple(s.pool.scratch[:0], "QUEUED"))
}

// execution is an EXEC under way.
type execution struct {
	*slot // of EXEC itself
	queue []*queued
	next  int // queued command that the home runs next
	db    int // selected before
}

// exec runs EXEC: commands on the partition go there as one request, at one place
// in the log; those of the connection or the node are run when that is done, by the
// session's home, at their place in the reply.
func (s *Session) exec(sl *slot) {
	tx := s.tx
	if tx == nil {
		sl.stats.Failed.Add(1)
		s.answer(sl, s.errorReply(s.pool.scratch[:0], commands.ErrExecWithoutMulti))
		s.tell(sl)
		return
	}
	watches := s.info.watches
	s.endTransaction()
	if tx.bad {
		sl.stats.Failed.Add(1)
		s.answer(sl, s.errorReply(s.pool.scratch[:0], commands.ErrExecAbort))
		s.tell(sl)
		return
	}
	x := &execution{slot: sl, queue: tx.queue, db: s.info.db}
	sl.final = true
	s.wait = sl
	r := s.execRequest(x, watches)
	if len(r.Exec) == 0 && len(watches) == 0 {
		sl.execution, sl.state = x, slotParked
		return
	}
	sl.req = r
	if err := s.server.router.Route(&sl.req); err != nil {
		s.refuseRoute(sl, err)
		s.tell(sl)
		return
	}
	s.reqs = append(s.reqs, &sl.req)
}

// execRequest gathers the commands on the partition. SELECT and HELLO in the
// transaction hold for those behind them.
func (s *Session) execRequest(x *execution, watches []replication.Watched) replication.Request {
	x.tracker = s.track.tracker
	r := replication.Request{Exec: []*replication.Request{}, Watch: watches, Class: replication.Read, Proto: s.info.proto, To: x}
	db, proto, caching := s.info.db, s.info.proto, s.track.caching
	for _, q := range x.queue {
		q.stats.Calls.Add(1)
		if q.own {
			db, proto = s.foresee(q, db, proto)
			caching = caching || s.foreseeCaching(q)
			q.db = db
			continue
		}
		q.db = db
		if err := s.refusedInCluster(q.command, q.args); err != nil {
			q.Fill(wire.AppendError(nil, err.Error()))
			continue
		}
		q.req = replication.Request{Op: q.command, Args: q.args, DB: db, Proto: proto, InExec: true, To: q}
		if s.track.tracker != nil {
			q.req.Client, q.req.Tracks = x.slot, s.tracks(q.command, caching)
		}
		if q.command.Class == commands.Read {
			q.req.Class = replication.Read
		} else {
			r.Class = replication.Log
		}
		r.Exec = append(r.Exec, &q.req)
	}
	r.Local = s.info.readOnly && r.Class == replication.Read
	return r
}

// foresee tells what database and protocol will be chosen once q has run.
func (s *Session) foresee(q *queued, db int, proto wire.Proto) (int, wire.Proto) {
	if q.command.Foresee == nil {
		return db, proto
	}
	return q.command.Foresee(q.args, db, proto, s.server.node)
}

// Fill implements replication.Replier, for the transaction as a whole: it has run,
// it has not since a watched key changed, or it could not be logged.
func (x *execution) Fill(outcome []byte) {
	if len(outcome) == 0 || outcome[0] != '+' {
		x.tell(nil)
		x.slot.Fill(outcome)
		return
	}
	for _, q := range x.queue {
		if q.own {
			x.park()
			return
		}
	}
	x.tell(x.queue)
	x.slot.Fill(x.assemble())
}

// tell shows a transaction to the monitors: the commands that ran, and EXEC. It may
// be called from any goroutine, before EXEC's slot is filled.
func (x *execution) tell(ran []*queued) {
	s := x.session
	if !s.server.monitors.any.Load() {
		return
	}
	db := x.db
	for _, q := range ran {
		s.tellMonitors(x.slot, q.command, q.args, q.db)
		db = q.db
	}
	s.tellMonitors(x.slot, x.command, x.args, db)
}

// park has the home go on with the transaction when its turn comes.
func (x *execution) park() {
	s := x.session
	s.mu.Lock()
	x.execution, x.state = x, slotParked
	s.unlockTouched()
}

// assemble is the reply of EXEC.
func (x *execution) assemble() []byte {
	n := 0
	for _, q := range x.queue {
		n += len(q.reply)
	}
	reply := wire.AppendArray(make([]byte, 0, n+16), len(x.queue))
	for _, q := range x.queue {
		reply = append(reply, q.reply...)
	}
	return reply
}

// serveExec runs the commands of a transaction that concern the connection or the
// node. One whose reply comes later stops it: it goes on when that is there.
func (s *Session) serveExec(x *execution) {
	s.pubsub.inExec = true
	defer func() { s.pubsub.inExec = false }()
	for x.next < len(x.queue) {
		q := x.queue[x.next]
		x.next++
		if !q.own {
			continue
		}
		later := false
		reply := s.serve(&q.slot, func() func([]byte) {
			later = true
			return func(reply []byte) {
				q.Fill(reply)
				x.park()
				s.server.Flush()
			}
		})
		if later && len(reply) == 0 {
			return
		}
		q.reply = append(q.reply[:0], reply...)
	}
	s.track.caching = false
	x.tell(x.queue)
	s.pubsub.published = true
	s.mu.Lock()
	s.fillLocked(x.slot, x.assemble())
	s.mu.Unlock()
}

// watchReply takes the versions that WATCH saw.
type watchReply struct{ *slot }

// Fill implements replication.Replier.
func (w watchReply) Fill(reply []byte) {
	const size = 12
	if len(reply) > 0 && reply[0] == 0 {
		names := w.args[1:]
		reply = reply[1:]
		w.session.change(func(i *sessionInfo) {
			for k, name := range names {
				v := reply[k*size:]
				i.watch(replication.Watched{
					DB: w.req.DB, Key: append([]byte(nil), name...),
					Index: binary.LittleEndian.Uint64(v), Ordinal: binary.LittleEndian.Uint32(v[8:]),
				})
			}
		})
		reply = wire.AppendSimple(nil, "OK")
	}
	w.slot.Fill(reply)
}

// watch adds a watched key; the first look at it counts.
func (i *sessionInfo) watch(w replication.Watched) {
	at := watchedAt{w.DB, string(w.Key)}
	if i.watching[at] {
		return
	}
	if i.watching == nil {
		i.watching = make(map[watchedAt]bool)
	}
	i.watching[at] = true
	i.watches = append(i.watches, w)
}

// watchedAt is where a watched key is.
type watchedAt struct {
	db  int
	key string
}
