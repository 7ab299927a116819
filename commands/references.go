package commands

import (
	"github.com/millrace-io/millrace/groups"
	"github.com/millrace-io/millrace/keyspace"
	"github.com/millrace-io/millrace/streams"
)

// refPolicy says what becomes of references to an entry that is to go: the pending
// entries of the stream's groups.
type refPolicy uint8

const (
	keepRefs  refPolicy = iota // they stay, and lead nowhere
	dropRefs                   // they go, too
	onlyAcked                  // an entry that is referenced stays
)

// parseRefPolicy reads one of KEEPREF, DELREF and ACKED.
func parseRefPolicy(b []byte) (p refPolicy, ok bool) {
	switch {
	case equalFold(b, "keepref"):
		return keepRefs, true
	case equalFold(b, "delref"):
		return dropRefs, true
	case equalFold(b, "acked"):
		return onlyAcked, true
	}
	return keepRefs, false
}

// streamRefs are what the groups of a stream still want of its entries. It is of
// use within one command, as long as no group moves.
type streamRefs struct {
	s *keyspace.StreamValue
	// delivered is the lowest last-delivered ID of all groups: an entry above it
	// is referenced. Without groups it is the highest ID.
	delivered streams.ID
}

// newStreamRefs costs a look at each group.
func newStreamRefs(s *keyspace.StreamValue) streamRefs {
	r := streamRefs{s: s, delivered: streams.MaxID}
	s.EachGroup(func(_ string, g *groups.Group) bool {
		if g.LastID().Less(r.delivered) {
			r.delivered = g.LastID()
		}
		return true
	})
	return r
}

// referenced reports whether some group was not delivered the entry yet, or has it
// pending. It costs a look-up in each group.
func (r *streamRefs) referenced(id streams.ID) bool {
	return r.delivered.Less(id) || r.pending(id)
}

func (r *streamRefs) pending(id streams.ID) (found bool) {
	r.s.EachGroup(func(_ string, g *groups.Group) bool {
		_, found = g.Get(id)
		return !found
	})
	return found
}

// drop takes the entry out of the PELs of all groups. Groups that do not have it
// are not made ready for a change.
func (r *streamRefs) drop(id streams.ID) {
	r.s.EachGroup(func(name string, g *groups.Group) bool {
		if _, ok := g.Get(id); ok {
			r.s.GroupForWrite([]byte(name)).Ack(id)
		}
		return true
	})
}
