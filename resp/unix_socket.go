package resp

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"syscall"
)

// ListenUnix takes a unix socket beside the addresses. Whoever may write to its file
// may connect: perm are its permissions, 0 leaves those of the process' umask. A socket
// that a process has left behind is replaced; one that somebody listens on, and what
// is no socket, stays. The file goes when the server ends.
func (srv *Server) ListenUnix(path string, perm fs.FileMode) error {
	srv.mu.Lock()
	defer srv.mu.Unlock()
	if srv.stopping.Load() {
		return ErrClosed
	}
	if srv.running {
		return errors.New("listen: server is already running")
	}
	if err := removeStaleSocket(path); err != nil {
		return fmt.Errorf("listen on %s: %w", path, err)
	}
	lc := net.ListenConfig{}
	if perm != 0 {
		lc.Control = narrow(perm)
	}
	ln, err := lc.Listen(context.Background(), "unix", path)
	if err != nil {
		return fmt.Errorf("listen on %s: %w", path, err)
	}
	if perm != 0 {
		// The umask took its part when the file was made.
		if err := os.Chmod(path, perm); err != nil {
			return errors.Join(fmt.Errorf("listen on %s: %w", path, err), ln.Close())
		}
	}
	srv.listeners = append(srv.listeners, ln)
	return nil
}

// narrow gives a socket its permissions before it gets its name, so that there is no
// moment in which others may connect. Where the system knows no permissions of
// sockets, the file gets them later.
func narrow(perm fs.FileMode) func(_, _ string, raw syscall.RawConn) error {
	return func(_, _ string, raw syscall.RawConn) error {
		return raw.Control(func(fd uintptr) { _ = syscall.Fchmod(int(fd), uint32(perm)) })
	}
}

// removeStaleSocket removes a socket that nobody listens on.
func removeStaleSocket(path string) error {
	info, err := os.Lstat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	if info.Mode().Type() != fs.ModeSocket {
		return errors.New("there is a file that is no socket: choose another path with --unixsocket")
	}
	nc, err := net.Dial("unix", path)
	if err == nil {
		_ = nc.Close() // nothing was sent
		return fmt.Errorf("%w: stop the process that has it, or choose another path with --unixsocket", syscall.EADDRINUSE)
	}
	if !errors.Is(err, syscall.ECONNREFUSED) {
		return err
	}
	return os.Remove(path)
}

// unixPath is the path of the unix socket that a connection came through, "" for any
// other.
func unixPath(local net.Addr) string {
	if a, ok := local.(*net.UnixAddr); ok {
		return a.Name
	}
	return ""
}
