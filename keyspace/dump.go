package keyspace

import (
	"encoding/binary"
	"errors"
	"hash/crc64"

	"github.com/millrace-io/millrace/decode"
)

// What DUMP gives: a value without its name, deadline and version.
//
//	magic     "MR", which no RDB type begins with
//	version   byte: 1, or 2 of a stream with what it remembers of its producers
//	sections  as in a snapshot, from the key's own on (of database 0, without name,
//	          deadline and version): kind (byte), length (varint), body
//	checksum  CRC-64 (ECMA) of all before it, 8 bytes, little endian
const (
	dumpMagic    = "MR"
	dumpVersion  = 1
	dumpWithIDMP = 2 // of a stream with sections that version 1 did not have
	dumpHead     = len(dumpMagic) + 1
	dumpTail     = 8
)

var (
	// ErrNotADump is returned by ParseDump for bytes of another format or version,
	// and for damaged ones.
	ErrNotADump = errors.New("not a dump, or a damaged one")

	dumpTable = crc64.MakeTable(crc64.ECMA)
)

// AppendDump appends the key's value for ParseDump.
func (k *Key) AppendDump(b []byte) []byte {
	start := len(b)
	version := byte(dumpVersion)
	if k.stream != nil && !k.stream.producers.Untouched() {
		version = dumpWithIDMP
	}
	p := dumpPacker{b: append(append(b, dumpMagic...), version)}
	s := snapshotter{w: &p}
	if err := s.key(0, &Key{kind: k.kind, form: k.form, text: k.text, stream: k.stream}); err != nil {
		panic(err) // the packer returns none
	}
	return binary.LittleEndian.AppendUint64(p.b, crc64.Checksum(p.b[start:], dumpTable))
}

// dumpPacker puts sections behind each other.
type dumpPacker struct{ b []byte }

func (p *dumpPacker) Section(kind uint8, body []byte) error {
	p.b = binary.AppendUvarint(append(p.b, kind), uint64(len(body)))
	p.b = append(p.b, body...)
	return nil
}

// Dumped is a value that was dumped, read back and checked, and under no name yet.
type Dumped struct{ key *Key }

// Kind returns the type of the value.
func (v *Dumped) Kind() Kind { return v.key.kind }

// ParseDump reads what AppendDump wrote. The error is ErrNotADump or, for what
// cannot be a value, ErrCorrupt. It never panics.
func ParseDump(b []byte) (*Dumped, error) {
	end := len(b) - dumpTail
	if end < dumpHead || string(b[:len(dumpMagic)]) != dumpMagic || b[len(dumpMagic)] > dumpWithIDMP || b[len(dumpMagic)] < dumpVersion ||
		crc64.Checksum(b[:end], dumpTable) != binary.LittleEndian.Uint64(b[end:]) {
		return nil, ErrNotADump
	}
	rs := restorer{st: New(1)}
	for d := (decode.Reader{Rest: b[dumpHead:end]}); len(d.Rest) > 0; rs.sections++ {
		kind := d.Byte()
		body := d.Take(d.Uvarint())
		if d.Failed {
			return nil, rs.corrupt(kind, errMalformed)
		}
		if err := rs.dumpSection(kind, body); err != nil {
			return nil, rs.corrupt(kind, err)
		}
	}
	if err := rs.endKey(); err != nil || rs.key == nil {
		return nil, rs.corrupt(sectionKey, errors.Join(errOrder, err))
	}
	return &Dumped{rs.key}, nil
}

// dumpSection takes a section of a dump, which has one key and no end.
func (rs *restorer) dumpSection(kind uint8, body []byte) error {
	if kind == sectionHeader || kind == sectionEnd || (kind == sectionKey) != (rs.key == nil) {
		return errOrder
	}
	return rs.section(kind, body)
}

// PutDumped puts a value under a name, with a deadline in Unix ms or 0: whatever was
// there is gone. The value belongs to the state from then on.
func (d *DB) PutDumped(name []byte, v *Dumped, deadline int64) *Key {
	k := v.key.detached(name)
	v.key = nil
	if s := k.stream; s != nil {
		s.db, s.epoch, s.noted, s.lookedAt = d, d.state.epoch, false, 0
		for _, g := range s.groups {
			g.epoch = s.epoch
		}
	}
	return d.attach(k, deadline)
}
