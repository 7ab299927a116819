package vfs

import "errors"

// syncFailer and dirSyncFailer are how the harm of a failed sync reaches the Mem
// below the wrappers.
type (
	syncFailer    interface{ failSync() }
	dirSyncFailer interface{ failSyncDir(dir string) }
)

// faultFile asks the hook of its file system before each operation.
type faultFile struct {
	inner File
	fs    *faultFS
}

func (f *faultFile) Name() string { return f.inner.Name() }

func (f *faultFile) ReadAt(b []byte, off int64) (int, error) {
	if err := f.fs.hook(Op{Kind: OpRead, Path: f.Name(), Offset: off, N: len(b)}); err != nil {
		return 0, pathError("read", f.Name(), err)
	}
	return f.inner.ReadAt(b, off)
}

func (f *faultFile) WriteAt(b []byte, off int64) (int, error) {
	return f.write([][]byte{b}, off, func() (int, error) { return f.inner.WriteAt(b, off) })
}

func (f *faultFile) WriteVAt(bufs [][]byte, off int64) (int, error) {
	return f.write(bufs, off, func() (int, error) { return f.inner.WriteVAt(bufs, off) })
}

// WriteSync is two operations for the hook, so that the disk may be lost between them.
func (f *faultFile) WriteSync(b []byte, off int64) (int, error) { return writeThenSync(f, b, off) }

func (f *faultFile) write(bufs [][]byte, off int64, act func() (int, error)) (int, error) {
	size := totalLen(bufs)
	err := f.fs.hook(Op{Kind: OpWrite, Path: f.Name(), Offset: off, N: size})
	if err == nil {
		return act()
	}
	if errors.Is(err, ErrSkip) {
		return size, nil
	}
	n := 0
	if short, ok := errors.AsType[*ShortWrite](err); ok {
		n, _ = f.inner.WriteVAt(firstBytes(bufs, short.N), off)
	}
	return n, pathError("write", f.Name(), err)
}

func totalLen(bufs [][]byte) int {
	n := 0
	for _, b := range bufs {
		n += len(b)
	}
	return n
}

// firstBytes cuts bufs after n bytes.
func firstBytes(bufs [][]byte, n int) [][]byte {
	var out [][]byte
	for _, b := range bufs {
		b = b[:min(len(b), max(n, 0))]
		n -= len(b)
		out = append(out, b)
	}
	return out
}

func (f *faultFile) Sync() error     { return f.sync(OpSync, f.inner.Sync) }
func (f *faultFile) DataSync() error { return f.sync(OpDataSync, f.inner.DataSync) }

func (f *faultFile) sync(kind OpKind, act func() error) error {
	err := f.fs.hook(Op{Kind: kind, Path: f.Name()})
	if err == nil {
		return act()
	}
	if errors.Is(err, ErrSkip) {
		return nil
	}
	if !errors.Is(err, ErrStopped) {
		f.failSync()
	}
	return pathError(kind.String(), f.Name(), err)
}

func (f *faultFile) failSync() {
	if s, ok := f.inner.(syncFailer); ok {
		s.failSync()
	}
}

func (f *faultFile) Truncate(size int64) error {
	return f.fs.do(Op{Kind: OpTruncate, Path: f.Name(), Offset: size}, func() error { return f.inner.Truncate(size) })
}

func (f *faultFile) Allocate(off, n int64) error {
	op := Op{Kind: OpAllocate, Path: f.Name(), Offset: off, N: int(n)}
	return f.fs.do(op, func() error { return f.inner.Allocate(off, n) })
}

func (f *faultFile) Size() (int64, error) {
	if err := f.fs.hook(Op{Kind: OpStat, Path: f.Name()}); err != nil {
		return 0, pathError("stat", f.Name(), err)
	}
	return f.inner.Size()
}

// Close closes the file below in any case: a descriptor must not leak because a
// test wanted to see an error.
func (f *faultFile) Close() error {
	herr := f.fs.hook(Op{Kind: OpClose, Path: f.Name()})
	if err := f.inner.Close(); herr == nil || errors.Is(herr, ErrSkip) {
		return err
	}
	return pathError("close", f.Name(), herr)
}
