package vfs

import (
	"io"
	"io/fs"
	"syscall"
)

// memFile is an open file of a Mem. It stays usable after the file was removed
// or renamed, as a descriptor does.
type memFile struct {
	fs       *Mem
	node     *memNode
	name     string
	writable bool
	closed   bool // under fs.mu
}

// fileChange does c to the live content and notes it as not yet durable.
func (n *memNode) fileChange(c change) {
	c.apply(n.live)
	n.dirty = append(n.dirty, c)
}

func (f *memFile) Name() string { return f.name }

// lock takes the lock of the file system and checks that f may be used.
func (f *memFile) lock(op string, write bool) (unlock func(), err error) {
	f.fs.mu.Lock()
	switch {
	case f.closed:
		err = pathError(op, f.name, fs.ErrClosed)
	case write && !f.writable:
		err = pathError(op, f.name, syscall.EBADF)
	}
	if err != nil {
		f.fs.mu.Unlock()
		return nil, err
	}
	return f.fs.mu.Unlock, nil
}

func (f *memFile) ReadAt(b []byte, off int64) (int, error) {
	unlock, err := f.lock("read", false)
	if err != nil {
		return 0, err
	}
	defer unlock()
	if off < 0 {
		return 0, pathError("read", f.name, fs.ErrInvalid)
	}
	n := f.node.live.readAt(b, off)
	if n < len(b) {
		return n, io.EOF
	}
	return n, nil
}

func (f *memFile) WriteAt(b []byte, off int64) (int, error) {
	unlock, err := f.lock("write", true)
	if err != nil {
		return 0, err
	}
	defer unlock()
	if off < 0 {
		return 0, pathError("write", f.name, fs.ErrInvalid)
	}
	fits := f.roomLocked(off, int64(len(b)))
	if fits > 0 {
		f.node.fileChange(change{kind: changeWrite, off: off, data: append([]byte(nil), b[:fits]...)})
	}
	if fits < int64(len(b)) {
		return int(fits), pathError("write", f.name, syscall.ENOSPC)
	}
	return len(b), nil
}

// roomLocked tells how many of the n bytes at off may be written before the
// limit of the file system is met.
func (f *memFile) roomLocked(off, n int64) int64 {
	if f.fs.limit == 0 || off+n <= f.node.live.size {
		return n
	}
	return min(n, max(0, f.node.live.size+f.fs.freeLocked()-off))
}

// WriteVAt keeps each buffer as a change of its own: a crash may tear between
// and within them.
func (f *memFile) WriteVAt(bufs [][]byte, off int64) (int, error) { return writeEach(f, bufs, off) }

// WriteSync makes what was written before durable as well, which nobody may count on.
func (f *memFile) WriteSync(b []byte, off int64) (int, error) { return writeThenSync(f, b, off) }

func (f *memFile) Sync() error { return f.sync("sync") }

// DataSync is as strong as Sync: nothing that Mem keeps is only metadata.
func (f *memFile) DataSync() error { return f.sync("fdatasync") }

func (f *memFile) sync(op string) error {
	unlock, err := f.lock(op, false)
	if err != nil {
		return err
	}
	defer unlock()
	for _, c := range f.node.dirty {
		c.apply(f.node.durable)
	}
	f.node.dirty = nil
	return nil
}

// failSync is the harm that a failed sync does on Linux: the pages count as
// clean from now on. Reads still show them, a later sync passes them over, a
// crash loses them.
func (f *memFile) failSync() {
	f.fs.mu.Lock()
	defer f.fs.mu.Unlock()
	f.node.dirty = nil
}

func (f *memFile) Truncate(size int64) error {
	unlock, err := f.lock("truncate", true)
	if err != nil {
		return err
	}
	defer unlock()
	if size < 0 {
		return pathError("truncate", f.name, fs.ErrInvalid)
	}
	f.node.fileChange(change{kind: changeTruncate, off: size})
	return nil
}

// Allocate takes all or nothing, as fallocate does.
func (f *memFile) Allocate(off, n int64) error {
	unlock, err := f.lock("fallocate", true)
	if err != nil {
		return err
	}
	defer unlock()
	if off < 0 || n <= 0 {
		return pathError("fallocate", f.name, fs.ErrInvalid)
	}
	if f.roomLocked(off, n) < n {
		return pathError("fallocate", f.name, syscall.ENOSPC)
	}
	f.node.fileChange(change{kind: changeGrow, off: off + n})
	return nil
}

func (f *memFile) Size() (int64, error) {
	unlock, err := f.lock("stat", false)
	if err != nil {
		return 0, err
	}
	defer unlock()
	return f.node.live.size, nil
}

func (f *memFile) Close() error {
	unlock, err := f.lock("close", false)
	if err != nil {
		return err
	}
	defer unlock()
	f.closed = true
	return nil
}
