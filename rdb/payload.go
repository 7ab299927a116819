package rdb

import (
	"encoding/binary"
	"errors"
	"hash/crc64"
)

// The errors of Parse.
var (
	// ErrChecksum: no payload, of a version to come, or damaged.
	ErrChecksum = errors.New("version or checksum of the payload is wrong")
	// ErrFormat: the value in it is none, or of a type that is not read here.
	ErrFormat = errors.New("bad data in the payload")
)

// maxVersion is the newest version of the format that is read.
const maxVersion = 12

// footer is the size of version and checksum.
const footer = 2 + 8

// jones is the table of Redis' checksum, its polynomial reflected.
var jones = crc64.MakeTable(0x95ac9329ac4bc9b5)

// Checksum is Redis' CRC-64. It begins with 0 and is not inverted in the end, both
// unlike Go's.
func Checksum(b []byte) uint64 { return ^crc64.Update(^uint64(0), jones, b) }

// Value is a string or a stream.
type Value struct {
	Text   []byte  // of a string; not nil then
	Stream *Stream // nil for a string
}

// The types of values that are read.
const (
	typeString  = 0
	typeStream1 = 15
	typeStream2 = 19
	typeStream3 = 21
)

// Parse reads a payload. What it returns may refer to b.
func Parse(b []byte) (Value, error) {
	end := len(b) - footer
	if end < 1 || binary.LittleEndian.Uint16(b[end:]) > maxVersion ||
		Checksum(b[:end+2]) != binary.LittleEndian.Uint64(b[end+2:]) {
		return Value{}, ErrChecksum
	}
	d := &decoder{rest: b[1:end], unpack: maxUnpacked}
	var v Value
	switch kind := b[0]; kind {
	case typeString:
		v.Text = d.string()
	case typeStream1, typeStream2, typeStream3:
		v.Stream = d.stream(kind)
	default:
		d.failed = true
	}
	if d.failed || len(d.rest) > 0 {
		return Value{}, ErrFormat
	}
	return v, nil
}
