package pubsub

import (
	"slices"

	"github.com/millrace-io/millrace/glob"
)

// Names are the channels, patterns or shard channels with at least one subscriber
// that match a glob pattern, in byte order.
func (r *Registry) Names(k Kind, pattern []byte) []string {
	r.mu.RLock()
	var names []string
	for name := range r.topics[k] {
		if glob.Match(pattern, name) {
			names = append(names, name)
		}
	}
	r.mu.RUnlock()
	slices.Sort(names)
	return names
}

// Subscribers is how many have subscribed to exactly this channel, pattern or shard
// channel.
func (r *Registry) Subscribers(k Kind, name []byte) int {
	r.mu.RLock()
	defer r.mu.RUnlock()
	if t := r.topics[k][string(name)]; t != nil {
		return len(t.subs)
	}
	return 0
}

// Topics is how many channels, patterns or shard channels have subscribers.
func (r *Registry) Topics(k Kind) int {
	r.mu.RLock()
	defer r.mu.RUnlock()
	return len(r.topics[k])
}

// Clients is how many have subscribed to anything.
func (r *Registry) Clients() int {
	r.mu.RLock()
	defer r.mu.RUnlock()
	return r.clients
}
