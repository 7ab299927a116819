package idmp

import (
	"encoding/binary"
	"slices"
	"unsafe"

	"github.com/millrace-io/millrace/streams"
)

// blockBytes is the size from which a block takes no further record: a search walks
// through one block.
const blockBytes = 2048

// block is a run of a producer's records in one buffer without pointers. Each is
// stored as its distance from the first, so that a walk may begin at any.
type block struct {
	low  uint64 // sequence number of the first record
	base uint64 // milliseconds of the first record's ID
	buf  []byte
}

// record is one iid with what it stands for. iid aliases the block's buffer.
type record struct {
	seq  uint64
	id   streams.ID
	iid  []byte
	next int // where the record after it begins
}

// add appends a record. Its sequence number is above those before it.
func (b *block) add(r record) {
	if len(b.buf) == 0 {
		b.low, b.base = r.seq, r.id.Ms
	}
	b.buf = slices.Grow(b.buf, len(r.iid)+8) // the numbers rarely take more
	b.buf = binary.AppendUvarint(b.buf, r.seq-b.low)
	b.buf = binary.AppendVarint(b.buf, int64(r.id.Ms-b.base)) // wraps around, and back
	b.buf = binary.AppendUvarint(b.buf, r.id.Seq)
	b.buf = binary.AppendUvarint(b.buf, uint64(len(r.iid)))
	b.buf = append(b.buf, r.iid...)
}

// at returns the record that begins there.
func (b *block) at(off int) (r record) {
	seq, n := binary.Uvarint(b.buf[off:])
	off += n
	ms, n := binary.Varint(b.buf[off:])
	off += n
	r.id.Seq, n = binary.Uvarint(b.buf[off:])
	off += n
	size, n := binary.Uvarint(b.buf[off:])
	off += n
	r.seq, r.id.Ms = b.low+seq, b.base+uint64(ms)
	r.next = off + int(size)
	r.iid = b.buf[off:r.next:r.next]
	return r
}

// find returns the record with that sequence number.
func (b *block) find(seq uint64) (record, bool) {
	for off := 0; off < len(b.buf); {
		r := b.at(off)
		if r.seq >= seq {
			return r, r.seq == seq
		}
		off = r.next
	}
	return record{}, false
}

func (b *block) full() bool { return len(b.buf) >= blockBytes }

// sealedBlock is an item of the tree of sealed blocks: those of a producer stand
// together, in order.
type sealedBlock struct {
	producer, low uint64
	*block
}

// sealedOverhead is the memory of a sealed block beside its buffer: itself and its
// place in a tree node, which is half to fully used.
const sealedOverhead = int64(unsafe.Sizeof(block{}) + unsafe.Sizeof(sealedBlock{})*3/2)

func (b *block) sealedSize() int64 { return sealedOverhead + int64(cap(b.buf)) }
