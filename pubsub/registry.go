package pubsub

import (
	"slices"
	"sync"

	"github.com/millrace-io/millrace/glob"
)

// Registry is all subscriptions of a node. Its methods may be called from any
// goroutine.
type Registry struct {
	// mu covers all below, every topic and every Subscriber.
	mu       sync.RWMutex
	topics   [kinds]map[string]*topic
	patterns patternList
	clients  int // subscribers with at least one subscription
}

// New returns an empty registry.
func New() *Registry {
	r := &Registry{}
	for k := range r.topics {
		r.topics[k] = make(map[string]*topic)
	}
	return r
}

// Subscribe subscribes s; once more changes nothing. told is called at the point
// from which on messages come, with what s has now.
func (r *Registry) Subscribe(s *Subscriber, k Kind, name []byte, told func(Counts)) {
	r.mu.Lock()
	defer r.mu.Unlock()
	t := r.topics[k][string(name)]
	if t == nil {
		t = &topic{name: string(name)}
		r.topics[k][t.name] = t
		if k == Pattern {
			r.patterns.add(t)
		}
	}
	if _, already := s.places[k][t]; !already {
		if !s.counts().Any() {
			r.clients++
		}
		s.join(k, t)
	}
	told(s.counts())
}

// Unsubscribe ends a subscription, if there is one. told is called at the point from
// which on no messages come, with what s has left.
func (r *Registry) Unsubscribe(s *Subscriber, k Kind, name []byte, told func(Counts)) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if t := r.topics[k][string(name)]; t != nil {
		if _, there := s.places[k][t]; there {
			r.part(s, k, t)
		}
	}
	told(s.counts())
}

// part takes s out of t, which it is in, and t out of the world with its last
// subscriber.
func (r *Registry) part(s *Subscriber, k Kind, t *topic) {
	s.leave(k, t)
	if !s.counts().Any() {
		r.clients--
	}
	if len(t.subs) > 0 {
		return
	}
	delete(r.topics[k], t.name)
	if k == Pattern {
		r.patterns.remove(t)
	}
}

// Drop ends all subscriptions of s.
func (r *Registry) Drop(s *Subscriber) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for k := range s.places {
		for t := range s.places[k] {
			r.part(s, Kind(k), t)
		}
	}
}

// Subscriptions are the names that s has subscribed to, in byte order.
func (r *Registry) Subscriptions(s *Subscriber, k Kind) []string {
	r.mu.RLock()
	names := make([]string, 0, len(s.places[k]))
	for t := range s.places[k] {
		names = append(names, t.name)
	}
	r.mu.RUnlock()
	slices.Sort(names)
	return names
}

// Publish brings a message to the subscribers of a channel and of the patterns that
// match it, or of a shard channel, and returns how many took it; one with a channel
// and a pattern takes it twice. cause is what it comes from, for the receivers, or
// nil. The bytes are the caller's again on return.
func (r *Registry) Publish(k Kind, channel, payload []byte, cause any) int {
	r.mu.RLock()
	defer r.mu.RUnlock()
	n := 0
	if t := r.topics[k][string(channel)]; t != nil {
		n += t.deliver(&Message{Kind: k, Channel: channel, Payload: payload, Cause: cause})
	}
	if k != Channel {
		return n
	}
	for _, t := range r.patterns.list {
		if t != nil && glob.Match(t.name, channel) {
			n += t.deliver(&Message{Kind: Pattern, Pattern: t.name, Channel: channel, Payload: payload, Cause: cause})
		}
	}
	return n
}

func (t *topic) deliver(m *Message) (taken int) {
	for _, s := range t.subs {
		if s.receiver.Receive(m) {
			taken++
		}
	}
	return taken
}
