//go:build linux || darwin || freebsd || netbsd || openbsd || dragonfly

package vfs

import (
	"io"
	"io/fs"
	"os"

	"golang.org/x/sys/unix"
)

// Lock uses flock: it belongs to the open file, so it also holds against a
// second Lock in this process, and the kernel drops it with the process however
// that ends.
func (osFS) Lock(path string) (io.Closer, error) {
	return flock(path, os.O_RDWR|os.O_CREATE, unix.LOCK_EX)
}

func (osFS) LockShared(path string) (io.Closer, error) {
	return flock(path, os.O_RDONLY, unix.LOCK_SH)
}

func flock(path string, flag, how int) (io.Closer, error) {
	f, err := os.OpenFile(path, flag, 0o600)
	if err != nil {
		return nil, err
	}
	for {
		err = unix.Flock(int(f.Fd()), how|unix.LOCK_NB)
		if err != unix.EINTR {
			break
		}
	}
	if err == nil {
		return f, nil
	}
	f.Close()
	if err == unix.EWOULDBLOCK {
		err = ErrLocked
	}
	return nil, &fs.PathError{Op: "lock", Path: path, Err: err}
}
