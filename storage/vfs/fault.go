package vfs

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"sync/atomic"
)

// OpKind names an operation of FS or File.
type OpKind uint8

const (
	OpOpen OpKind = iota
	OpCreate
	OpRead
	OpWrite // WriteAt and WriteVAt
	OpSync
	OpDataSync
	OpTruncate
	OpAllocate
	OpClose
	OpRename
	OpRemove
	OpMkdir
	OpReadDir
	OpStat // also Size
	OpSyncDir
	OpLock
	OpFreeBytes
)

var opNames = [...]string{"open", "create", "read", "write", "sync", "datasync", "truncate", "allocate", "close",
	"rename", "remove", "mkdir", "readdir", "stat", "syncdir", "lock", "freebytes"}

func (k OpKind) String() string {
	if int(k) < len(opNames) {
		return opNames[k]
	}
	return fmt.Sprintf("op%d", uint8(k))
}

// Changes tells whether the operation writes, names, removes or syncs: the steps
// between which a crash makes a difference.
func (k OpKind) Changes() bool {
	switch k {
	case OpCreate, OpWrite, OpSync, OpDataSync, OpTruncate, OpAllocate, OpRename, OpRemove, OpMkdir, OpSyncDir:
		return true
	}
	return false
}

// Op is an operation about to be done.
type Op struct {
	Kind   OpKind
	Path   string
	To     string // Rename: the new name
	Offset int64  // Read, Write, Allocate; Truncate: the size
	N      int    // Read, Write, Allocate: bytes
}

func (o Op) String() string {
	if o.Kind == OpRename {
		return fmt.Sprintf("rename %s %s", o.Path, o.To)
	}
	return fmt.Sprintf("%s %s %d+%d", o.Kind, o.Path, o.Offset, o.N)
}

// ErrSkip, returned by a fault hook, leaves the operation out and reports
// success: a sync that somebody forgot, a write that the disk swallowed. It
// works for write, sync, datasync, syncdir, truncate, allocate, rename, remove.
var ErrSkip = errors.New("skip this operation")

// ErrStopped is what StopAfter answers once it has stopped. A sync that fails
// with it was never begun: unlike one that failed, it does no harm.
var ErrStopped = errors.New("the machine has stopped")

// ShortWrite, returned by a fault hook for a write, lets N bytes through and
// then fails with Err.
type ShortWrite struct {
	N   int
	Err error
}

func (s *ShortWrite) Error() string { return fmt.Sprintf("short write of %d bytes: %v", s.N, s.Err) }
func (s *ShortWrite) Unwrap() error { return s.Err }

// WithFaults asks hook before every operation of inner: nil lets it pass, an
// error fails it without doing it; see ErrSkip and ShortWrite. hook may be
// called from several goroutines. A sync that the hook fails does its harm in a
// Mem below: what it should have written looks clean and is lost at a crash.
func WithFaults(inner FS, hook func(Op) error) FS { return &faultFS{inner: inner, hook: hook} }

// StopAfter is a hook that lets n changing operations pass and fails everything
// after them, as if the process had died there: the crash at step n. Passed
// counts the changing operations, so a run without a limit (n < 0) tells how
// many steps there are.
func StopAfter(n int) (hook func(Op) error, passed func() int) {
	var count atomic.Int64
	var stopped atomic.Bool
	hook = func(op Op) error {
		if stopped.Load() {
			return ErrStopped
		}
		if !op.Kind.Changes() {
			return nil
		}
		if c := count.Add(1); n >= 0 && c > int64(n) {
			stopped.Store(true)
			return ErrStopped
		}
		return nil
	}
	return hook, func() int { return int(count.Load()) }
}

type faultFS struct {
	inner FS
	hook  func(Op) error
}

// do runs the hook for op and then, if it allows, act.
func (f *faultFS) do(op Op, act func() error) error {
	switch err := f.hook(op); {
	case err == nil:
		return act()
	case errors.Is(err, ErrSkip):
		return nil
	default:
		return pathError(op.Kind.String(), op.Path, err)
	}
}

func (f *faultFS) OpenFile(name string, flag int, perm fs.FileMode) (File, error) {
	op := Op{Kind: OpOpen, Path: name}
	if flag&os.O_CREATE != 0 {
		op.Kind = OpCreate
	}
	if err := f.hook(op); err != nil {
		return nil, pathError("open", name, err)
	}
	file, err := f.inner.OpenFile(name, flag, perm)
	if err != nil {
		return nil, err
	}
	return &faultFile{inner: file, fs: f}, nil
}

func (f *faultFS) Rename(oldName, newName string) error {
	return f.do(Op{Kind: OpRename, Path: oldName, To: newName}, func() error { return f.inner.Rename(oldName, newName) })
}

func (f *faultFS) Remove(name string) error {
	return f.do(Op{Kind: OpRemove, Path: name}, func() error { return f.inner.Remove(name) })
}

func (f *faultFS) MkdirAll(dir string, perm fs.FileMode) error {
	return f.do(Op{Kind: OpMkdir, Path: dir}, func() error { return f.inner.MkdirAll(dir, perm) })
}

func (f *faultFS) ReadDir(dir string) (names []string, err error) {
	err = f.do(Op{Kind: OpReadDir, Path: dir}, func() error { names, err = f.inner.ReadDir(dir); return err })
	return names, err
}

func (f *faultFS) Stat(name string) (st fs.FileInfo, err error) {
	if err = f.hook(Op{Kind: OpStat, Path: name}); err != nil {
		return nil, pathError("stat", name, err)
	}
	return f.inner.Stat(name)
}

func (f *faultFS) SyncDir(dir string) error {
	err := f.hook(Op{Kind: OpSyncDir, Path: dir})
	if err == nil {
		return f.inner.SyncDir(dir)
	}
	if errors.Is(err, ErrSkip) {
		return nil
	}
	if !errors.Is(err, ErrStopped) {
		f.failSyncDir(dir)
	}
	return pathError("sync", dir, err)
}

func (f *faultFS) failSyncDir(dir string) {
	if s, ok := f.inner.(dirSyncFailer); ok {
		s.failSyncDir(dir)
	}
}

func (f *faultFS) Lock(path string) (io.Closer, error) {
	if err := f.hook(Op{Kind: OpLock, Path: path}); err != nil {
		return nil, pathError("lock", path, err)
	}
	return f.inner.Lock(path)
}

func (f *faultFS) LockShared(path string) (io.Closer, error) {
	if err := f.hook(Op{Kind: OpLock, Path: path}); err != nil {
		return nil, pathError("lock", path, err)
	}
	return f.inner.LockShared(path)
}

func (f *faultFS) FreeBytes(dir string) (int64, error) {
	if err := f.hook(Op{Kind: OpFreeBytes, Path: dir}); err != nil {
		return 0, pathError("statfs", dir, err)
	}
	return f.inner.FreeBytes(dir)
}
