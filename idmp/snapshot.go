package idmp

import (
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/millrace-io/millrace/decode"
)

// ErrCorrupt is wrapped by every error of FromHeader, AddBlock and Complete: the
// bytes are not what AppendHeader and ForEachBlock wrote.
var ErrCorrupt = errors.New("corrupt idempotent IDs")

const (
	headerVersion = 1
	snapshotBytes = 16 << 10 // a block of a snapshot takes no further record from there
)

// loading is what a Producers that is being restored still expects.
type loading struct {
	producers, records uint64
	last               string // pid of the last block
}

// AppendHeader appends what a snapshot needs beside the blocks.
func (p *Producers) AppendHeader(b []byte) []byte {
	b = append(b, headerVersion)
	b = binary.AppendUvarint(b, uint64(p.limits.Duration))
	b = binary.AppendUvarint(b, uint64(p.limits.MaxSize))
	b = binary.AppendUvarint(b, p.added)
	b = binary.AppendUvarint(b, p.duplicates)
	records := 0
	if p.tracked != nil {
		records = p.tracked.records
	}
	b = binary.AppendUvarint(b, uint64(p.PIDs()))
	return binary.AppendUvarint(b, uint64(records))
}

// ForEachBlock calls fn with blocks of all records, and stops at its first error. The
// bytes are fn's for the call only.
func (p *Producers) ForEachBlock(fn func(block []byte) error) (err error) {
	if p.tracked == nil {
		return nil
	}
	var out []byte
	p.tracked.byPID.Scan(func(pr byPID) bool {
		out, err = p.tracked.writeQueue(pr.producer, out, fn)
		return err == nil
	})
	return err
}

// writeQueue calls fn with the blocks of one producer. It returns the buffer, to be
// used again.
func (t *tracked) writeQueue(p *producer, out []byte, fn func(block []byte) error) ([]byte, error) {
	begin := func() { out = append(binary.AppendUvarint(out[:0], uint64(len(p.pid))), p.pid...) }
	begin()
	empty := len(out)
	var err error
	t.eachRecord(p, func(r record) bool {
		out = binary.AppendUvarint(binary.AppendUvarint(out, r.id.Ms), r.id.Seq)
		out = append(binary.AppendUvarint(out, uint64(len(r.iid))), r.iid...)
		if len(out)-empty >= snapshotBytes {
			err = fn(out)
			begin()
		}
		return err == nil
	})
	if err == nil && len(out) > empty {
		err = fn(out)
	}
	return out, err
}

// eachRecord calls fn with the producer's records in order, until it returns false.
func (t *tracked) eachRecord(p *producer, fn func(record) bool) {
	more := true
	walk := func(b *block, off int) {
		for more && off < len(b.buf) {
			r := b.at(off)
			more, off = fn(r), r.next
		}
	}
	skip := p.skip
	t.sealed.Ascend(sealedBlock{producer: p.number}, func(s sealedBlock) bool {
		if s.producer != p.number {
			return false
		}
		walk(s.block, skip)
		skip = 0
		return more
	})
	walk(&p.tail, skip)
}

// FromHeader begins to restore a Producers. AddBlock must follow once for each block,
// in the order of ForEachBlock, then Complete.
func FromHeader(b []byte) (Producers, error) {
	d := decoder{decode.Reader{Rest: b}}
	if v := d.Byte(); v != headerVersion && !d.Failed {
		return Producers{}, fmt.Errorf("%w: header version %d", ErrCorrupt, v)
	}
	limits := Limits{Duration: d.int(), MaxSize: d.int()}
	p := New(limits)
	p.added, p.duplicates = d.Uvarint(), d.Uvarint()
	l := loading{producers: d.Uvarint(), records: d.Uvarint()}
	switch {
	case !d.Done():
		return Producers{}, fmt.Errorf("%w: malformed header", ErrCorrupt)
	case !limits.Valid():
		return Producers{}, fmt.Errorf("%w: duration %d, maximum %d", ErrCorrupt, limits.Duration, limits.MaxSize)
	case l.records < l.producers, l.producers == 0 && l.records > 0:
		return Producers{}, fmt.Errorf("%w: %d records of %d producers", ErrCorrupt, l.records, l.producers)
	}
	if l.records > 0 {
		p.loading = &l
	}
	return p, nil
}

// AddBlock adds a block to a Producers that is being restored. It copies what it
// keeps of b. After an error the Producers is of no use.
func (p *Producers) AddBlock(b []byte) error {
	l := p.loading
	if l == nil {
		return fmt.Errorf("%w: more blocks than the header has", ErrCorrupt)
	}
	d := decoder{decode.Reader{Rest: b}}
	pid := d.Bytes()
	if len(d.Rest) == 0 || len(pid) == 0 || string(pid) < l.last {
		return fmt.Errorf("%w: block of producer %q after %q", ErrCorrupt, pid, l.last)
	}
	for len(d.Rest) > 0 {
		id := d.id()
		iid := d.Bytes()
		if d.Failed || len(iid) == 0 || l.records == 0 {
			return fmt.Errorf("%w: malformed block of producer %q", ErrCorrupt, pid)
		}
		p.put(NewPair(pid, iid), id)
		l.records--
	}
	if pr := p.tracked.get(pid); pr.live > p.limits.MaxSize {
		return fmt.Errorf("%w: %d iids of producer %q, at most %d", ErrCorrupt, pr.live, pid, p.limits.MaxSize)
	}
	l.last = string(pid)
	if l.records > 0 {
		return nil
	}
	if n := p.PIDs(); uint64(n) != l.producers {
		return fmt.Errorf("%w: %d producers of %d", ErrCorrupt, n, l.producers)
	}
	p.loading = nil
	return nil
}

// Complete tells whether all records that the header promised were added.
func (p *Producers) Complete() error {
	if p.loading != nil {
		return fmt.Errorf("%w: %d records missing", ErrCorrupt, p.loading.records)
	}
	return nil
}
