package vfs

// imagePage is the unit in which an image holds its bytes; a page that was never
// written takes no memory, so a large Allocate is cheap in tests.
const imagePage = 4096

// image is the content of one file at one moment: sparse, bytes not written are
// zeros. Bytes beyond size in the last page are always zeros.
type image struct {
	size  int64
	pages map[int64]*[imagePage]byte
}

func newImage() *image { return &image{pages: map[int64]*[imagePage]byte{}} }

func (m *image) clone() *image {
	c := &image{size: m.size, pages: make(map[int64]*[imagePage]byte, len(m.pages))}
	for i, p := range m.pages {
		q := *p
		c.pages[i] = &q
	}
	return c
}

// readAt copies what there is from off on; fewer bytes than asked mean the end.
func (m *image) readAt(b []byte, off int64) int {
	if off >= m.size {
		return 0
	}
	b = b[:min(int64(len(b)), m.size-off)]
	for n := 0; n < len(b); {
		at := off + int64(n)
		part := b[n:min(len(b), n+int(imagePage-at%imagePage))]
		if p := m.pages[at/imagePage]; p != nil {
			copy(part, p[at%imagePage:])
		} else {
			clear(part)
		}
		n += len(part)
	}
	return len(b)
}

func (m *image) writeAt(b []byte, off int64) {
	m.grow(off + int64(len(b)))
	for n := 0; n < len(b); {
		at := off + int64(n)
		p := m.pages[at/imagePage]
		if p == nil {
			p = new([imagePage]byte)
			m.pages[at/imagePage] = p
		}
		n += copy(p[at%imagePage:], b[n:])
	}
}

func (m *image) grow(size int64) { m.size = max(m.size, size) }

func (m *image) truncate(size int64) {
	for i, p := range m.pages {
		switch start := i * imagePage; {
		case start >= size:
			delete(m.pages, i)
		case size-start < imagePage:
			clear(p[size-start:])
		}
	}
	m.size = size
}

// change is one thing done to a file since its last sync.
type change struct {
	kind changeKind
	off  int64 // write: where; otherwise the size
	data []byte
}

type changeKind uint8

const (
	changeWrite    changeKind = iota
	changeGrow                // Allocate: the size is at least off
	changeTruncate            // the size is off
)

func (c change) apply(m *image) {
	switch c.kind {
	case changeWrite:
		m.writeAt(c.data, c.off)
	case changeGrow:
		m.grow(c.off)
	case changeTruncate:
		m.truncate(c.off)
	}
}
