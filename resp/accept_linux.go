package resp

import (
	"context"
	"errors"
	"net"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// accept hands the connections of a listener to the loops in turn.
func (f *epollFront) accept(ctx context.Context, ln net.Listener) {
	var pause acceptPause
	for ctx.Err() == nil {
		nc, err := ln.Accept()
		if err == nil {
			err = f.take(nc)
		}
		if err == nil {
			pause = 0
			continue
		}
		if errors.Is(err, net.ErrClosed) {
			return
		}
		f.server.log.Warn("connection not accepted", "err", err)
		pause.wait(ctx.Done())
	}
}

// take moves a connection from Go's poller to a loop: its descriptor is doubled
// and the original closed. That comes first: as long as the original lives, epoll goes
// on reporting a copy that was closed, under a number that may be another's by then.
func (f *epollFront) take(nc net.Conn) error {
	defer nc.Close()
	raw, err := nc.(syscall.Conn).SyscallConn()
	if err != nil {
		return err
	}
	fd := -1
	var dupErr error
	err = raw.Control(func(original uintptr) {
		fd, dupErr = unix.FcntlInt(original, unix.F_DUPFD_CLOEXEC, 0)
	})
	if err = errors.Join(err, dupErr); err != nil {
		return err
	}
	remote, local := nc.RemoteAddr(), nc.LocalAddr()
	_ = nc.Close() // the connection lives on in the copy
	f.begin(fd, remote, local)
	return nil
}

// begin admits the connection of fd and hands it to a loop.
func (f *epollFront) begin(fd int, remote, local net.Addr) {
	if unixPath(local) == "" {
		f.tune(fd)
	}
	l := f.loops[int(f.next.Add(1))%len(f.loops)]
	c := &conn{loop: l, front: f, fd: fd}
	s := f.server.newSession(c, &l.pool, l.stats, remote, local)
	s.fd = fd
	c.session = s
	if refusal := f.server.admit(s, remote); refusal != "" {
		c.refused = true
		s.out = append(s.out, refusal...)
		s.end = closing
	}
	f.open.Add(1)
	l.hand(c)
}

// tune sets the options of a socket. None of them is worth losing a client for.
func (f *epollFront) tune(fd int) {
	_ = unix.SetsockoptInt(fd, unix.IPPROTO_TCP, unix.TCP_NODELAY, 1)
	every := int(f.server.limits.Load().TCPKeepalive / time.Second)
	if every <= 0 {
		return
	}
	_ = unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_KEEPALIVE, 1)
	_ = unix.SetsockoptInt(fd, unix.IPPROTO_TCP, unix.TCP_KEEPIDLE, every)
	_ = unix.SetsockoptInt(fd, unix.IPPROTO_TCP, unix.TCP_KEEPINTVL, max(1, every/3))
	_ = unix.SetsockoptInt(fd, unix.IPPROTO_TCP, unix.TCP_KEEPCNT, 3)
}
