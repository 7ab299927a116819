package log

import (
	"bytes"
	"errors"
	"fmt"
	"io"

	"github.com/millrace-io/millrace/storage/vfs"
)

// readWindow is how much of a segment a walk reads at once.
const readWindow = 1 << 20

// frameReader reads the frames of one life of a segment file.
type frameReader struct {
	f    vfs.File
	path string
	size int64
	life life

	// Ahead: read this much at once and serve what follows from memory. A
	// frame's body then aliases the window until the next read.
	window []byte
	ahead  int
	at     int64 // offset of window
}

// bytes returns [off, off+n) of the file. n must lie within size.
func (r *frameReader) bytes(off int64, n int) ([]byte, error) {
	if off >= r.at && off+int64(n) <= r.at+int64(len(r.window)) {
		return r.window[off-r.at:][:n:n], nil
	}
	want := int(min(int64(max(n, r.ahead)), r.size-off))
	if r.ahead == 0 || cap(r.window) < want {
		r.window = make([]byte, want)
	}
	r.window, r.at = r.window[:want], off
	if got, err := r.f.ReadAt(r.window, off); got < want {
		r.window = r.window[:0]
		if err == nil || errors.Is(err, io.EOF) {
			err = io.ErrUnexpectedEOF
		}
		return nil, fmt.Errorf("read log segment %s at %d: %w", r.path, off, err)
	}
	return r.window[:n:n], nil
}

// read returns the frame at off, or the reason why there is none. err is a
// failed read.
func (r *frameReader) read(off int64) (f *frame, reason string, err error) {
	if off+headerSize > r.size {
		return nil, "end of file", nil
	}
	b, err := r.bytes(off, headerSize)
	if err != nil {
		return nil, "", err
	}
	h, ok := parseHeader(b)
	if reason = r.mismatch(&h, ok, b, off); reason != "" {
		return nil, reason, nil
	}
	if b, err = r.bytes(off, int(h.length)); err != nil {
		return nil, "", err
	}
	if checksum(b) != h.crc {
		return nil, "checksum does not match", nil
	}
	return &frame{header: h, body: b[headerSize:]}, "", nil
}

// mismatch says why a header at off is not that of a frame of this life.
func (r *frameReader) mismatch(h *header, ok bool, b []byte, off int64) string {
	switch {
	case isZero(b):
		return "zeros"
	case !ok:
		return "no frame header"
	case h.life.number != r.life.number:
		return fmt.Sprintf("frame of segment %d", h.life.number)
	case h.life.salt != r.life.salt:
		return "frame of an earlier use of the file"
	case h.offset != off:
		return fmt.Sprintf("frame of offset %d", h.offset)
	case off+int64(h.length) > r.size:
		return fmt.Sprintf("frame of %d bytes reaches beyond the end of the file", h.length)
	}
	return ""
}

func isZero(b []byte) bool {
	for len(b) > 0 {
		n := min(len(b), pageSize)
		if !bytes.Equal(b[:n], zeroPage[:n]) {
			return false
		}
		b = b[n:]
	}
	return true
}

// readFirst reads a segment's first frame; it takes the salt from it.
func (r *frameReader) readFirst() (*frame, *firstBody, error) {
	if r.size < headerSize {
		return nil, nil, nil
	}
	b, err := r.bytes(0, headerSize)
	if err != nil {
		return nil, nil, err
	}
	h, ok := parseHeader(b)
	if !ok || h.kind != KindFirst {
		return nil, nil, nil
	}
	r.life.salt = h.life.salt
	f, reason, err := r.read(0)
	if err != nil || reason != "" {
		return nil, nil, err
	}
	body, err := parseFirst(&f.header, f.body)
	if v := (*VersionError)(nil); errors.As(err, &v) {
		v.Path = r.path
		return nil, nil, v
	}
	if err != nil {
		return nil, nil, &DamageError{Path: r.path, Offset: 0, Reason: "first frame: " + err.Error()}
	}
	return f, &body, nil
}
