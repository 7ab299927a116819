//go:build linux

package resp

import (
	"bytes"
	"net"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// loopConnOf is a connection of srv's loop, and the descriptor of its client's end.
func loopConnOf(t *testing.T, srv *Server) (c *conn, client int) {
	t.Helper()
	fds, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	for _, fd := range fds {
		t.Cleanup(func() { _ = unix.Close(fd) })
	}
	front := srv.front.(*epollFront)
	l := front.loops[0]
	l.now = time.Now()
	c = &conn{loop: l, front: front, fd: fds[0]}
	c.session = srv.newSession(c, &l.pool, l.stats, &net.UnixAddr{}, &net.UnixAddr{})
	l.adopt(c)
	return c, fds[1]
}

// The loop stops the clock of a client's soft limit as it sends, not at the next
// sweep; and it sends in pieces below the limit, so that it cannot miss the moment.
func TestSoftLimitOfTheLoopIsToldOfWhatWasSent(t *testing.T) {
	const soft, bytesOut = 64 << 10, 1 << 20
	srv := serverWith(t, ListenerEpoll, OutputLimit{Soft: soft, SoftFor: time.Second})
	c, client := loopConnOf(t, srv)
	s := c.session
	s.append(bytes.Repeat([]byte{'x'}, bytesOut))
	c.loop.now = c.loop.now.Add(time.Minute)
	c.sweep()
	if s.soft.since.IsZero() {
		t.Fatal("the sweep does not see that the client is past its limit")
	}
	for read, b := 0, make([]byte, 32<<10); read < bytesOut; {
		c.write()
		if above := s.unsentLocked() > soft; above == s.soft.since.IsZero() {
			t.Fatalf("%d bytes unsent, past the limit since %v", s.unsentLocked(), s.soft.since)
		}
		if sent, writes := c.loop.stats.NetOut.Load(), c.loop.stats.Writes.Load(); sent > soft*writes {
			t.Fatalf("%d bytes in %d writes: the last one alone may have been past the limit", sent, writes)
		}
		n, err := unix.Read(client, b)
		if err != nil {
			t.Fatal(err)
		}
		read += n
	}
}
