package idmp

import (
	"encoding/binary"
	"math"

	"github.com/millrace-io/millrace/streams"
)

// decoder reads the snapshot format. After the first bad read it has failed and
// gives zeros, so callers check once.
type decoder struct {
	rest   []byte
	failed bool
}

func (d *decoder) done() bool { return !d.failed && len(d.rest) == 0 }

func (d *decoder) fail() { d.rest, d.failed = nil, true }

func (d *decoder) byte() byte {
	if len(d.rest) == 0 {
		d.fail()
		return 0
	}
	v := d.rest[0]
	d.rest = d.rest[1:]
	return v
}

func (d *decoder) uvarint() uint64 {
	v, n := binary.Uvarint(d.rest)
	if n <= 0 {
		d.fail()
		return 0
	}
	d.rest = d.rest[n:]
	return v
}

// int reads a small number: one beyond any limit is given as the highest.
func (d *decoder) int() int { return int(min(d.uvarint(), math.MaxInt32)) }

func (d *decoder) id() streams.ID { return streams.ID{Ms: d.uvarint(), Seq: d.uvarint()} }

// bytes reads a length and that many bytes, which alias the input.
func (d *decoder) bytes() []byte {
	n := d.uvarint()
	if n > uint64(len(d.rest)) {
		d.fail()
		return nil
	}
	v := d.rest[:n]
	d.rest = d.rest[n:]
	return v
}
