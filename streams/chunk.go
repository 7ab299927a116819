package streams

import (
	"encoding/binary"
	"slices"
)

// maxChunkBytes bounds a chunk whatever the limits say, as Redis bounds a node.
const maxChunkBytes = 1 << 30

// chunkOverhead is what a sealed chunk costs beside its buffer and tombstones:
// the struct, and its item in a half full tree node.
const chunkOverhead = 128 + 48

// squeezeMin is the buffer size from which it pays to squeeze dead entries out.
const squeezeMin = 512

// largeBuffer is the size from which a buffer grows by quarters instead of doubling.
const largeBuffer = 32 << 10

// Limits bound a chunk: a new one begins with the entry that would exceed them.
// They correspond to stream-node-max-bytes and stream-node-max-entries; 0 means
// no bound (a chunk then ends at 1 GiB).
type Limits struct{ MaxBytes, MaxEntries int }

// DefaultLimits are those of Redis.
var DefaultLimits = Limits{MaxBytes: 4096, MaxEntries: 100}

// A chunk is a run of entries in one buffer without pointers. Deleted entries
// stay in the buffer, marked in dead, until squeeze writes the rest anew.
type chunk struct {
	buf         []byte
	dead        []uint64 // bitmap by position in buf; may be shorter than count
	first, last ID       // of the entries ever held, squeezed out ones included
	epoch       uint64   // see invariant 4
	count, live uint32   // entries in buf; those of them without a tombstone
	total       uint32   // entries ever held; live <= count <= total
	charged     int      // bytes of the entries ever held, for the limits
	deadBytes   int      // bytes of the entries in buf that are dead
}

// fits reports whether an entry with so many bytes of names and values may join
// the chunk. The arithmetic is that of Redis: bytes must stay below the bound.
func (c *chunk) fits(payload int, lim Limits) bool {
	maxBytes := maxChunkBytes
	if lim.MaxBytes > 0 && lim.MaxBytes < maxBytes {
		maxBytes = lim.MaxBytes
	}
	if payload >= maxBytes-c.charged {
		return false
	}
	return lim.MaxEntries <= 0 || int(c.total) < lim.MaxEntries
}

// add appends an entry and charges it to the chunk's bounds. room is a guess at
// what the whole chunk will need, used when there is no buffer yet.
func (c *chunk) add(id ID, fields [][]byte, room int) {
	c.charged += c.write(id, fields, room)
	c.total++
	c.last = id
}

// write appends an entry to the buffer and returns its size. When one entry
// takes more than the buffer would grow by, it grows to the exact size: a large
// value is copied once.
func (c *chunk) write(id ID, fields [][]byte, room int) int {
	var flags byte
	if id.Ms == c.first.Ms {
		flags |= sameMs
	}
	if c.count > 0 && c.hasNamesOf(fields) {
		flags |= sharesNames
	}
	body := c.bodySize(id, fields, flags)
	back := uvarintLen(uint64(body)) + body
	size := back + uvarintLen(uint64(back))
	if cap(c.buf) > 0 {
		room = 0
	}
	buf := binary.AppendUvarint(grown(c.buf, max(size, room)), uint64(body))
	buf = c.appendBody(buf, id, fields, flags)
	c.buf = appendBackwardUvarint(buf, uint64(back))
	c.count++
	c.live++
	return size
}

// isDead reports whether the entry at position i of the buffer is a tombstone.
func (c *chunk) isDead(i int) bool {
	return i>>6 < len(c.dead) && c.dead[i>>6]&(1<<(i&63)) != 0
}

// kill marks the live entry e at position i. The caller owns the chunk.
func (c *chunk) kill(e entry, i int) {
	if missing := i>>6 + 1 - len(c.dead); missing > 0 {
		c.dead = append(c.dead, make([]uint64, missing)...)
	}
	c.dead[i>>6] |= 1 << (i & 63)
	c.live--
	c.deadBytes += e.end - e.start
}

// find returns the live entry with this ID and its position.
func (c *chunk) find(id ID) (e entry, i int, ok bool) {
	if id.Less(c.first) || c.last.Less(id) {
		return entry{}, 0, false
	}
	for off := 0; off < len(c.buf); off = e.end {
		e = c.entryAt(off)
		if !e.id.Less(id) {
			return e, i, e.id == id && !c.isDead(i)
		}
		i++
	}
	return entry{}, 0, false
}

// firstLive returns the lowest live ID.
func (c *chunk) firstLive() ID {
	for i, off := 0, 0; off < len(c.buf); i++ {
		e := c.entryAt(off)
		if !c.isDead(i) {
			return e.id
		}
		off = e.end
	}
	return ID{}
}

// lastLive returns the highest live ID.
func (c *chunk) lastLive() ID {
	for i, end := int(c.count)-1, len(c.buf); end > 0; i-- {
		e := c.entryBefore(end)
		if !c.isDead(i) {
			return e.id
		}
		end = e.start
	}
	return ID{}
}

// wasteful reports whether more than half of the buffer is dead.
func (c *chunk) wasteful() bool {
	return len(c.buf) >= squeezeMin && c.deadBytes > len(c.buf)/2
}

// squeeze writes the live entries into a new buffer. The bounds, and what counts
// against them, stay (invariant 7). Each squeeze halves the buffer at least, so
// all of a chunk's squeezes together copy no more than it ever held.
func (c *chunk) squeeze() {
	old := *c
	c.buf, c.dead, c.count, c.live, c.deadBytes = nil, nil, 0, 0, 0
	var fields [][]byte
	for i, off := 0, 0; off < len(old.buf); i++ {
		e := old.entryAt(off)
		if !old.isDead(i) {
			fields = old.appendFields(fields[:0], e)
			c.write(e.id, fields, len(old.buf)-old.deadBytes)
		}
		off = e.end
	}
}

// grown returns buf with room for size bytes more.
func grown(buf []byte, size int) []byte {
	need := len(buf) + size
	switch {
	case need <= cap(buf):
		return buf
	case need <= largeBuffer:
		return slices.Grow(buf, size) // takes all of the allocation size
	}
	// make, unlike append, need not clear what comes fresh from the system.
	return append(make([]byte, 0, max(need, cap(buf)+cap(buf)/4)), buf...)
}

// trimmed returns buf without much spare room, in a new buffer if need be.
// Allocation sizes lie up to a fifth apart; less than that a copy may not gain.
func trimmed(buf []byte) []byte {
	if cap(buf)-len(buf) <= len(buf)/5 {
		return buf
	}
	return append(make([]byte, 0, len(buf)), buf...)
}

// memory returns the bytes that a sealed chunk takes.
func (c *chunk) memory() int64 {
	return int64(cap(c.buf)) + 8*int64(len(c.dead)) + chunkOverhead
}
