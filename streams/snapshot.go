package streams

import (
	"encoding/binary"
	"errors"
	"fmt"
)

// ErrCorrupt is wrapped by every error of NewFromHeader, AddChunk and Complete:
// the bytes are not what AppendHeader and ForEachChunk wrote.
var ErrCorrupt = errors.New("corrupt stream")

const headerVersion = 1

// loading is what a stream that is being restored still expects.
type loading struct {
	chunks uint64 // yet to come
	length uint64 // that the header promised
}

// AppendHeader appends what a snapshot needs beside the chunks.
func (s *Stream) AppendHeader(b []byte) []byte {
	b = append(b, headerVersion)
	b = appendID(b, s.lastID)
	b = appendID(b, s.maxDeletedID)
	b = binary.AppendUvarint(b, s.entriesAdded)
	b = binary.AppendUvarint(b, s.length)
	return binary.AppendUvarint(b, uint64(s.Chunks()))
}

// ForEachChunk calls fn with the encoding of each chunk, in ID order, and stops
// at its first error. The bytes are fn's for the call only.
func (s *Stream) ForEachChunk(fn func(chunk []byte) error) error {
	var block []byte
	for c := s.head(); c != nil; c = s.after(c) {
		block = c.appendBlock(block[:0])
		if err := fn(block); err != nil {
			return err
		}
	}
	return nil
}

// NewFromHeader begins to restore a stream. AddChunk must follow once for each
// chunk, in the order of ForEachChunk, then Complete.
func NewFromHeader(b []byte) (*Stream, error) {
	d := decoder{buf: b}
	if v := d.byte(); v != headerVersion && !d.failed {
		return nil, fmt.Errorf("%w: header version %d", ErrCorrupt, v)
	}
	s := New()
	s.lastID = d.id()
	s.maxDeletedID = d.id()
	s.entriesAdded = d.uvarint()
	l := loading{length: d.uvarint(), chunks: d.uvarint()}
	switch {
	case d.failed || d.off != len(b):
		return nil, fmt.Errorf("%w: malformed header at byte %d of %d", ErrCorrupt, d.off, len(b))
	case l.length < l.chunks, l.chunks == 0 && l.length > 0:
		return nil, fmt.Errorf("%w: %d entries in %d chunks", ErrCorrupt, l.length, l.chunks)
	}
	if l.chunks > 0 {
		s.loading = &l
	}
	return s, nil
}

// AddChunk appends a chunk to a stream that is being restored. It copies b, once.
// After an error the stream is as before.
func (s *Stream) AddChunk(b []byte) error {
	if s.loading == nil {
		return fmt.Errorf("%w: more chunks than the header has", ErrCorrupt)
	}
	c, err := decodeBlock(b)
	if err != nil {
		return err
	}
	if err := s.admit(&c); err != nil {
		return err
	}
	if s.tail.count > 0 {
		s.seal()
	} else {
		s.firstID = c.firstLive()
	}
	c.epoch = s.epoch
	c.buf = append(make([]byte, 0, len(c.buf)), c.buf...)
	s.tail = c
	s.length += uint64(c.live)
	if s.loading.chunks--; s.loading.chunks == 0 {
		s.loading = nil
	}
	return nil
}

// admit checks a decoded chunk against the header and the chunks before it.
func (s *Stream) admit(c *chunk) error {
	length, last := s.length+uint64(c.live), s.loading.chunks == 1
	switch {
	case s.tail.count > 0 && !s.tail.last.Less(c.first):
		return fmt.Errorf("%w: chunk %v follows one that ends with %v", ErrCorrupt, c.first, s.tail.last)
	case s.lastID.Less(c.last):
		return fmt.Errorf("%w: chunk %v reaches %v, beyond the last ID %v", ErrCorrupt, c.first, c.last, s.lastID)
	case length > s.loading.length, last && length != s.loading.length:
		return fmt.Errorf("%w: chunk %v makes %d entries of %d", ErrCorrupt, c.first, length, s.loading.length)
	}
	return nil
}

// Complete tells whether all chunks that the header promised were added.
func (s *Stream) Complete() error {
	if s.loading != nil {
		return fmt.Errorf("%w: %d chunks missing", ErrCorrupt, s.loading.chunks)
	}
	return nil
}

func appendID(b []byte, id ID) []byte {
	return binary.AppendUvarint(binary.AppendUvarint(b, id.Ms), id.Seq)
}
