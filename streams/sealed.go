package streams

import (
	"slices"

	"github.com/tidwall/btree"
)

// A sealedChunk is an item of the tree. The key stands beside the pointer: a
// search then touches no chunk, and a search key needs no allocation.
type sealedChunk struct {
	first ID
	*chunk
}

func newSealedTree() *btree.BTreeG[sealedChunk] {
	less := func(a, b sealedChunk) bool { return a.first.Less(b.first) }
	return btree.NewBTreeGOptions(less, btree.Options{NoLocks: true})
}

func (s *Stream) numSealed() int {
	if s.sealed == nil {
		return 0
	}
	return s.sealed.Len()
}

// scanSealed calls fn with the sealed chunks, first to last, until it says no.
func (s *Stream) scanSealed(fn func(sealedChunk) bool) {
	if s.sealed != nil {
		s.sealed.Scan(fn)
	}
}

// reverseSealed calls fn with the sealed chunks, last to first, until it says no.
func (s *Stream) reverseSealed(fn func(sealedChunk) bool) {
	if s.sealed != nil {
		s.sealed.Reverse(fn)
	}
}

// seal moves the tail into the tree, without its spare room.
func (s *Stream) seal() {
	c := s.tail
	c.buf = trimmed(c.buf)
	if s.sealed == nil {
		s.sealed = newSealedTree()
	}
	s.sealed.Load(sealedChunk{c.first, &c})
	s.sealedBytes += c.memory()
	s.tail = chunk{}
}

// reopen makes the last sealed chunk the tail, as in Redis, where the last node
// takes the next entry whatever once came after it.
func (s *Stream) reopen() {
	s.tail = chunk{}
	if s.sealed == nil {
		return
	}
	last, _ := s.sealed.PopMax()
	s.sealedBytes -= last.memory()
	s.tail = *last.chunk
	s.tail.buf = slices.Clip(s.tail.buf) // a clone may reopen the same buffer
	if s.sealed.Len() == 0 {
		s.sealed = nil
	}
}

// head returns the first chunk; nil when the stream is empty.
func (s *Stream) head() *chunk {
	if s.sealed != nil {
		c, _ := s.sealed.Min()
		return c.chunk
	}
	return s.tailOrNil()
}

func (s *Stream) tailOrNil() *chunk {
	if s.tail.count == 0 {
		return nil
	}
	return &s.tail
}

// floor returns the last chunk that begins at or below id; nil when there is none.
func (s *Stream) floor(id ID) *chunk {
	if s.tail.count > 0 && !id.Less(s.tail.first) {
		return &s.tail
	}
	if s.sealed == nil {
		return nil
	}
	var found *chunk
	s.sealed.Descend(sealedChunk{first: id}, func(c sealedChunk) bool {
		found = c.chunk
		return false
	})
	return found
}

// after returns the chunk that follows c; nil when c is the last.
func (s *Stream) after(c *chunk) *chunk {
	if c == &s.tail {
		return nil
	}
	var found *chunk
	s.sealed.Ascend(sealedChunk{first: c.first}, func(next sealedChunk) bool {
		if next.first == c.first {
			return true
		}
		found = next.chunk
		return false
	})
	if found == nil {
		return &s.tail
	}
	return found
}

// before returns the chunk that precedes c; nil when c is the first.
func (s *Stream) before(c *chunk) *chunk {
	if s.sealed == nil {
		return nil
	}
	below, ok := c.first.Prev()
	if !ok {
		return nil
	}
	var found *chunk
	s.sealed.Descend(sealedChunk{first: below}, func(prev sealedChunk) bool {
		found = prev.chunk
		return false
	})
	return found
}

// change lets fn mark entries of c as dead, on a copy when c is shared with a
// clone, then drops or squeezes the chunk if that is due.
func (s *Stream) change(c *chunk, fn func(*chunk)) {
	if c == &s.tail {
		s.changeTail(fn)
		return
	}
	s.sealedBytes -= c.memory()
	if c.epoch != s.epoch {
		own := *c
		own.dead, own.epoch = slices.Clone(c.dead), s.epoch
		c = &own
		s.sealed.Set(sealedChunk{c.first, c})
	}
	fn(c)
	if c.live == 0 {
		s.sealed.Delete(sealedChunk{first: c.first})
		if s.sealed.Len() == 0 {
			s.sealed = nil
		}
		return
	}
	if c.wasteful() {
		c.squeeze()
		c.buf = trimmed(c.buf)
	}
	s.sealedBytes += c.memory()
}

func (s *Stream) changeTail(fn func(*chunk)) {
	if s.tail.epoch != s.epoch {
		s.tail.dead, s.tail.epoch = slices.Clone(s.tail.dead), s.epoch
	}
	fn(&s.tail)
	switch {
	case s.tail.live == 0:
		s.reopen()
	case s.tail.wasteful():
		s.tail.squeeze()
	}
}
