package rdb

import (
	"bytes"
	"encoding/binary"
	"strconv"
)

// Sizes of a listpack's head, which is its size in bytes and its number of elements,
// and the byte at its end.
const (
	listpackHead = 4 + 2
	listpackEnd  = 0xff
	// uncounted is the number of elements of a listpack that has too many to say.
	uncounted = 0xffff
)

// listpack reads the elements of a listpack one by one. After one that is wrong it
// has failed and gives zeros.
type listpack struct {
	rest   []byte
	read   int // elements
	failed bool
}

// newListpack checks head and end; the elements are checked as they are read.
func newListpack(b []byte) *listpack {
	if len(b) < listpackHead+1 || binary.LittleEndian.Uint32(b) != uint32(len(b)) || b[len(b)-1] != listpackEnd {
		return &listpack{failed: true}
	}
	return &listpack{rest: b[listpackHead : len(b)-1]}
}

// countIs tells whether the head of b agrees with a number of elements.
func countIs(b []byte, elements int) bool {
	n := int(binary.LittleEndian.Uint16(b[4:]))
	return n == elements || n == uncounted
}

func (l *listpack) done() bool { return l.failed || len(l.rest) == 0 }

func (l *listpack) fail() {
	l.failed = true
	l.rest = nil
}

// element is an integer or, when text is not nil, a string.
type element struct {
	text []byte
	n    int64
}

// bytes is the element as a string.
func (e element) bytes() []byte {
	if e.text != nil {
		return e.text
	}
	return strconv.AppendInt(nil, e.n, 10)
}

func (l *listpack) next() element {
	e, size := l.peek()
	if size == 0 || size > len(l.rest) {
		l.fail()
		return element{}
	}
	// Behind each element stands its size, for readers from the other end.
	back := appendBackLength(nil, size)
	if !bytes.HasPrefix(l.rest[size:], back) {
		l.fail()
		return element{}
	}
	l.rest = l.rest[size+len(back):]
	l.read++
	return e
}

// peek decodes the element at the front and returns its size; 0: it is none.
func (l *listpack) peek() (e element, size int) {
	if len(l.rest) == 0 {
		return e, 0
	}
	first := l.rest[0]
	switch {
	case first < 0x80: // 7 bits
		return element{n: int64(first)}, 1
	case first < 0xc0:
		return l.text(1, int(first&0x3f))
	case first < 0xe0: // 13 bits, signed
		if len(l.rest) < 2 {
			return e, 0
		}
		n := int64(first&0x1f)<<8 | int64(l.rest[1])
		return element{n: n << 51 >> 51}, 2
	case first < 0xf0:
		if len(l.rest) < 2 {
			return e, 0
		}
		return l.text(2, int(first&0x0f)<<8|int(l.rest[1]))
	case first == 0xf0:
		if len(l.rest) < 5 {
			return e, 0
		}
		return l.text(5, int(binary.LittleEndian.Uint32(l.rest[1:])))
	case first <= 0xf4:
		width := [...]int{2, 3, 4, 8}[first-0xf1]
		if len(l.rest) < 1+width {
			return e, 0
		}
		return element{n: littleEndian(l.rest[1 : 1+width])}, 1 + width
	}
	return e, 0
}

// text is a string behind head bytes.
func (l *listpack) text(head, n int) (e element, size int) {
	if n > len(l.rest)-head {
		return e, 0
	}
	return element{text: l.rest[head : head+n : head+n]}, head + n
}

// int is the next element as an integer.
func (l *listpack) int() int64 {
	e := l.next()
	if e.text == nil {
		return e.n
	}
	n, err := strconv.ParseInt(string(e.text), 10, 64)
	if err != nil {
		l.fail()
	}
	return n
}

// appendBackLength appends a size as it stands behind an element: 7 bits a byte, the
// high ones first, all bytes but the first with the high bit set.
func appendBackLength(b []byte, size int) []byte {
	n := 1
	for _, most := range []int{127, 16382, 2097150, 268435454} {
		if size > most {
			n++
		}
	}
	for i := n - 1; i >= 0; i-- {
		c := byte(size>>(7*i)) & 0x7f
		if i < n-1 {
			c |= 0x80
		}
		b = append(b, c)
	}
	return b
}
