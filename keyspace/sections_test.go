package keyspace_test

import (
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"io"
	"strings"
)

// sections is a snapshot in memory.
type sections []section

type section struct {
	kind uint8
	body []byte
}

func (s *sections) Section(kind uint8, body []byte) error {
	*s = append(*s, section{kind, append([]byte(nil), body...)})
	return nil
}

func (s sections) reader() *sectionReader { return &sectionReader{rest: s} }

type sectionReader struct {
	rest sections
	body []byte
	err  error // instead of io.EOF
}

// Next gives each body in the same buffer, as storage may.
func (r *sectionReader) Next() (uint8, []byte, error) {
	for i := range r.body {
		r.body[i] = 0xEE
	}
	if len(r.rest) == 0 {
		if r.err != nil {
			return 0, nil, r.err
		}
		return 0, nil, io.EOF
	}
	next := r.rest[0]
	r.rest = r.rest[1:]
	r.body = append(r.body[:0], next.body...)
	return next.kind, r.body, nil
}

func (s sections) String() string {
	var w strings.Builder
	for _, x := range s {
		fmt.Fprintf(&w, "%d %s\n", x.kind, hex.EncodeToString(x.body))
	}
	return w.String()
}

// pack and unpack put a snapshot into one string of bytes, for the fuzzer.
func (s sections) pack() (b []byte) {
	for _, x := range s {
		b = append(b, x.kind)
		b = binary.AppendUvarint(b, uint64(len(x.body)))
		b = append(b, x.body...)
	}
	return b
}

func unpack(b []byte) (s sections) {
	for len(b) > 0 {
		kind := b[0]
		n, w := binary.Uvarint(b[1:])
		if w <= 0 {
			return s
		}
		b = b[1+w:]
		n = min(n, uint64(len(b)))
		s = append(s, section{kind, b[:n]})
		b = b[n:]
	}
	return s
}
