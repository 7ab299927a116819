package groups

import (
	"encoding/binary"
	"math/bits"
	"slices"
)

const (
	maxRows = 128 // of a block: a change moves at most this many rows
	maxCols = 6
	maxKeys = 3
	padding = 8 // behind the rows, so that any column is read as one word
)

// row is one row of a table; its first columns are the key.
type row [maxCols]uint64

// key is the key of a row; columns beyond the schema's keys are 0.
type key [maxKeys]uint64

// schema tells how many columns a table's rows have and how many of them are the key.
type schema struct{ cols, keys int }

func (s schema) keyOf(r *row) (k key) {
	copy(k[:s.keys], r[:s.keys])
	return k
}

func (k *key) compare(other *key) int {
	for c := range k {
		if k[c] != other[c] {
			if k[c] < other[c] {
				return -1
			}
			return 1
		}
	}
	return 0
}

// token marks who may change a block or consumer in place: the structure that
// holds the same token. Clone gives both sides a new one, so that everything
// made before is shared and is copied before its first change (invariant 6).
type token struct{ _ byte }

// block holds up to maxRows rows of a table, ascending, in one pointer-free
// slice. Every column is stored as its distance from a base, in as few whole
// bytes as the block's values need: rows that lie close together, as they do in
// a sorted table, take a fifth of their plain size.
type block struct {
	owner *token
	data  []byte // n rows of stride bytes, then the padding
	layout
	n int16
}

// layout says how the rows of a block are packed.
type layout struct {
	base   [maxCols]uint64
	width  [maxCols]uint8 // bytes per value: value-base < 1<<(8*width)
	offset [maxCols]uint8 // of the column within the row
	stride uint8
	cols   uint8
}

// widthMask has the bits that a column of the given width can hold.
var widthMask = [9]uint64{0, 1<<8 - 1, 1<<16 - 1, 1<<24 - 1, 1<<32 - 1, 1<<40 - 1, 1<<48 - 1, 1<<56 - 1, 1<<64 - 1}

// widthOf returns the bytes that values up to span need.
func widthOf(span uint64) uint8 { return uint8(bits.Len64(span)+7) / 8 }

// place computes the offsets and the stride from the widths.
func (l *layout) place() {
	l.stride = 0
	for c, w := range l.width[:l.cols] {
		l.offset[c] = l.stride
		l.stride += w
	}
}

// fits reports whether r can be packed without a new layout.
func (l *layout) fits(r *row) bool {
	for c, v := range r[:l.cols] {
		if v < l.base[c] || v-l.base[c] > widthMask[l.width[c]] {
			return false
		}
	}
	return true
}

// newBlock returns an empty block.
func newBlock(owner *token, cols int) *block {
	return &block{owner: owner, data: make([]byte, padding), layout: layout{cols: uint8(cols)}}
}

// follow returns an empty block for r and what comes after it. It takes over
// the layout and has room for all rows at once, so that it need not find its
// widths and its size a few rows at a time.
func (b *block) follow(r *row) *block {
	f := &block{owner: b.owner, layout: b.layout}
	for c, v := range r[:f.cols] {
		if v < f.base[c] || v-f.base[c] > widthMask[f.width[c]]/2 {
			f.base[c] = v
		}
	}
	f.data = slices.Grow([]byte(nil), maxRows*int(f.stride)+padding)[:padding]
	return f
}

func (b *block) clone(owner *token) *block {
	c := *b
	c.owner = owner
	c.data = slices.Clone(b.data)
	return &c
}

// at returns one value.
func (b *block) at(i, c int) uint64 {
	off := i*int(b.stride) + int(b.offset[c])
	return b.base[c] + binary.LittleEndian.Uint64(b.data[off:])&widthMask[b.width[c]]
}

func (b *block) row(i int) (r row) {
	for c := range int(b.cols) {
		r[c] = b.at(i, c)
	}
	return r
}

// write packs r, which fits, at place i.
func (b *block) write(i int, r *row) {
	start := i * int(b.stride)
	for c, v := range r[:b.cols] {
		off := start + int(b.offset[c])
		m := widthMask[b.width[c]]
		word := binary.LittleEndian.Uint64(b.data[off:])
		binary.LittleEndian.PutUint64(b.data[off:], word&^m|(v-b.base[c])&m)
	}
}

// search returns the place of the first row at or above k, and whether it has that very key.
func (b *block) search(k *key, keys int) (place int, found bool) {
	low, high := 0, int(b.n)
	for low < high {
		mid := int(uint(low+high) >> 1)
		switch b.compare(mid, k, keys) {
		case -1:
			low = mid + 1
		case 0:
			return mid, true
		default:
			high = mid
		}
	}
	return low, false
}

// compare compares the key of row i with k.
func (b *block) compare(i int, k *key, keys int) int {
	for c := range keys {
		if v := b.at(i, c); v != k[c] {
			if v < k[c] {
				return -1
			}
			return 1
		}
	}
	return 0
}

// insert puts r at place i; the rows from there on move up.
func (b *block) insert(i int, r *row) {
	switch {
	case b.n == 0:
		copy(b.base[:b.cols], r[:b.cols]) // the widths may do for what comes, too
	case !b.fits(r):
		b.relayout(r)
	}
	stride := int(b.stride)
	end := int(b.n) * stride
	b.resize(end + stride + padding)
	copy(b.data[(i+1)*stride:end+stride], b.data[i*stride:end])
	b.n++
	b.write(i, r)
}

// set replaces the row at place i by one with the same key.
func (b *block) set(i int, r *row) {
	if !b.fits(r) {
		b.relayout(r)
	}
	b.write(i, r)
}

// remove takes out the row at place i.
func (b *block) remove(i int) {
	stride := int(b.stride)
	end := int(b.n) * stride
	copy(b.data[i*stride:], b.data[(i+1)*stride:end])
	b.n--
	b.resize(end - stride + padding)
}

// resize sets the length of data; where it grows, a quarter is added as room.
func (b *block) resize(size int) {
	if size <= cap(b.data) {
		b.data = b.data[:size]
		return
	}
	room := min(size+size/4, maxRows*int(b.stride)+padding)
	grown := slices.Grow([]byte(nil), max(size, room))[:size]
	copy(grown, b.data)
	b.data = grown
}

// loose reports whether most of the memory is unused.
func (b *block) loose() bool { return cap(b.data) > 2*len(b.data)+64 }

// slice returns a new block with the rows [from, to), packed as tightly as possible.
func (b *block) slice(from, to int) *block {
	c := &block{owner: b.owner, n: int16(to - from), layout: layout{cols: b.cols}}
	low, high := b.bounds(from, to)
	c.span(&low, &high)
	c.copyRows(0, b, from, to)
	return c
}

// span sets the tightest layout for values between low and high.
func (l *layout) span(low, high *row) {
	for c := range int(l.cols) {
		l.base[c], l.width[c] = low[c], widthOf(high[c]-low[c])
	}
	l.place()
}

// compact packs the rows as tightly as possible.
func (b *block) compact() {
	*b = *b.slice(0, int(b.n))
}

// seal is compact for a full block, which may well be tight already.
func (b *block) seal() {
	tight := layout{cols: b.cols}
	low, high := b.bounds(0, int(b.n))
	tight.span(&low, &high)
	if tight.stride < b.stride || cap(b.data)-len(b.data) > len(b.data)/8 {
		b.compact()
	}
}

// join returns a new block with the rows of both, of which b's come first.
func (b *block) join(next *block, owner *token) *block {
	low, high := b.bounds(0, int(b.n))
	low2, high2 := next.bounds(0, int(next.n))
	for col := range low {
		low[col], high[col] = min(low[col], low2[col]), max(high[col], high2[col])
	}
	c := &block{owner: owner, n: b.n + next.n, layout: layout{cols: b.cols}}
	c.span(&low, &high)
	c.copyRows(0, b, 0, int(b.n))
	c.copyRows(int(b.n), next, 0, int(next.n))
	return c
}

// relayout widens the columns that cannot take r. Below the base, the new one
// is put as low as the width allows, so that descending values do not ask for
// a new layout each.
func (b *block) relayout(r *row) {
	low, high := *r, *r
	if b.n > 0 {
		low, high = b.bounds(0, int(b.n))
	}
	old := *b
	for c, v := range r[:b.cols] {
		if v >= b.base[c] && v-b.base[c] <= widthMask[b.width[c]] {
			continue
		}
		if v >= low[c] {
			b.base[c], b.width[c] = low[c], widthOf(max(v, high[c])-low[c])
			continue
		}
		b.width[c] = widthOf(high[c] - v)
		b.base[c] = high[c] - min(high[c], widthMask[b.width[c]])
	}
	b.place()
	b.copyRows(0, &old, 0, int(b.n))
}

// bounds returns the lowest and highest value of each column over the rows [from, to), of which there is one.
func (b *block) bounds(from, to int) (low, high row) {
	for c := range int(b.cols) {
		low[c], high[c] = b.base[c], b.base[c]
		if b.width[c] == 0 {
			continue
		}
		low[c] = b.at(from, c)
		high[c] = low[c]
		for i := from + 1; i < to; i++ {
			v := b.at(i, c)
			low[c], high[c] = min(low[c], v), max(high[c], v)
		}
	}
	return low, high
}

// copyRows packs the rows [from, to) of src, which fit, from place i on, into
// memory of its own the first time.
func (b *block) copyRows(i int, src *block, from, to int) {
	if i == 0 {
		size := int(b.n)*int(b.stride) + padding
		b.data = slices.Grow([]byte(nil), size)[:size]
	}
	for ; from < to; from++ {
		r := src.row(from)
		b.write(i, &r)
		i++
	}
}
