package streams

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math"
	"math/bits"
)

const blockVersion = 1

// appendBlock appends the chunk as a block of a snapshot.
func (c *chunk) appendBlock(b []byte) []byte {
	b = append(b, blockVersion)
	b = appendID(b, c.first)
	b = appendID(b, c.last)
	b = binary.AppendUvarint(b, uint64(c.total))
	b = binary.AppendUvarint(b, uint64(c.charged))
	b = binary.AppendUvarint(b, uint64(c.count))
	b = binary.AppendUvarint(b, uint64(c.count-c.live))
	if c.live < c.count {
		b = c.appendBitmap(b)
	}
	return append(b, c.buf...)
}

// appendBitmap appends the tombstones, a bit for each entry in the buffer.
func (c *chunk) appendBitmap(b []byte) []byte {
	for i := range (int(c.count) + 7) / 8 {
		var x byte
		if word := i / 8; word < len(c.dead) {
			x = byte(c.dead[word] >> (8 * (i % 8)))
		}
		b = append(b, x)
	}
	return b
}

// decodeBlock reads a block of a snapshot. The buffer of the chunk aliases b.
func decodeBlock(b []byte) (chunk, error) {
	d := decoder{buf: b}
	if v := d.byte(); v != blockVersion && !d.failed {
		return chunk{}, fmt.Errorf("%w: chunk version %d", ErrCorrupt, v)
	}
	c := chunk{first: d.id(), last: d.id()}
	total, charged, count, dead := d.uvarint(), d.uvarint(), d.uvarint(), d.uvarint()
	switch {
	case d.failed:
		return chunk{}, fmt.Errorf("%w: malformed chunk at byte %d of %d", ErrCorrupt, d.off, len(b))
	case total > math.MaxUint32, count > total, dead >= count, charged > math.MaxInt/2, count > uint64(len(b)):
		return chunk{}, fmt.Errorf("%w: chunk %v with %d entries, %d deleted, of %d in %d bytes",
			ErrCorrupt, c.first, count, dead, total, charged)
	}
	c.total, c.charged = uint32(total), int(charged)
	c.count, c.live = uint32(count), uint32(count-dead)
	if dead > 0 {
		c.dead = decodeBitmap(d.bytes((count+7)/8), int(count), int(dead))
		if c.dead == nil {
			return chunk{}, fmt.Errorf("%w: chunk %v: tombstones", ErrCorrupt, c.first)
		}
	}
	c.buf = b[d.off:]
	if err := c.checkEntries(); err != nil {
		return chunk{}, err
	}
	return c, nil
}

// decodeBitmap returns nil unless the bitmap has so many bits set, all of them
// for entries that there are.
func decodeBitmap(b []byte, count, dead int) []uint64 {
	words := make([]uint64, (count+63)/64)
	ones := 0
	for i, x := range b {
		words[i/8] |= uint64(x) << (8 * (i % 8))
		ones += bits.OnesCount8(x)
	}
	spare := len(words)*64 - count
	if ones != dead || bits.LeadingZeros64(words[len(words)-1]) < spare {
		return nil
	}
	return words
}

// checkEntries walks the buffer as the rest of the package will, but trusts
// nothing, and fills in what follows from it.
func (c *chunk) checkEntries() error {
	d := decoder{buf: c.buf}
	var prev ID
	names := -1
	for i := range int(c.count) {
		start := d.off
		id := d.entry(c.first, &names)
		switch {
		case d.failed:
			return fmt.Errorf("%w: chunk %v: entry %d at byte %d of %d", ErrCorrupt, c.first, i, d.off, len(c.buf))
		case i > 0 && !prev.Less(id), c.last.Less(id): // below first no delta can lead
			return fmt.Errorf("%w: chunk %v: entry %d, %v, out of order", ErrCorrupt, c.first, i, id)
		}
		if c.isDead(i) {
			c.deadBytes += d.off - start
		}
		prev = id
	}
	if d.off != len(c.buf) {
		return fmt.Errorf("%w: chunk %v: %d bytes behind the last entry", ErrCorrupt, c.first, len(c.buf)-d.off)
	}
	return nil
}

// A decoder reads bytes that nobody has checked yet. Once failed it stays so, and
// what it returns means nothing.
type decoder struct {
	buf    []byte
	off    int
	failed bool
}

func (d *decoder) byte() byte {
	if b := d.bytes(1); len(b) == 1 {
		return b[0]
	}
	return 0
}

func (d *decoder) bytes(n uint64) []byte {
	if d.failed || n > uint64(len(d.buf)-d.off) {
		d.failed = true
		return nil
	}
	b := d.buf[d.off:][:n]
	d.off += int(n)
	return b
}

// uvarint reads a number and fails when it took more bytes than it needs.
func (d *decoder) uvarint() uint64 {
	if d.failed {
		return 0
	}
	v, n := binary.Uvarint(d.buf[d.off:])
	if n <= 0 || n != uvarintLen(v) {
		d.failed = true
		return 0
	}
	d.off += n
	return v
}

func (d *decoder) id() ID {
	ms := d.uvarint()
	return ID{ms, d.uvarint()}
}

// entry reads one entry and returns its ID. names is the number of names and
// values of the chunk's first entry, below 0 when this is the first.
func (d *decoder) entry(first ID, names *int) ID {
	start := d.off
	body := d.uvarint()
	if d.failed || body > uint64(len(d.buf)-d.off) {
		d.failed = true
		return ID{}
	}
	end := d.off + int(body)
	flags := d.byte()
	id := d.entryID(first, flags)
	d.fields(flags, names)
	if d.off != end || flags&^knownFlags != 0 {
		d.failed = true
		return ID{}
	}
	var back [10]byte
	want := appendBackwardUvarint(back[:0], uint64(end-start))
	if !bytes.Equal(d.bytes(uint64(len(want))), want) {
		d.failed = true
	}
	return id
}

// entryID reads the ID of an entry and fails when it leaves the ID space.
func (d *decoder) entryID(first ID, flags byte) ID {
	var id ID
	if flags&sameMs != 0 {
		id = ID{first.Ms, first.Seq + d.uvarint()}
		d.failed = d.failed || id.Seq < first.Seq
		return id
	}
	delta := d.uvarint()
	id = ID{first.Ms + delta, d.uvarint()}
	d.failed = d.failed || delta == 0 || id.Ms < first.Ms
	return id
}

// fields steps over the names and values of an entry.
func (d *decoder) fields(flags byte, names *int) {
	shared := flags&sharesNames != 0
	n := uint64(max(*names, 0))
	if !shared {
		n = d.uvarint()
	}
	// Each takes a byte at least, so this bounds the loop by the input.
	if shared && *names < 0 || !shared && n > uint64(len(d.buf)-d.off) {
		d.failed = true
		return
	}
	if *names < 0 {
		*names = int(n)
	}
	for i := range n {
		if d.failed {
			return
		}
		if !shared || i%2 == 1 {
			d.bytes(d.uvarint())
		}
	}
}
