package resp

import (
	"github.com/millrace-io/millrace/commands"
	"github.com/millrace-io/millrace/resp/wire"
	"github.com/millrace-io/millrace/tracking"
)

// invalidateChannel is where a RESP2 client is told of what another one has read.
const invalidateChannel = "__redis__:invalidate"

// trackedSession is what a session has to do with tracking.
type trackedSession struct {
	// tracker is nil while tracking is off; caching: CLIENT CACHING was the last
	// command, or stands before the transaction (home).
	tracker *tracking.Tracker
	caching bool
	// last is the last slot of the queue whose command has read tracked keys. What the
	// client is told from then on stands behind its reply: which may be on its way
	// yet, with what was true before. Covered by the session's lock.
	last *slot
}

var (
	_ tracking.Receiver = (*Session)(nil)
	_ tracking.Reader   = (*slot)(nil)
)

// Tracking implements commands.Session.
func (s *Session) Tracking() tracking.Status {
	s.mu.Lock()
	defer s.mu.Unlock()
	status := s.info.tracking
	status.Caching = s.track.caching
	return status
}

// Track implements commands.Session.
func (s *Session) Track(o tracking.Options) {
	if s.closed {
		return // nobody would end it
	}
	if s.track.tracker == nil {
		s.track.tracker = tracking.NewTracker(s)
	}
	s.change(func(i *sessionInfo) { i.tracking.Start(o) })
	s.server.tracked.Start(s.track.tracker, o)
}

// StopTracking implements commands.Session.
func (s *Session) StopTracking() {
	if s.track.tracker == nil {
		return
	}
	s.server.tracked.Stop(s.track.tracker)
	s.track.tracker, s.track.caching = nil, false
	s.change(func(i *sessionInfo) { i.tracking = tracking.Status{} })
}

// SetCaching implements commands.Session.
func (s *Session) SetCaching() { s.track.caching = true }

// endCaching ends what CLIENT CACHING has begun: it holds for the next command, or
// for a transaction that the next command begins. Commands of CLIENT do not count.
func (s *Session) endCaching(cmd *commands.Command) {
	if s.track.caching && s.tx == nil && !cmd.In("client") {
		s.track.caching = false
	}
}

// foreseeCaching reports whether a queued command is a CLIENT CACHING that will be
// carried out.
func (s *Session) foreseeCaching(q *queued) bool {
	return q.command.SetsCaching && commands.CheckCaching(q.args, s.Tracking()) == nil
}

// tracks reports whether the client may keep what a command reads. In broadcasting
// mode nothing is remembered of it, and yet no message may overtake the reply.
func (s *Session) tracks(cmd *commands.Command, caching bool) bool {
	t := &s.info.tracking
	return cmd.Flags&commands.ReadOnly != 0 && (!t.OptIn || caching) && (!t.OptOut || !caching)
}

// Tracker implements tracking.Reader. The session runs nothing that changes it while
// a request of its own is under way.
func (sl *slot) Tracker() *tracking.Tracker { return sl.tracker }

// Looked implements tracking.Reader.
func (sl *slot) Looked() {
	s := sl.session
	s.mu.Lock()
	if sl.state != slotFilled {
		s.track.last = sl
	}
	s.mu.Unlock()
}

// Invalidate implements tracking.Receiver: tells the client, or the one that it has
// named in its place.
func (s *Session) Invalidate(i *tracking.Invalidation) {
	s.mu.Lock()
	redirect := s.info.tracking.Redirect
	s.mu.Unlock()
	if redirect == 0 {
		s.push(func(p wire.Proto, _ bool) []byte {
			if p == wire.RESP2 {
				return nil // it has no place for messages
			}
			return encodedInvalidation(i, p)
		})
		return
	}
	to := s.server.clients.find(redirect)
	if to == nil {
		s.redirectBroken(redirect)
		return
	}
	to.push(func(p wire.Proto, subscribed bool) []byte {
		if p == wire.RESP2 && !subscribed {
			return nil
		}
		return encodedInvalidation(i, p)
	})
}

// redirectBroken tells a client that nobody gets its invalidations any more.
func (s *Session) redirectBroken(id uint64) {
	s.change(func(i *sessionInfo) { i.tracking.Broken = true })
	s.push(func(p wire.Proto, _ bool) []byte {
		if p == wire.RESP2 {
			return nil
		}
		b := wire.AppendBulkString(wire.AppendPush(nil, p, 2), "tracking-redir-broken")
		return wire.AppendInt(b, int64(id))
	})
}

// push puts a message into the output: behind the reply of every command that has
// read tracked keys, before any other that is not filled. Whoever calls it from
// outside a turn calls Flush afterwards.
func (s *Session) push(frame func(p wire.Proto, subscribed bool) []byte) {
	s.mu.Lock()
	if s.closed || s.cut {
		s.mu.Unlock()
		return
	}
	b := frame(s.info.proto, s.pubsub.counts.Any())
	switch last := s.track.last; {
	case len(b) == 0:
		s.mu.Unlock()
		return
	case !s.roomLocked(len(b)):
		s.overflowLocked()
	case last != nil:
		last.behind = append(last.behind, b...)
		s.kept += len(b)
	case s.pubsub.hold:
		s.pubsub.held = append(s.pubsub.held, b...)
	default:
		s.out = append(s.out, b...)
	}
	s.unlockTouched()
}

// encodedInvalidation is the message as it goes to clients of a protocol: a push in
// RESP3, a pub/sub message in RESP2.
func encodedInvalidation(i *tracking.Invalidation, p wire.Proto) []byte {
	b := &i.Encoded[p-wire.RESP2]
	if *b != nil {
		return *b
	}
	if p == wire.RESP2 {
		*b = wire.AppendBulkString(wire.AppendArray(nil, 3), "message")
		*b = wire.AppendBulkString(*b, invalidateChannel)
	} else {
		*b = wire.AppendBulkString(wire.AppendPush(nil, p, 2), "invalidate")
	}
	if i.Keys == nil {
		*b = wire.AppendNull(*b, p)
		return *b
	}
	*b = wire.AppendArray(*b, len(i.Keys))
	for _, k := range i.Keys {
		*b = wire.AppendBulkString(*b, k)
	}
	return *b
}

// leave ends what others have to do with a connection that is gone. The home calls
// it, without the lock.
func (s *Session) leave() {
	s.unsubscribeAll()
	s.unmonitor()
	s.StopTracking()
	if sl := s.takePostponed(); sl != nil {
		s.pool.recycle(sl)
	}
}

// Tracked is who is told of which keys. Whoever tells from elsewhere calls Flush
// afterwards.
func (srv *Server) Tracked() *tracking.Table { return srv.tracked }
