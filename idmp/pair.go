package idmp

import (
	"crypto/sha256"
	"encoding/binary"
	"math/bits"
)

// Pair is what names an entry that may come again: a producer ID and an idempotent
// ID. Neither is empty.
type Pair struct {
	pid, iid []byte
	hash     uint64 // of the iid
}

// NewPair returns the pair of two IDs, which it does not copy.
func NewPair(pid, iid []byte) Pair {
	sum := sha256.Sum256(iid)
	return Pair{pid, iid, binary.LittleEndian.Uint64(sum[:])}
}

// NewAutoPair returns the pair of a producer ID and the iid that stands for the
// fields of an entry, names and values in turn.
func NewAutoPair(pid []byte, fields [][]byte) Pair {
	iid := Digest(fields)
	return NewPair(pid, iid[:])
}

// Digest returns 16 bytes that stand for the fields of an entry, names and values in
// turn, whatever the order of the pairs. It tells names from values, and where the
// one ends and the other begins.
//
// The pairs' hashes are added as numbers of 256 bits, so that a pair that comes
// twice counts twice, and the sum is hashed once more.
func Digest(fields [][]byte) [16]byte {
	var sum [4]uint64
	var text []byte
	for i := 0; i+1 < len(fields); i += 2 {
		text = binary.AppendUvarint(text[:0], uint64(len(fields[i])))
		text = append(append(text, fields[i]...), fields[i+1]...)
		one := sha256.Sum256(text)
		carry := uint64(0)
		for w := range sum {
			sum[w], carry = bits.Add64(sum[w], binary.LittleEndian.Uint64(one[8*w:]), carry)
		}
	}
	text = text[:0]
	for _, w := range sum {
		text = binary.LittleEndian.AppendUint64(text, w)
	}
	whole := sha256.Sum256(text)
	return [16]byte(whole[:16])
}
