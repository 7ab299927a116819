package rdb

import (
	"encoding/binary"
	"strconv"

	"github.com/millrace-io/millrace/streams"
)

// maxUnpacked bounds what LZF may unpack to in one payload.
const maxUnpacked = 1 << 30

// decoder reads values one by one. After the first that is not there, or wrong, it
// has failed and gives zeros.
type decoder struct {
	rest   []byte
	unpack int // bytes that may still be unpacked
	failed bool
}

// fail gives up; nothing is left to read.
func (d *decoder) fail() {
	d.failed = true
	d.rest = nil
}

// take returns the next n bytes, nil when there are less.
func (d *decoder) take(n uint64) []byte {
	if n > uint64(len(d.rest)) {
		d.fail()
		return nil
	}
	b := d.rest[:n:n]
	d.rest = d.rest[n:]
	return b
}

func (d *decoder) byte() byte {
	if b := d.take(1); b != nil {
		return b[0]
	}
	return 0
}

// Encodings of a length and of a string.
const (
	length6, length14, encoded = 0, 1, 3
	length32, length64         = 0x80, 0x81
	encodedInt8, encodedInt16  = 0, 1
	encodedInt32, encodedLZF   = 2, 3
)

// lengthOrEncoding returns a length or, when special, how a string is encoded.
func (d *decoder) lengthOrEncoding() (n uint64, special bool) {
	first := d.byte()
	switch kind := first >> 6; {
	case kind == length6:
		return uint64(first), false
	case kind == length14:
		return uint64(first&0x3f)<<8 | uint64(d.byte()), false
	case kind == encoded:
		return uint64(first & 0x3f), true
	case first == length32:
		if b := d.take(4); b != nil {
			return uint64(binary.BigEndian.Uint32(b)), false
		}
	case first == length64:
		if b := d.take(8); b != nil {
			return binary.BigEndian.Uint64(b), false
		}
	}
	d.fail()
	return 0, false
}

func (d *decoder) length() uint64 {
	n, special := d.lengthOrEncoding()
	if special {
		d.fail()
		return 0
	}
	return n
}

// string returns a string, never nil unless it failed.
func (d *decoder) string() []byte {
	n, special := d.lengthOrEncoding()
	if !special {
		return d.take(n)
	}
	switch n {
	case encodedInt8, encodedInt16, encodedInt32:
		if b := d.take(1 << n); b != nil {
			return strconv.AppendInt(nil, littleEndian(b), 10)
		}
	case encodedLZF:
		packed, size := d.length(), d.length()
		b := d.take(packed)
		if d.failed || size > uint64(d.unpack) {
			break
		}
		if text, ok := unpackLZF(b, int(size)); ok {
			d.unpack -= len(text)
			return text
		}
	}
	d.fail()
	return nil
}

// littleEndian is a signed integer of up to 8 bytes.
func littleEndian(b []byte) int64 {
	n := uint64(0)
	for i, c := range b {
		n |= uint64(c) << (8 * i)
	}
	shift := 64 - 8*len(b)
	return int64(n<<shift) >> shift
}

// time is a time in ms.
func (d *decoder) time() int64 {
	if b := d.take(8); b != nil {
		return littleEndian(b)
	}
	return 0
}

// id is an ID of two lengths.
func (d *decoder) id() streams.ID { return streams.ID{Ms: d.length(), Seq: d.length()} }

// rawID is an ID of 16 bytes.
func (d *decoder) rawID() streams.ID { return bigEndianID(d.take(16)) }

// bigEndianID is zero for anything but 16 bytes.
func bigEndianID(b []byte) streams.ID {
	if len(b) != 16 {
		return streams.ID{}
	}
	return streams.ID{Ms: binary.BigEndian.Uint64(b), Seq: binary.BigEndian.Uint64(b[8:])}
}
