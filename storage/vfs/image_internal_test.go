package vfs

import (
	"bytes"
	"testing"

	"pgregory.net/rapid"
)

// An image behaves as a slice of bytes does.
func TestImageAgainstASlice(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		img, twin := newImage(), []byte{}
		for range rapid.IntRange(1, 20).Draw(t, "steps") {
			off := rapid.IntRange(0, 3*imagePage).Draw(t, "off")
			switch rapid.IntRange(0, 2).Draw(t, "what") {
			case 0:
				b := bytes.Repeat([]byte{byte(off) | 1}, rapid.IntRange(1, 2*imagePage).Draw(t, "n"))
				img.writeAt(b, int64(off))
				twin = resized(twin, max(len(twin), off+len(b)))
				copy(twin[off:], b)
			case 1:
				img.truncate(int64(off))
				twin = resized(twin, off)
			case 2:
				img.grow(int64(off))
				twin = resized(twin, max(len(twin), off))
			}
			got := make([]byte, len(twin)+10)
			if n := img.clone().readAt(got, 0); n != len(twin) || !bytes.Equal(got[:n], twin) {
				t.Fatalf("image of %d bytes differs from the slice of %d", n, len(twin))
			}
		}
	})
}

func resized(b []byte, n int) []byte {
	if n <= len(b) {
		return b[:n:n]
	}
	return append(b[:len(b):len(b)], make([]byte, n-len(b))...)
}
