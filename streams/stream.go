package streams

import (
	"slices"
	"unsafe"

	"github.com/tidwall/btree"
)

// maxRoom bounds the buffer that a new tail gets before it needs it.
const maxRoom = 64 << 10

// A Stream is an ordered set of entries that grows at its end, with the counters
// that Redis keeps beside it. It is not safe for concurrent use; see Clone.
type Stream struct {
	sealed       *btree.BTreeG[sealedChunk] // nil when there is none
	sealedBytes  int64                      // sum of the sealed chunks' memory
	tail         chunk                      // count 0: there is none
	epoch        uint64                     // see invariant 4
	length       uint64
	entriesAdded uint64
	firstID      ID // lowest live ID
	lastID       ID
	maxDeletedID ID
	loading      *loading // set between NewFromHeader and the last AddChunk
}

// New returns an empty stream.
func New() *Stream { return &Stream{} }

// Clone returns a copy in time that depends on neither entries nor chunks. Both
// may be changed afterwards, each by one goroutine; and a clone that nobody
// changes may be read by one goroutine while another changes the original. Clone
// itself writes to s: it belongs to the goroutine that changes s.
func (s *Stream) Clone() *Stream {
	s.epoch++
	c := *s
	c.tail.buf = slices.Clip(c.tail.buf) // invariant 5
	if s.sealed != nil {
		c.sealed = s.sealed.Copy()
	}
	c.loading = nil
	return &c
}

// Len returns the number of entries.
func (s *Stream) Len() uint64 { return s.length }

// LastID returns the last ID that was generated; 0-0 when there was none. Its
// entry may be gone.
func (s *Stream) LastID() ID { return s.lastID }

// FirstID returns the ID of the first entry; 0-0 when the stream is empty.
func (s *Stream) FirstID() ID { return s.firstID }

// MaxDeletedID returns the highest ID ever deleted; trimming does not count.
func (s *Stream) MaxDeletedID() ID { return s.maxDeletedID }

// EntriesAdded returns how many entries were ever added.
func (s *Stream) EntriesAdded() uint64 { return s.entriesAdded }

// Chunks returns the number of chunks, what Redis shows as radix-tree-keys.
func (s *Stream) Chunks() int {
	n := s.numSealed()
	if s.tail.count > 0 {
		n++
	}
	return n
}

// Bytes returns the memory that the stream takes, as if nothing were shared with
// a clone.
func (s *Stream) Bytes() int64 {
	return int64(unsafe.Sizeof(*s)) + s.sealedBytes + int64(cap(s.tail.buf)) + 8*int64(len(s.tail.dead))
}

// LastEntryID returns the highest ID of an entry; false when the stream is empty.
func (s *Stream) LastEntryID() (ID, bool) {
	if s.length == 0 {
		return ID{}, false
	}
	return s.tail.lastLive(), true
}

// Append adds an entry; fields holds names and values in turn. Its bytes are
// copied. The ID must be above LastID, which the caller has checked: Append
// panics otherwise, before it changes anything, since to go on would corrupt.
func (s *Stream) Append(id ID, fields [][]byte, lim Limits) {
	if !s.lastID.Less(id) {
		panic("streams: append of " + id.String() + " at or below the last ID " + s.lastID.String())
	}
	payload := 0
	for _, f := range fields {
		payload += len(f)
	}
	room := 0
	if s.tail.count > 0 && !s.tail.fits(payload, lim) {
		room = s.roomAfter(lim)
		s.seal()
	}
	if s.tail.count == 0 {
		s.tail = chunk{first: id, epoch: s.epoch}
	}
	s.tail.add(id, fields, room)
	if s.length == 0 {
		s.firstID = id
	}
	s.length++
	s.entriesAdded++
	s.lastID = id
}

// roomAfter guesses the buffer of the next tail from that of the present one, so
// that a busy stream allocates each chunk once.
func (s *Stream) roomAfter(lim Limits) int {
	room := min(len(s.tail.buf)+len(s.tail.buf)/16, maxRoom)
	if lim.MaxBytes > 0 {
		room = min(room, lim.MaxBytes)
	}
	return room
}

// Has reports whether there is an entry with this ID.
func (s *Stream) Has(id ID) bool {
	c := s.floor(id)
	if c == nil {
		return false
	}
	_, _, ok := c.find(id)
	return ok
}

// Delete removes an entry and raises MaxDeletedID to it; false when there is none.
func (s *Stream) Delete(id ID) bool {
	if !s.remove(id) {
		return false
	}
	if s.maxDeletedID.Less(id) {
		s.maxDeletedID = id
	}
	return true
}

// remove takes an entry away without a trace in the counters.
func (s *Stream) remove(id ID) bool {
	c := s.floor(id)
	if c == nil {
		return false
	}
	e, i, ok := c.find(id)
	if !ok {
		return false
	}
	s.change(c, func(c *chunk) { c.kill(e, i) })
	s.length--
	if id == s.firstID {
		s.findFirst()
	}
	return true
}

// SetID sets LastID, which must not be below an entry's ID: the caller has
// checked. It may go below IDs whose entries are gone.
func (s *Stream) SetID(last ID) {
	s.lastID = last
	if s.tail.count > 0 && last.Less(s.tail.last) {
		s.forgetTombstones()
	}
}

// forgetTombstones squeezes the tail and lowers its bound to its last entry.
// IDs of dead entries may then come again without disorder in the buffer. Only
// the tail can be concerned: each chunk before it ends below a live entry.
func (s *Stream) forgetTombstones() {
	s.tail.squeeze()
	s.tail.last = s.tail.lastLive()
	s.tail.epoch = s.epoch
}

// SetEntriesAdded sets the counter of entries ever added.
func (s *Stream) SetEntriesAdded(n uint64) { s.entriesAdded = n }

// SetMaxDeletedID sets the highest ID ever deleted.
func (s *Stream) SetMaxDeletedID(id ID) { s.maxDeletedID = id }

// findFirst finds the lowest live ID again.
func (s *Stream) findFirst() {
	s.firstID = ID{}
	if c := s.head(); c != nil {
		s.firstID = c.firstLive()
	}
}
