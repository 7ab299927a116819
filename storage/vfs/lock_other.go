//go:build !linux && !darwin && !freebsd && !netbsd && !openbsd && !dragonfly

package vfs

import (
	"errors"
	"io"
	"io/fs"
)

// Without flock there is no lock that ends with its process, and a lock that
// outlives a crash would keep the server from starting: refuse.
func (osFS) Lock(path string) (io.Closer, error) {
	return nil, &fs.PathError{Op: "lock", Path: path, Err: errors.ErrUnsupported}
}

func (o osFS) LockShared(path string) (io.Closer, error) { return o.Lock(path) }
