package streams

import (
	"math"
	"sort"
)

// TrimKind says what a trim goes by.
type TrimKind uint8

// The kinds of trimming.
const (
	TrimNone   TrimKind = iota // trims nothing
	TrimMaxLen                 // keeps the newest MaxLen entries
	TrimMinID                  // removes the entries below MinID
)

// Bounds of the default limit of approximate trimming, from Redis.
const (
	defaultTrimLimit = 10000
	maxTrimLimit     = 1000000
)

// A Trim says what to remove from the head of a stream.
type Trim struct {
	Kind   TrimKind
	MaxLen uint64
	MinID  ID

	// Approx removes whole chunks only, and no more than needed for that.
	Approx bool

	// Limit bounds the entries that an approximate trim removes: 0 means no bound,
	// below 0 that none was given, which takes a default from the chunk limits.
	Limit int64
}

// Trim removes entries from the head and returns how many. It leaves LastID,
// MaxDeletedID and EntriesAdded alone.
func (s *Stream) Trim(t Trim, lim Limits) (removed uint64) {
	switch {
	case s.length == 0 || t.Kind == TrimNone:
		return 0
	case t.Approx:
		removed = s.trimChunks(t, t.limit(lim))
	case t.Kind == TrimMaxLen:
		removed = s.trimToLen(t.MaxLen)
	case t.Kind == TrimMinID:
		removed = s.trimToID(t.MinID)
	}
	if removed > 0 {
		s.findFirst()
	}
	return removed
}

// limit returns the bound on entries that an approximate trim may remove.
func (t Trim) limit(lim Limits) uint64 {
	switch {
	case t.Limit > 0:
		return uint64(t.Limit)
	case t.Limit == 0:
		return math.MaxUint64
	case lim.MaxEntries <= 0:
		return defaultTrimLimit
	}
	return 100 * uint64(min(lim.MaxEntries, maxTrimLimit/100))
}

// trimChunks removes whole chunks from the head while the trim allows.
func (s *Stream) trimChunks(t Trim, limit uint64) (removed uint64) {
	chunks := 0
	for c := s.head(); c != nil; c = s.after(c) {
		live := uint64(c.live)
		if live > limit-removed || !t.covers(c, s.length-removed) {
			break
		}
		removed += live
		chunks++
	}
	s.cut(chunks)
	return removed
}

// covers reports whether the trim takes all of chunk c, the head of a stream that
// has so many entries.
func (t Trim) covers(c *chunk, length uint64) bool {
	if t.Kind == TrimMaxLen {
		return length-uint64(c.live) >= t.MaxLen
	}
	return c.last.Less(t.MinID)
}

// trimToLen keeps the newest maxLen entries.
func (s *Stream) trimToLen(maxLen uint64) (removed uint64) {
	if s.length <= maxLen {
		return 0
	}
	removed = s.length - maxLen
	s.cut(s.chunksAbove(maxLen))
	if s.length > maxLen {
		s.killHead(func(ID) bool { return s.length > maxLen })
	}
	return removed
}

// chunksAbove returns how many chunks at the head hold nothing of the newest
// maxLen entries. It counts from the nearer end: a trim to nothing looks at no
// chunk, one of a few entries at the first ones only.
func (s *Stream) chunksAbove(maxLen uint64) (chunks int) {
	if excess := s.length - maxLen; excess < maxLen {
		s.scanSealed(func(c sealedChunk) bool {
			if uint64(c.live) > excess {
				return false
			}
			excess -= uint64(c.live)
			chunks++
			return true
		})
		return chunks // the tail stays: more than the excess is kept
	}
	return s.Chunks() - s.chunksHolding(maxLen)
}

// chunksHolding returns how many chunks at the end hold the newest n entries.
func (s *Stream) chunksHolding(n uint64) (chunks int) {
	if n == 0 {
		return 0
	}
	n -= min(n, uint64(s.tail.live))
	chunks = 1
	s.reverseSealed(func(c sealedChunk) bool {
		if n == 0 {
			return false
		}
		n -= min(n, uint64(c.live))
		chunks++
		return true
	})
	return chunks
}

// trimToID removes the entries below id.
func (s *Stream) trimToID(id ID) (removed uint64) {
	before := s.length
	s.cut(s.chunksBelow(id))
	if s.length > 0 && s.head().firstLive().Less(id) {
		s.killHead(func(e ID) bool { return e.Less(id) })
	}
	return before - s.length
}

// chunksBelow returns how many chunks lie below id as a whole.
func (s *Stream) chunksBelow(id ID) int {
	chunks := sort.Search(s.numSealed(), func(i int) bool {
		c, _ := s.sealed.GetAt(i)
		return !c.last.Less(id)
	})
	if chunks == s.numSealed() && s.tail.last.Less(id) {
		chunks++
	}
	return chunks
}

// cut drops that many chunks from the head. It touches either those that go or
// those that stay, whichever are fewer; the garbage collector has the rest.
func (s *Stream) cut(chunks int) {
	sealed := s.numSealed()
	switch {
	case chunks == 0:
	case chunks > sealed:
		s.sealed, s.sealedBytes, s.tail, s.length = nil, 0, chunk{}, 0
	case chunks <= sealed/2:
		for range chunks {
			c, _ := s.sealed.PopMin()
			s.length -= uint64(c.live)
			s.sealedBytes -= c.memory()
		}
	default:
		s.keepSealed(chunks)
	}
}

// keepSealed moves the sealed chunks from that index on into a new tree.
func (s *Stream) keepSealed(from int) {
	old := s.sealed
	s.sealed, s.sealedBytes, s.length = nil, 0, uint64(s.tail.live)
	first, ok := old.GetAt(from)
	if !ok {
		return
	}
	s.sealed = newSealedTree()
	old.Ascend(first, func(c sealedChunk) bool {
		s.sealed.Load(c)
		s.length += uint64(c.live)
		s.sealedBytes += c.memory()
		return true
	})
}

// killHead removes entries from the first chunk, in order, as long as more says
// so; it is asked once for each live entry.
func (s *Stream) killHead(more func(ID) bool) {
	s.change(s.head(), func(c *chunk) {
		for i, off := 0, 0; off < len(c.buf); i++ {
			e := c.entryAt(off)
			off = e.end
			if c.isDead(i) {
				continue
			}
			if !more(e.id) {
				return
			}
			c.kill(e, i)
			s.length--
		}
	})
}
