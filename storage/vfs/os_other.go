//go:build !linux

package vfs

func (o *osFile) WriteVAt(bufs [][]byte, off int64) (int, error) { return writeEach(o, bufs, off) }

func (o *osFile) DataSync() error { return o.f.Sync() }

func (o *osFile) Allocate(off, n int64) error { return writeZeros(o, off, n) }
