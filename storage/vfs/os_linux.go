package vfs

import (
	"errors"
	"io"
	"io/fs"

	"golang.org/x/sys/unix"
)

// iovMax is IOV_MAX of Linux: the buffers that one pwritev takes.
const iovMax = 1024

// WriteVAt goes on after a short write, which the kernel makes of a signal or
// of a request beyond 2 GiB.
func (o *osFile) WriteVAt(bufs [][]byte, off int64) (int, error) {
	total := 0
	for len(bufs) > 0 {
		n, err := o.pwritev(bufs[:min(len(bufs), iovMax)], off+int64(total))
		total += n
		if err != nil {
			return total, o.pathError("pwritev", err)
		}
		rest, part := skip(bufs, n)
		if part > 0 { // the kernel stopped inside a buffer: finish that one alone
			n, err := o.f.WriteAt(rest[0][part:], off+int64(total))
			total += n
			if err != nil {
				return total, err
			}
			rest = rest[1:]
		} else if n == 0 && len(rest) > 0 {
			return total, o.pathError("pwritev", io.ErrShortWrite)
		}
		bufs = rest
	}
	return total, nil
}

// skip drops the buffers that n bytes cover (and empty ones at the front); part
// is how much of the first of the rest they cover.
func skip(bufs [][]byte, n int) (rest [][]byte, part int) {
	for len(bufs) > 0 && n >= len(bufs[0]) {
		n -= len(bufs[0])
		bufs = bufs[1:]
	}
	return bufs, n
}

func (o *osFile) pwritev(bufs [][]byte, off int64) (n int, err error) {
	cerr := o.raw.Control(func(fd uintptr) {
		for {
			n, err = unix.Pwritev(int(fd), bufs, off)
			if err != unix.EINTR {
				return
			}
		}
	})
	if cerr != nil {
		return 0, fs.ErrClosed // Control fails for no other reason; its own error has no name
	}
	return max(n, 0), err
}

func (o *osFile) DataSync() error {
	return o.pathError("fdatasync", o.retry(func(fd int) error { return unix.Fdatasync(fd) }))
}

func (o *osFile) Allocate(off, n int64) error {
	err := o.retry(func(fd int) error { return unix.Fallocate(fd, 0, off, n) })
	if errors.Is(err, unix.EOPNOTSUPP) || errors.Is(err, unix.ENOSYS) {
		return writeZeros(o, off, n)
	}
	return o.pathError("fallocate", err)
}

// retry repeats a call that a signal interrupted before it did anything.
func (o *osFile) retry(call func(fd int) error) (err error) {
	cerr := o.raw.Control(func(fd uintptr) {
		for {
			if err = call(int(fd)); err != unix.EINTR {
				return
			}
		}
	})
	if cerr != nil {
		return fs.ErrClosed
	}
	return err
}
