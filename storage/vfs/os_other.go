//go:build !linux

package vfs

func (o *osFile) WriteVAt(bufs [][]byte, off int64) (int, error) { return writeEach(o, bufs, off) }

// DirectAlign is what WriteSync would want on Linux.
const DirectAlign = 4096

// direct is nothing here.
type direct struct{}

func (direct) close() error { return nil }

// WriteSync implements File.
func (o *osFile) WriteSync(b []byte, off int64) (int, error) { return writeThenSync(o, b, off) }

func (o *osFile) DataSync() error { return o.f.Sync() }

func (o *osFile) Allocate(off, n int64) error { return writeZeros(o, off, n) }
