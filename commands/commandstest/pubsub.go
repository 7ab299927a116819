package commandstest

import (
	"github.com/millrace-io/millrace/commands"
	"github.com/millrace-io/millrace/pubsub"
)

// coreSubscriptions is the pub/sub of a coreSession. A Core has one connection, so
// all that it gets is what it sent itself.
type coreSubscriptions struct {
	*pubsub.Subscriber
	registry *pubsub.Registry
	counts   pubsub.Counts
}

// Receive implements pubsub.Receiver: a message is counted, and has nowhere to go.
func (s *coreSession) Receive(*pubsub.Message) bool { return true }

// Subscribe implements commands.Session: confirmations are part of the reply.
func (s *coreSession) Subscribe(out []byte, k pubsub.Kind, names [][]byte) []byte {
	for _, name := range names {
		s.subs.registry.Subscribe(s.subs.Subscriber, k, name, func(n pubsub.Counts) {
			s.subs.counts = n
			out = commands.AppendSubscribed(out, s.Proto(), k, name, n)
		})
	}
	return out
}

// Unsubscribe implements commands.Session.
func (s *coreSession) Unsubscribe(out []byte, k pubsub.Kind, names [][]byte) []byte {
	if len(names) == 0 {
		for _, name := range s.subs.registry.Subscriptions(s.subs.Subscriber, k) {
			names = append(names, []byte(name))
		}
	}
	if len(names) == 0 {
		names = [][]byte{nil}
	}
	for _, name := range names {
		s.subs.registry.Unsubscribe(s.subs.Subscriber, k, name, func(n pubsub.Counts) {
			s.subs.counts = n
			out = commands.AppendUnsubscribed(out, s.Proto(), k, name, n)
		})
	}
	return out
}

// Subscribed implements commands.Session.
func (s *coreSession) Subscribed() bool { return s.subs.counts.Any() }

// Publish implements commands.Session.
func (s *coreSession) Publish(k pubsub.Kind, channel, payload []byte) int {
	return s.subs.registry.Publish(k, channel, payload, nil)
}

func (s *coreSession) unsubscribeAll() {
	s.subs.registry.Drop(s.subs.Subscriber)
	s.subs.counts = pubsub.Counts{}
}
