package streams

import (
	"bytes"
	"encoding/binary"
	"math/bits"
)

// Flags of an entry.
const (
	sharesNames = 1 << iota // the names stand in the chunk's first entry
	sameMs                  // the milliseconds are those of the chunk's first ID
	knownFlags  = sharesNames | sameMs
)

// An entry is one decoded entry header: where things are in the chunk's buffer.
type entry struct {
	id     ID
	start  int // of the whole entry
	fields int // of what follows the ID
	end    int // of the whole entry, where the next one starts
	flags  byte
}

// entryAt decodes the header of the entry that starts at off.
func (c *chunk) entryAt(off int) entry {
	body, pos := uvarint(c.buf, off)
	bodyEnd := pos + int(body)
	e := entry{start: off, flags: c.buf[pos]}
	pos++
	if e.flags&sameMs != 0 {
		seq, p := uvarint(c.buf, pos)
		e.id, e.fields = ID{c.first.Ms, c.first.Seq + seq}, p
	} else {
		ms, p := uvarint(c.buf, pos)
		seq, p := uvarint(c.buf, p)
		e.id, e.fields = ID{c.first.Ms + ms, seq}, p
	}
	e.end = bodyEnd + uvarintLen(uint64(bodyEnd-off))
	return e
}

// entryBefore decodes the header of the entry that ends at end.
func (c *chunk) entryBefore(end int) entry {
	size, width := backwardUvarint(c.buf, end)
	return c.entryAt(end - width - int(size))
}

// names returns where the names of the first entry stand, and how many names and
// values it has together.
func (c *chunk) names() (n, pos int) {
	count, pos := uvarint(c.buf, c.entryAt(0).fields)
	return int(count), pos
}

// numFields returns how many names and values an entry has together.
func (c *chunk) numFields(e entry) int {
	if e.flags&sharesNames != 0 {
		n, _ := c.names()
		return n
	}
	n, _ := uvarint(c.buf, e.fields)
	return int(n)
}

// appendFields appends the names and values of an entry to dst.
func (c *chunk) appendFields(dst [][]byte, e entry) [][]byte {
	var part []byte
	if e.flags&sharesNames == 0 {
		n, pos := uvarint(c.buf, e.fields)
		for range n {
			part, pos = lengthPrefixed(c.buf, pos)
			dst = append(dst, part)
		}
		return dst
	}
	n, name := c.names()
	value := e.fields
	for i := range n {
		part, name = lengthPrefixed(c.buf, name)
		if i%2 == 1 {
			part, value = lengthPrefixed(c.buf, value)
		}
		dst = append(dst, part)
	}
	return dst
}

// hasNamesOf reports whether fields has the names of the chunk's first entry, in
// the same order.
func (c *chunk) hasNamesOf(fields [][]byte) bool {
	n, pos := c.names()
	if n != len(fields) {
		return false
	}
	var part []byte
	for i, f := range fields {
		part, pos = lengthPrefixed(c.buf, pos)
		if i%2 == 0 && !bytes.Equal(part, f) {
			return false
		}
	}
	return true
}

// bodySize returns the size of the body that appendBody will write.
func (c *chunk) bodySize(id ID, fields [][]byte, flags byte) int {
	size := 1
	if flags&sameMs != 0 {
		size += uvarintLen(id.Seq - c.first.Seq)
	} else {
		size += uvarintLen(id.Ms-c.first.Ms) + uvarintLen(id.Seq)
	}
	if flags&sharesNames == 0 {
		size += uvarintLen(uint64(len(fields)))
	}
	for i, f := range fields {
		if i%2 == 1 || flags&sharesNames == 0 {
			size += uvarintLen(uint64(len(f))) + len(f)
		}
	}
	return size
}

// appendBody appends the body of an entry to buf.
func (c *chunk) appendBody(buf []byte, id ID, fields [][]byte, flags byte) []byte {
	buf = append(buf, flags)
	if flags&sameMs != 0 {
		buf = binary.AppendUvarint(buf, id.Seq-c.first.Seq)
	} else {
		buf = binary.AppendUvarint(buf, id.Ms-c.first.Ms)
		buf = binary.AppendUvarint(buf, id.Seq)
	}
	if flags&sharesNames == 0 {
		buf = binary.AppendUvarint(buf, uint64(len(fields)))
	}
	for i, f := range fields {
		if i%2 == 1 || flags&sharesNames == 0 {
			buf = binary.AppendUvarint(buf, uint64(len(f)))
			buf = append(buf, f...)
		}
	}
	return buf
}

// uvarint reads a number at off, which an earlier check or our own writing has
// made sure is whole, and returns what follows it.
func uvarint(b []byte, off int) (v uint64, next int) {
	if x := b[off]; x < 0x80 {
		return uint64(x), off + 1
	}
	v, n := binary.Uvarint(b[off:])
	return v, off + n
}

// uvarintLen returns how many bytes v takes, forward or backward.
func uvarintLen(v uint64) int { return (bits.Len64(v|1) + 6) / 7 }

// lengthPrefixed reads a string at off. Its capacity ends with it, so that an
// append by the reader cannot run into the next one.
func lengthPrefixed(b []byte, off int) (part []byte, next int) {
	n, off := uvarint(b, off)
	next = off + int(n)
	return b[off:next:next], next
}

// appendBackwardUvarint appends v so that backwardUvarint finds it from its end.
func appendBackwardUvarint(b []byte, v uint64) []byte {
	for i := uvarintLen(v) - 1; i > 0; i-- {
		x := byte(v>>(7*i)) & 0x7f
		if i < uvarintLen(v)-1 {
			x |= 0x80
		}
		b = append(b, x)
	}
	if v >= 0x80 {
		return append(b, byte(v)|0x80)
	}
	return append(b, byte(v))
}

// backwardUvarint reads the number that ends right before end, and its width.
func backwardUvarint(b []byte, end int) (v uint64, width int) {
	for shift := 0; ; shift += 7 {
		end--
		width++
		v |= uint64(b[end]&0x7f) << shift
		if b[end] < 0x80 {
			return v, width
		}
	}
}
