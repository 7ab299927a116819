package resp

const (
	// largeArg is the length from which an argument that has not wholly come yet
	// gets a buffer of its own, so that it is not copied from chunk to chunk.
	largeArg = 16 << 10
	// mapFrom is the length from which that buffer is mapped, where this can be
	// done: it then grows without being copied, and is gone when it is released
	// instead of when the garbage collector comes by.
	mapFrom    = 1 << 20
	firstLarge = 64 << 10
	firstMap   = 256 << 10
	// maxRead is how much of a large argument is read at a time, so that other
	// connections have their turn.
	maxRead = 1 << 20
)

// large is an argument on its way. Its buffer grows with the bytes that come, up
// to the announced length.
type large struct {
	buf    []byte // the whole buffer
	n      int    // bytes that came
	want   int
	mapped bool
}

func newLarge(want int) large {
	l := large{want: want}
	if want >= mapFrom {
		if b, err := mapLarge(firstMap); err == nil {
			l.buf, l.mapped = b, true
			return l
		}
	}
	l.buf = make([]byte, min(want, firstLarge))
	return l
}

func (l *large) full() bool { return l.n == l.want }

// space is where the next bytes go.
func (l *large) space() []byte {
	if l.n == len(l.buf) {
		l.grow(min(l.want, 2*len(l.buf)))
	}
	return l.buf[l.n:min(len(l.buf), l.n+maxRead)]
}

func (l *large) grow(size int) {
	if l.mapped {
		if b, err := growLarge(l.buf, size); err == nil {
			l.buf = b
			return
		}
	}
	b := make([]byte, size)
	copy(b, l.buf[:l.n])
	l.drop()
	l.buf, l.mapped = b, false
}

// drop gives the buffer back.
func (l *large) drop() {
	if l.mapped {
		unmapLarge(l.buf)
	}
	l.buf = nil
}
