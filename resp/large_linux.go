package resp

import "golang.org/x/sys/unix"

// mapLarge maps n bytes of zeros; they take memory as they are written.
func mapLarge(n int) ([]byte, error) {
	return unix.Mmap(-1, 0, n, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_PRIVATE|unix.MAP_ANON)
}

// growLarge moves a mapping to a larger place. The kernel moves pages, it copies
// no bytes.
func growLarge(b []byte, n int) ([]byte, error) {
	return unix.Mremap(b, n, unix.MREMAP_MAYMOVE)
}

// unmapLarge gives a mapping back. Nobody may look at its bytes any more.
func unmapLarge(b []byte) {
	_ = unix.Munmap(b) // fails only for a slice that is no mapping
}
