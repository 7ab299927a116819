package snapshot

import (
	"errors"
	"io"
	"math"

	"github.com/millrace-io/millrace/storage/vfs"
)

// keepBody is the largest body buffer that a Reader keeps for the next section.
const keepBody = 4 << 20

// Reader gives the sections of a snapshot in order. It checks them as it goes:
// what Next has given is right, but only io.EOF says that nothing is missing.
// One goroutine at a time.
type Reader struct {
	scan *scanner
	meta Meta
	file vfs.File // nil for a Reader of NewReader
	size int64
	buf  []byte
	err  error // sticks
}

// NewReader reads a snapshot of size bytes in its raw form. It takes exactly
// size bytes from r when the snapshot is sound, though in larger steps than it
// needs them.
func NewReader(r io.Reader, size int64) (*Reader, error) {
	rd, _, err := newReader(r, "(stream)", size)
	return rd, err
}

func newReader(r io.Reader, path string, size int64) (*Reader, uint32, error) {
	scan := newScanner(io.LimitReader(r, size), path, size)
	meta, group, err := scan.header()
	if err != nil {
		return nil, 0, err
	}
	return &Reader{scan: scan, meta: meta, size: size}, group, nil
}

// Meta returns what the header says.
func (r *Reader) Meta() Meta { return r.meta }

// Size is the size of the raw form.
func (r *Reader) Size() int64 { return r.size }

// Next returns the next section; body is valid until the next call. io.EOF is
// the good end.
func (r *Reader) Next() (kind uint8, body []byte, err error) {
	if r.err != nil {
		return 0, nil, r.err
	}
	kind, body, r.err = r.next()
	return kind, body, r.err
}

func (r *Reader) next() (uint8, []byte, error) {
	sec, err := r.scan.next()
	if err != nil {
		return 0, nil, err
	}
	body := r.room(int(sec.n))
	if err := r.scan.body(sec, body); err != nil {
		return 0, nil, err
	}
	return sec.kind, body, nil
}

// room returns n bytes; one huge body does not stay in memory behind the small
// ones that follow it.
func (r *Reader) room(n int) []byte {
	if n > keepBody {
		r.buf = nil
		return make([]byte, n)
	}
	if cap(r.buf) < n {
		r.buf = make([]byte, min(max(n, 2*cap(r.buf)), keepBody))
	}
	return r.buf[:n:n]
}

// Raw returns the whole file from its first byte, wherever Next is, unchecked:
// the receiver checks. Closing it closes the Reader. Only a Reader of a Store
// has a file; any other gets a Raw that fails.
func (r *Reader) Raw() io.ReadCloser {
	if r.file == nil {
		return rawReader{errReader{ErrClosed}, r}
	}
	return rawReader{io.NewSectionReader(r.file, 0, r.size), r}
}

type rawReader struct {
	io.Reader
	io.Closer
}

type errReader struct{ err error }

func (e errReader) Read([]byte) (int, error) { return 0, e.err }

// Close ends the use of the file. Next fails with ErrClosed from then on.
func (r *Reader) Close() error {
	if errors.Is(r.err, ErrClosed) {
		return ErrClosed
	}
	r.err, r.buf = ErrClosed, nil
	if r.file == nil {
		return nil
	}
	return r.file.Close()
}

// fileReader reads f from the start with a position of its own.
func fileReader(f vfs.File) io.Reader { return io.NewSectionReader(f, 0, math.MaxInt64) }
