package resp

import (
	"github.com/millrace-io/millrace/commands"
	"github.com/millrace-io/millrace/pubsub"
	"github.com/millrace-io/millrace/replication"
	"github.com/millrace-io/millrace/resp/wire"
)

// subscriptions is what a session has to do with pub/sub.
type subscriptions struct {
	// subscriber is nil until the first subscription (home).
	subscriber *pubsub.Subscriber
	// inExec: a transaction is being run; what it causes stands behind its reply, a
	// confirmation inside (home).
	inExec bool
	// published: others were sent messages in this turn and are to be flushed (home).
	published bool
	// Covered by the session's lock.
	counts pubsub.Counts // (home)
	// held are messages that go behind the reply of the command being run.
	held []byte
	// hold: all messages do, since the confirmation of their subscription is part of
	// that reply.
	hold bool
	// last is the slot of the queue that got a message behind it last. Messages from
	// elsewhere go there, too, while it is in the queue: so a client gets all of them
	// in the order in which they came about.
	last *slot
}

var _ pubsub.Receiver = (*Session)(nil)

// Receive implements pubsub.Receiver. What has been filled at the head of the queue
// is in the output already, so a message appended there stands behind it and before
// any slot not filled. A session's own message goes behind the slot of the command
// that caused it: one that the session itself runs, or one at the partition, whose
// reply is filled right after this.
func (s *Session) Receive(m *pubsub.Message) bool {
	runner, _ := m.Cause.(*Session)
	sl, _ := m.Cause.(*slot)
	own := runner == s
	s.mu.Lock()
	if s.closed || s.cut {
		s.mu.Unlock()
		return false
	}
	frame := encoded(m, s.info.proto)
	behind := sl != nil && sl.session == s && sl.state != slotFilled
	switch {
	case !s.roomLocked(len(frame)):
		s.overflowLocked()
	case behind:
		s.pushBehindLocked(sl, frame)
	case own || s.pubsub.hold:
		s.pubsub.held = append(s.pubsub.held, frame...)
	case s.pubsub.last != nil:
		s.pushBehindLocked(s.pubsub.last, frame)
	default:
		s.out = append(s.out, frame...)
	}
	taken := !s.cut
	touch := !own && !behind && !s.touched
	s.touched = s.touched || touch
	s.mu.Unlock()
	if touch {
		s.home.touch(s)
	}
	return taken
}

// pushBehindLocked puts a message behind the reply of a slot that is in the queue.
func (s *Session) pushBehindLocked(sl *slot, frame []byte) {
	sl.behind = append(sl.behind, frame...)
	s.kept += len(frame)
	s.pubsub.last = sl
}

// releaseBehindLocked sends what stands behind a slot whose reply is in the output.
func (s *Session) releaseBehindLocked(sl *slot) {
	if s.track.last == sl {
		s.track.last = nil
	}
	if sl.behind == nil {
		return
	}
	s.kept -= len(sl.behind)
	if !s.closed && !s.cut {
		s.out = append(s.out, sl.behind...)
	}
	sl.behind = nil
	if s.pubsub.last == sl {
		s.pubsub.last = nil
	}
}

// encoded is the message as it goes to clients of a protocol.
func encoded(m *pubsub.Message, p wire.Proto) []byte {
	b := &m.Encoded[p-wire.RESP2]
	if *b == nil {
		const frame = 64 // all but the words, about
		*b = commands.AppendMessage(make([]byte, 0, frame+len(m.Pattern)+len(m.Channel)+len(m.Payload)), p, m)
	}
	return *b
}

// releaseLocked sends the messages that were held back for the reply of a command,
// which is in the output by now.
func (s *Session) releaseLocked() {
	p := &s.pubsub
	if len(p.held) > 0 && !s.closed && !s.cut {
		s.out = append(s.out, p.held...)
	}
	p.held, p.hold = nil, false
}

// Subscribe implements commands.Session.
func (s *Session) Subscribe(out []byte, k pubsub.Kind, names [][]byte) []byte {
	if s.closed {
		return out // nobody would end the subscription
	}
	r := s.server.pubsub
	for _, name := range names {
		r.Subscribe(s.subscriber(), k, name, func(n pubsub.Counts) {
			out = s.confirm(out, n, func(b []byte) []byte {
				return commands.AppendSubscribed(b, s.info.proto, k, name, n)
			})
		})
	}
	return out
}

// Unsubscribe implements commands.Session.
func (s *Session) Unsubscribe(out []byte, k pubsub.Kind, names [][]byte) []byte {
	r := s.server.pubsub
	if len(names) == 0 {
		for _, name := range r.Subscriptions(s.subscriber(), k) {
			names = append(names, []byte(name))
		}
	}
	if len(names) == 0 {
		names = [][]byte{nil}
	}
	for _, name := range names {
		r.Unsubscribe(s.subscriber(), k, name, func(n pubsub.Counts) {
			out = s.confirm(out, n, func(b []byte) []byte {
				return commands.AppendUnsubscribed(b, s.info.proto, k, name, n)
			})
		})
	}
	return out
}

func (s *Session) subscriber() *pubsub.Subscriber {
	if s.pubsub.subscriber == nil {
		s.pubsub.subscriber = pubsub.NewSubscriber(s)
	}
	return s.pubsub.subscriber
}

// confirm tells the client what it has subscribed to, under the registry's lock:
// so the confirmation has its place among the messages. The command is the head of
// the queue; its confirmations are sent at once, and even when replies are off. In a
// transaction they are part of the reply.
func (s *Session) confirm(out []byte, n pubsub.Counts, frame func([]byte) []byte) []byte {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.pubsub.counts = n
	switch {
	case s.pubsub.inExec:
		s.pubsub.hold = true
		return frame(out)
	case s.closed || s.cut:
	default:
		s.out = frame(s.out)
		if !s.roomLocked(0) {
			s.overflowLocked()
		}
	}
	return out
}

// Subscribed implements commands.Session.
func (s *Session) Subscribed() bool { return s.pubsub.counts.Any() }

// Publish implements commands.Session.
func (s *Session) Publish(k pubsub.Kind, channel, payload []byte) int {
	n := s.server.pubsub.Publish(k, channel, payload, s)
	if told := s.server.options.Published; told != nil {
		told(k, channel, payload)
	}
	s.pubsub.published = s.pubsub.published || n > 0
	return n
}

// flushPublished makes known what was published in this turn: one wake-up for all
// of a pipeline.
func (s *Session) flushPublished() {
	if s.pubsub.published {
		s.pubsub.published = false
		s.server.Flush()
	}
}

// unsubscribeAll ends all subscriptions, without a word. The home calls it, without
// the lock.
func (s *Session) unsubscribeAll() {
	if s.pubsub.subscriber == nil {
		return
	}
	s.server.pubsub.Drop(s.pubsub.subscriber)
	s.mu.Lock()
	s.pubsub.counts = pubsub.Counts{}
	s.mu.Unlock()
}

// refusedInSubscribed reports whether a command can't be run because nothing would
// tell its reply from a message.
func (s *Session) refusedInSubscribed(c *commands.Command) bool {
	return s.info.proto == wire.RESP2 && !c.InSubscribed && s.Subscribed()
}

// PublishBehind publishes a message that a request at a partition caused, right
// before its reply is filled: where that goes, to, is known to the session that the
// request came from, which puts the message behind it. For all others, and when to
// is none of a session's, it is a message like any other. Call Flush afterwards.
func (srv *Server) PublishBehind(to replication.Replier, k pubsub.Kind, channel, payload []byte) {
	var cause any
	switch to := to.(type) {
	case *slot:
		cause = to
	case *execution:
		cause = to.slot
	}
	srv.pubsub.Publish(k, channel, payload, cause)
}

// PubSub is who has subscribed to what. Whoever publishes from elsewhere calls Flush
// afterwards.
func (srv *Server) PubSub() *pubsub.Registry { return srv.pubsub }
