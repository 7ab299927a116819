//go:build linux || darwin || freebsd

package vfs

import (
	"io/fs"

	"golang.org/x/sys/unix"
)

// FreeBytes counts what an ordinary user may take, without root's reserve.
func (osFS) FreeBytes(dir string) (int64, error) {
	var st unix.Statfs_t
	for {
		err := unix.Statfs(dir, &st)
		if err == nil {
			return int64(st.Bavail) * int64(st.Bsize), nil
		}
		if err != unix.EINTR {
			return 0, &fs.PathError{Op: "statfs", Path: dir, Err: err}
		}
	}
}
