package decode

import "encoding/binary"

// Reader reads from the front of Rest. After the first bad read it has Failed, Rest is
// empty and all reads give zeros: so callers check once, at the end of a record.
type Reader struct {
	Rest   []byte
	Failed bool
}

// Done reports whether all was read, and well.
func (r *Reader) Done() bool { return !r.Failed && len(r.Rest) == 0 }

// Fail makes the reader a failed one.
func (r *Reader) Fail() { r.Rest, r.Failed = nil, true }

// Take reads n bytes, which alias the input.
func (r *Reader) Take(n uint64) []byte {
	if r.Failed || n > uint64(len(r.Rest)) {
		r.Fail()
		return nil
	}
	b := r.Rest[:n]
	r.Rest = r.Rest[n:]
	return b
}

// Byte reads a byte.
func (r *Reader) Byte() byte {
	if b := r.Take(1); b != nil {
		return b[0]
	}
	return 0
}

// Uvarint reads a number.
func (r *Reader) Uvarint() uint64 {
	v, n := binary.Uvarint(r.Rest)
	return number(r, v, n)
}

// Varint reads a number that may be negative.
func (r *Reader) Varint() int64 {
	v, n := binary.Varint(r.Rest)
	return number(r, v, n)
}

// number is v, which took n bytes; n below 1 says that there is none.
func number[T int64 | uint64](r *Reader, v T, n int) T {
	if n <= 0 {
		r.Fail()
		return 0
	}
	r.Rest = r.Rest[n:]
	return v
}

// Bytes reads a length and that many bytes, which alias the input.
func (r *Reader) Bytes() []byte { return r.Take(r.Uvarint()) }
