package snapshot

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"math"
)

// readBuffer is what one read of the file takes; larger bodies bypass it.
const readBuffer = 256 << 10

// scanner reads a snapshot front to back and checks all of it. Its errors are
// *CorruptionError for what the bytes say, and the cause itself when they could
// not be read.
type scanner struct {
	r    *bufio.Reader
	path string
	size int64 // of the whole snapshot

	off      int64  // bytes read
	total    uint32 // checksum of the whole so far
	tag      uint32 // of the header
	sections uint64
	scratch  [tailLen]byte
}

func newScanner(r io.Reader, path string, size int64) *scanner {
	buffer := int(min(size, readBuffer)) // a small file takes a small one
	return &scanner{r: bufio.NewReaderSize(r, buffer), path: path, size: size}
}

func (s *scanner) damage(off int64, reason string) error {
	return &CorruptionError{Path: s.path, Offset: off, Reason: reason}
}

func (s *scanner) left() int64 { return s.size - s.off }

// read fills b. The part that it is of starts at offset start.
func (s *scanner) read(b []byte, start int64) error {
	if int64(len(b)) > s.left() {
		return s.damage(start, "file ends early")
	}
	n, err := io.ReadFull(s.r, b)
	s.off += int64(n)
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return s.damage(start, "file ends early")
	}
	if err != nil {
		return fmt.Errorf("read snapshot %s at offset %d: %w", s.path, s.off, err)
	}
	return nil
}

// header reads up to the first section.
func (s *scanner) header() (m Meta, group uint32, err error) {
	b := make([]byte, headLen)
	if err := s.prefix(b[:prefixLen]); err != nil {
		return Meta{}, 0, err
	}
	if err := s.read(b[prefixLen:], 0); err != nil {
		return Meta{}, 0, err
	}
	s.total = sum(0, b[prefixLen:56])
	if le.Uint32(b[56:]) != s.total {
		return Meta{}, 0, s.damage(0, "wrong checksum of the header")
	}
	m = Meta{
		Version: int(int32(le.Uint32(b[20:]))),
		Index:   le.Uint64(b[24:]), Term: le.Uint64(b[32:]), ConfigurationIndex: le.Uint64(b[40:]),
		Format: le.Uint32(b[48:]),
	}
	m.Configuration, err = s.configuration(int64(le.Uint32(b[52:])))
	return m, le.Uint32(b[16:]), err
}

func (s *scanner) prefix(b []byte) error {
	if err := s.read(b, 0); err != nil {
		return err
	}
	if string(b[:len(headMagic)]) != headMagic || le.Uint32(b[12:]) != sum(0, b[:12]) {
		return s.damage(0, "not a snapshot header")
	}
	switch format := le.Uint32(b[8:]); {
	case format > fileFormat:
		return fmt.Errorf("%s: format %d, known up to %d: %w", s.path, format, fileFormat, ErrNewerFormat)
	case format < fileFormat:
		return s.damage(0, fmt.Sprintf("unknown format %d", format))
	}
	return nil
}

func (s *scanner) configuration(n int64) ([]byte, error) {
	if n > s.left() {
		return nil, s.damage(0, "file ends early")
	}
	conf := make([]byte, n)
	if err := s.read(conf, 0); err != nil {
		return nil, err
	}
	s.total = sum(s.total, conf)
	s.tag = s.total
	b := s.scratch[:sumLen]
	if err := s.read(b, 0); err != nil {
		return nil, err
	}
	if le.Uint32(b) != s.tag {
		return nil, s.damage(0, "wrong checksum of the configuration")
	}
	return conf, nil
}

// section is the header of one.
type section struct {
	off  int64
	kind uint8
	n    int64
	sum  uint32 // of the header
}

// next reads the header of the next section, or the trailer: io.EOF says that
// all of the snapshot was there and right. After a section its body must be
// taken, by body or by skip.
func (s *scanner) next() (section, error) {
	off := s.off
	b := s.scratch[:]
	if err := s.read(b[:sectionLen], off); err != nil {
		return section{}, err
	}
	switch string(b[:4]) {
	case sectionMagic:
		return s.sectionHeader(b[:sectionLen], off)
	case tailMagic:
		if err := s.read(b[sectionLen:], off); err != nil {
			return section{}, err
		}
		return section{}, s.trailer(b, off)
	}
	return section{}, s.damage(off, "neither section nor trailer")
}

func (s *scanner) sectionHeader(b []byte, off int64) (section, error) {
	h := sum(placeSum(s.tag, off), b[:16])
	if le.Uint32(b[16:]) != h {
		return section{}, s.damage(off, "wrong checksum of the section header")
	}
	n := le.Uint64(b[8:])
	if n > uint64(max(s.left()-sumLen, 0)) || n > math.MaxInt {
		return section{}, s.damage(off, "section is longer than the file")
	}
	s.total = sum(s.total, b[:16])
	s.sections++
	return section{off: off, kind: b[4], n: int64(n), sum: h}, nil
}

func (s *scanner) trailer(b []byte, off int64) error {
	switch {
	case le.Uint32(b[24:]) != sum(placeSum(s.tag, off), b[:24]) || string(b[28:]) != endMagic:
		return s.damage(off, "wrong checksum of the trailer")
	case le.Uint32(b[4:]) != s.total:
		return s.damage(off, "wrong checksum of the file")
	case le.Uint64(b[8:]) != s.sections:
		return s.damage(off, "sections are missing")
	case le.Uint64(b[16:]) != uint64(s.off) || s.left() != 0:
		return s.damage(off, "bytes behind the trailer")
	}
	return io.EOF
}

// body reads the body of sec into b, which has its length.
func (s *scanner) body(sec section, b []byte) error {
	if err := s.read(b, sec.off); err != nil {
		return err
	}
	s.total = sum(s.total, b)
	return s.bodySum(sec, sum(bodySum(sec.sum), b))
}

// skip checks the body of sec without keeping it; buf is working space.
func (s *scanner) skip(sec section, buf []byte) error {
	have := bodySum(sec.sum)
	for n := sec.n; n > 0; {
		part := buf[:min(n, int64(len(buf)))]
		if err := s.read(part, sec.off); err != nil {
			return err
		}
		have, s.total = sum(have, part), sum(s.total, part)
		n -= int64(len(part))
	}
	return s.bodySum(sec, have)
}

func (s *scanner) bodySum(sec section, have uint32) error {
	b := s.scratch[:sumLen]
	if err := s.read(b, sec.off); err != nil {
		return err
	}
	if le.Uint32(b) != have {
		return s.damage(sec.off, "wrong checksum of the section body")
	}
	return nil
}

// verify reads everything behind the header.
func (s *scanner) verify() error {
	buf := make([]byte, min(s.size, readBuffer))
	for {
		sec, err := s.next()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		if err := s.skip(sec, buf); err != nil {
			return err
		}
	}
}
