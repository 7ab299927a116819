package groups

import (
	"math"

	"github.com/millrace-io/millrace/streams"
)

// How far a group is behind its stream. A stream counts the entries ever added,
// a group those ever read; as long as nothing was deleted in between, the
// difference is exact. These are Redis' rules, down to where it gives up:
// tests compare them reply by reply.

// Deliver moves the group over one new entry, which it was just given. Entries
// at or below the last-delivered ID change nothing.
func (g *Group) Deliver(s *streams.Stream, id streams.ID) {
	if !g.last.Less(id) {
		return
	}
	g.countRead(s, id, 1)
	g.last = id
}

// DeliverN is Deliver for n entries at once, from first to last: all the live
// entries of s in that range, first above the last-delivered ID.
func (g *Group) DeliverN(s *streams.Stream, first, last streams.ID, n int) {
	if n <= 0 {
		return
	}
	g.Deliver(s, first)
	if n > 1 && g.last.Less(last) {
		// The entries between first and last could not make the counter known:
		// an estimate exists only for the ends of the stream.
		g.countRead(s, last, int64(n-1))
		g.last = last
	}
}

// countRead brings entriesRead along when the next n entries, the last of which
// is id, are delivered.
func (g *Group) countRead(s *streams.Stream, id streams.ID, n int64) {
	switch {
	case g.entriesRead != unknown && !deletedFrom(s, g.last):
		g.entriesRead += min(n, math.MaxInt64-g.entriesRead)
	case s.EntriesAdded() != 0:
		g.entriesRead = EntriesUpTo(s, id)
	}
}

// Lag returns how many entries of s the group has yet to be delivered; not known
// when deletions have made the counters useless.
func (g *Group) Lag(s *streams.Stream) (lag int64, known bool) {
	added := int64(s.EntriesAdded())
	if added == 0 || s.Len() == 0 {
		return 0, true
	}
	// All that was ever deleted or trimmed lies before the first entry, and so
	// does the group: it will be given exactly what is there.
	first := s.FirstID()
	if g.last.Less(first) && s.MaxDeletedID().Less(first) {
		return int64(s.Len()), true
	}
	if g.entriesRead != unknown && !deletedFrom(s, g.last) {
		return added - g.entriesRead, true
	}
	if read := EntriesUpTo(s, g.last); read != unknown {
		return added - read, true
	}
	return 0, false
}

// deletedFrom reports whether an entry at or above id may have been deleted one by one.
func deletedFrom(s *streams.Stream, id streams.ID) bool {
	deleted := s.MaxDeletedID()
	return s.Len() > 0 && !deleted.IsZero() && !deleted.Less(id)
}

// EntriesUpTo returns how many of the entries ever added are at or below id, or -1 where that is not known.
func EntriesUpTo(s *streams.Stream, id streams.ID) int64 {
	added, length := int64(s.EntriesAdded()), int64(s.Len())
	deleted, first := s.MaxDeletedID(), s.FirstID()
	position := id.Compare(s.LastID())
	switch {
	case added == 0:
		return 0
	case length == 0 && position <= 0:
		return added
	case !id.IsZero() && id.Less(deleted):
		return unknown
	case position == 0:
		return added
	case position > 0:
		return unknown
	case !deleted.IsZero() && !deleted.Less(first):
		return unknown
	case id.Less(first):
		return added - length
	case id == first:
		return added - length + 1
	}
	return unknown
}
