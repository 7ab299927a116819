package streams

// A Cursor walks the entries of a range. It is a value: it takes no memory of
// its own, and a copy goes on where the original stood. It starts before its
// first entry; Next moves it. Changing the stream ends the use of its cursors;
// slices that they gave out stay valid.
type Cursor struct {
	stream   *Stream
	chunk    *chunk // nil: at the end
	from, to ID     // both included
	reverse  bool
	off      int // where the next entry starts; in reverse, where it ends
	index    int // position of that entry in the chunk
	entry    entry
}

// Range returns a cursor over the entries in [from, to], ascending.
func (s *Stream) Range(from, to ID) Cursor {
	c := Cursor{stream: s, from: from, to: to}
	if s.length == 0 || to.Less(from) {
		return c
	}
	start := s.floor(from)
	if start == nil {
		start = s.head()
	}
	c.enter(start)
	return c
}

// RevRange returns a cursor over the entries in [from, to], descending.
func (s *Stream) RevRange(from, to ID) Cursor {
	c := Cursor{stream: s, from: from, to: to, reverse: true}
	if s.length == 0 || to.Less(from) {
		return c
	}
	c.enter(s.floor(to))
	return c
}

// enter puts the cursor before the first entry of a chunk; nil ends it.
func (c *Cursor) enter(to *chunk) {
	c.chunk = to
	c.off, c.index = 0, 0
	if to != nil && c.reverse {
		c.off, c.index = len(to.buf), int(to.count)-1
	}
}

// Next moves to the next entry; false when there is none.
func (c *Cursor) Next() bool {
	if c.reverse {
		return c.prev()
	}
	for c.chunk != nil {
		if c.off == len(c.chunk.buf) {
			c.enter(c.stream.after(c.chunk))
			continue
		}
		c.entry = c.chunk.entryAt(c.off)
		c.off = c.entry.end
		c.index++
		if c.to.Less(c.entry.id) {
			break
		}
		if !c.entry.id.Less(c.from) && !c.chunk.isDead(c.index-1) {
			return true
		}
	}
	c.chunk = nil
	return false
}

// prev is Next for a descending cursor.
func (c *Cursor) prev() bool {
	for c.chunk != nil {
		if c.off == 0 {
			c.enter(c.stream.before(c.chunk))
			continue
		}
		c.entry = c.chunk.entryBefore(c.off)
		c.off = c.entry.start
		c.index--
		if c.entry.id.Less(c.from) {
			break
		}
		if !c.to.Less(c.entry.id) && !c.chunk.isDead(c.index+1) {
			return true
		}
	}
	c.chunk = nil
	return false
}

// ID returns the ID of the entry that Next moved to.
func (c *Cursor) ID() ID { return c.entry.id }

// NumFields returns how many names and values the entry has together; 0 when the
// cursor is not at an entry.
func (c *Cursor) NumFields() int {
	if !c.atEntry() {
		return 0
	}
	return c.chunk.numFields(c.entry)
}

// AppendFields appends the names and values of the entry to dst, in turn. They
// alias the stream's memory, which never changes: they stay valid for ever and
// must not be written to.
func (c *Cursor) AppendFields(dst [][]byte) [][]byte {
	if !c.atEntry() {
		return dst
	}
	return c.chunk.appendFields(dst, c.entry)
}

// atEntry is false before the first Next and after the last.
func (c *Cursor) atEntry() bool { return c.chunk != nil && c.entry.end > 0 }
