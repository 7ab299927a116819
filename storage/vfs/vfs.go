package vfs

import (
	"errors"
	"io"
	"io/fs"
	"math"
)

// FS is a file system as storage needs it. All methods may be called from
// several goroutines. Errors of a named file are *fs.PathError (or
// *os.LinkError for Rename) around the cause, so errors.Is works with
// fs.ErrNotExist, fs.ErrExist, fs.ErrPermission and syscall.ENOSPC.
type FS interface {
	// OpenFile opens name with the flags of package os: O_RDONLY, O_RDWR,
	// O_CREATE, O_EXCL, O_TRUNC. A created file is durable only after its own
	// Sync and a SyncDir of its folder; neither implies the other.
	OpenFile(name string, flag int, perm fs.FileMode) (File, error)

	// Rename moves a file, replacing the target at once and as a whole. It is
	// durable after SyncDir of the folder (of both, when they differ).
	Rename(oldName, newName string) error

	// Remove deletes a file or an empty folder. It is durable after SyncDir of
	// the folder around it.
	Remove(name string) error

	// MkdirAll creates dir and the folders above it that are missing. Each new
	// folder is durable after SyncDir of the one around it.
	MkdirAll(dir string, perm fs.FileMode) error

	// ReadDir returns the names in dir, sorted.
	ReadDir(dir string) ([]string, error)

	Stat(name string) (fs.FileInfo, error)

	// SyncDir makes the entries of dir durable: what was created in it, renamed
	// into or out of it, removed from it. Not what the files contain.
	SyncDir(dir string) error

	// Lock takes the exclusive lock of the file path, which it creates if need
	// be; the lock ends with Close or with the process. It never waits: when
	// another process (or another Lock of this one) holds it, the error is
	// ErrLocked.
	Lock(path string) (io.Closer, error)

	// LockShared is Lock for readers: it goes with other shared locks and not
	// with an exclusive one. It does not create the file.
	LockShared(path string) (io.Closer, error)

	// FreeBytes tells how much may still be written in the file system of dir;
	// UnknownFree when the platform cannot tell.
	FreeBytes(dir string) (int64, error)
}

// File is an open file. Reads and writes name their offset, so one File serves
// many goroutines; writes that overlap are the caller's to order.
type File interface {
	io.ReaderAt
	// WriteAt writes all of b or returns the count written and an error.
	io.WriterAt
	// WriteVAt writes the buffers one after the other from off on, as if they
	// were one. It changes neither the buffers nor the slice of them.
	WriteVAt(bufs [][]byte, off int64) (int, error)

	// WriteSync is WriteAt that returns when the bytes are durable; what was written
	// before and not synced need not be. Where the platform can and off, len(b)
	// and the address of b are multiples of DirectAlign, the bytes go past the
	// cache of the machine. An error is as final as one of Sync.
	WriteSync(b []byte, off int64) (int, error)

	// Sync makes content and metadata durable. A failed Sync is final: what was
	// written since the last good one is of unknown fate, and a second Sync may
	// succeed over lost bytes.
	Sync() error
	// DataSync is Sync without the metadata that reading back does not need. A
	// grown size is kept.
	DataSync() error

	// Truncate sets the size. New bytes read as zeros.
	Truncate(size int64) error
	// Allocate gives [off, off+n) real blocks, so that later writes there do not
	// meet a full disk. The size grows to off+n if it was smaller, new bytes
	// read as zeros, old bytes stay.
	Allocate(off, n int64) error

	Size() (int64, error)
	// Name is the name that the file was opened with.
	Name() string
	Close() error
}

// ErrLocked is returned by Lock and LockShared when the lock is held elsewhere.
var ErrLocked = errors.New("locked by another process")

// UnknownFree is what FreeBytes returns where the platform cannot tell: so much
// that space is never the reason to refuse a write.
const UnknownFree = math.MaxInt64
