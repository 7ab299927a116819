package streams

import "math"

// TrimEntries is Trim entry by entry: it asks take for each entry that the trim
// would remove, oldest first, and leaves those that take refuses; the walk goes on
// behind them. Entries above upTo are not looked at. Approx only brings its limit
// with it, which counts chunks as a whole: one that would exceed it is not begun.
// take must not touch the stream. The cost is that of the entries looked at.
func (s *Stream) TrimEntries(t Trim, lim Limits, upTo ID, take func(ID) bool) (removed uint64) {
	if t.Kind == TrimNone {
		return 0
	}
	limit := uint64(math.MaxUint64)
	if t.Approx {
		limit = t.limit(lim)
	}
	for c := s.head(); c != nil && uint64(c.live) <= limit-removed; {
		next := s.after(c) // asked before c goes
		n, more := s.trimChunk(c, t, upTo, take)
		removed += n
		if !more {
			break
		}
		c = next
	}
	if removed > 0 {
		s.findFirst()
	}
	return removed
}

// trimChunk trims chunk c and reports whether the walk goes on to the next.
func (s *Stream) trimChunk(c *chunk, t Trim, upTo ID, take func(ID) bool) (removed uint64, more bool) {
	going := make([]bool, c.count)
	more = true
	for i, off := 0, 0; off < len(c.buf); i++ {
		e := c.entryAt(off)
		off = e.end
		if c.isDead(i) {
			continue
		}
		if upTo.Less(e.id) || !t.wants(e.id, s.length-removed) {
			more = false
			break
		}
		if take(e.id) {
			going[i] = true
			removed++
		}
	}
	if removed > 0 {
		s.change(c, func(c *chunk) { c.killAll(going) })
		s.length -= removed
	}
	return removed, more
}

// wants reports whether the trim goes as far as the entry of that ID, in a stream
// that still has so many entries.
func (t Trim) wants(id ID, length uint64) bool {
	if t.Kind == TrimMaxLen {
		return length > t.MaxLen
	}
	return id.Less(t.MinID)
}

// killAll marks the entries at the given places as dead.
func (c *chunk) killAll(going []bool) {
	for i, off := 0, 0; off < len(c.buf); i++ {
		e := c.entryAt(off)
		off = e.end
		if going[i] {
			c.kill(e, i)
		}
	}
}
