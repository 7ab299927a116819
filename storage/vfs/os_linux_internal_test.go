//go:build linux

package vfs

import "testing"

// After a short pwritev the rest begins at the right byte of the right buffer.
func TestSkipOfShortWrites(t *testing.T) {
	bufs := [][]byte{[]byte("ab"), nil, []byte("cde"), []byte("f")}
	for _, r := range []struct{ n, rest, part int }{
		{0, 4, 0}, {1, 4, 1}, {2, 2, 0}, {3, 2, 1}, {5, 1, 0}, {6, 0, 0},
	} {
		rest, part := skip(bufs, r.n)
		if len(rest) != r.rest || part != r.part {
			t.Errorf("skip %d: %d buffers and %d bytes, want %d and %d", r.n, len(rest), part, r.rest, r.part)
		}
	}
}
