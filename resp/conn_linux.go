package resp

import (
	"time"

	"golang.org/x/sys/unix"

	"github.com/millrace-io/millrace/replication"
)

// conn is a connection of a loop. All but touch runs on the loop's goroutine.
type conn struct {
	loop    *loop
	front   *epollFront
	session *Session
	fd      int
	mask    uint32 // events that epoll reports
	listed  bool   // on the loop's list of this round
	gone    bool   // closed

	buf  []byte // output on its way: buf[sent:]
	sent int

	refused   bool // turned away: never a client
	lingering bool // shut down for writing
	lingered  int
	deadline  time.Time // of lingering
}

const watch = unix.EPOLLIN | unix.EPOLLRDHUP

// touch implements home.
func (c *conn) touch(*Session) { c.loop.touch(c) }

// submit implements home.
func (c *conn) submit(reqs []*replication.Request) { c.loop.gather(reqs) }

// adopt begins to serve a connection that was accepted.
func (l *loop) adopt(c *conn) {
	l.conns[c.fd] = c
	c.mask = watch
	c.session.now = l.now
	err := unix.EpollCtl(l.epfd, unix.EPOLL_CTL_ADD, c.fd, &unix.EpollEvent{Events: c.mask, Fd: int32(c.fd)})
	if err != nil {
		l.server.log.Error("connection not watched", "client", c.session.remote, "err", err)
		c.close()
		return
	}
	l.look(c)
}

func (c *conn) handle(events uint32) {
	s := c.session
	switch {
	case c.gone:
	case events&(unix.EPOLLERR|unix.EPOLLHUP) != 0:
		c.close()
	case c.lingering:
		c.linger()
	default:
		if events&unix.EPOLLRDHUP != 0 {
			// Level-triggered: it would be reported for ever.
			s.hungUp = true
			c.setMask(c.mask &^ unix.EPOLLRDHUP)
			s.cancelWait()
		}
		if events&unix.EPOLLIN != 0 {
			c.read()
		}
	}
}

// read takes in what fits, and runs it. A session that is held back is taken out of
// the read set instead: only now, as many a hold is over before more comes.
func (c *conn) read() {
	s := c.session
	if s.end != open || s.stopped && !s.mayGoOn() {
		c.setMask(c.mask &^ unix.EPOLLIN)
		return
	}
	if s.stopped {
		return // there are requests to run first: settle does
	}
	n, err := unix.Read(c.fd, s.parser.space())
	switch {
	case err == unix.EAGAIN || err == unix.EINTR:
		return
	case err != nil:
		c.close()
		return
	case n == 0:
		s.ended, s.hungUp = true, true
		c.setMask(c.mask &^ watch)
	default:
		s.parser.wrote(n)
		s.received += n
		c.loop.stats.NetIn.Add(uint64(n))
		c.loop.stats.Reads.Add(1)
	}
	s.run()
}

// settle lets the session go on, sends what there is, and sees to the end of the
// connection.
func (c *conn) settle() {
	s := c.session
	again := s.turn()
	if c.gone {
		s.parser.close()
		return
	}
	if s.end == severing {
		c.sever()
		return
	}
	c.write()
	if c.gone {
		return
	}
	if again || s.mayGoOn() {
		c.loop.look(c)
	}
	switch {
	case c.lingering:
	case s.end == closing && s.finished():
		c.shutDown()
	case c.loop.drained && s.drained():
		s.cancelWait()
		c.shutDown()
	case c.mask&unix.EPOLLIN == 0 && !s.ended && !s.stopped && s.end == open:
		c.setMask(c.mask | unix.EPOLLIN)
	}
}

// write sends until the socket is full.
func (c *conn) write() {
	s := c.session
	for {
		if c.sent == len(c.buf) && !c.takeOutput() {
			c.setMask(c.mask &^ unix.EPOLLOUT)
			return
		}
		rest := c.buf[c.sent:]
		n, err := unix.Write(c.fd, rest[:s.piece(len(rest))])
		switch {
		case err == unix.EINTR:
			continue
		case err == unix.EAGAIN:
			c.setMask(c.mask | unix.EPOLLOUT)
			return
		case err != nil:
			c.close()
			return
		}
		c.sent += n
		c.loop.stats.NetOut.Add(uint64(n))
		c.loop.stats.Writes.Add(1)
		s.mu.Lock()
		s.sentLocked(n)
		s.mu.Unlock()
	}
}

// takeOutput takes the replies that are ready. The buffers of session and
// connection change places.
func (c *conn) takeOutput() bool {
	s := c.session
	spare := c.buf[:0]
	if cap(spare) > maxKeptOutput {
		spare = nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.out) == 0 {
		c.buf, c.sent = spare, 0
		return false
	}
	c.buf, s.out, c.sent = s.out, spare, 0
	s.writing = len(c.buf)
	return true
}

func (c *conn) setMask(mask uint32) {
	if mask == c.mask {
		return
	}
	err := unix.EpollCtl(c.loop.epfd, unix.EPOLL_CTL_MOD, c.fd, &unix.EpollEvent{Events: mask, Fd: int32(c.fd)})
	if err != nil {
		c.loop.server.log.Error("connection not watched", "client", c.session.remote, "err", err)
		c.close()
		return
	}
	c.mask = mask
}

// sever closes at once, for reasons of ours.
func (c *conn) sever() {
	c.write() // replies before the cut, as far as the socket takes them
	c.close()
}

// shutDown ends the connection after the last reply: FIN, then what the client
// still sends is thrown away for a while.
func (c *conn) shutDown() {
	s := c.session
	c.leave()
	if s.ended || unix.Shutdown(c.fd, unix.SHUT_WR) != nil {
		c.close()
		return
	}
	c.lingering = true
	c.deadline = c.loop.now.Add(c.loop.server.lingerTime())
	c.buf, c.sent = nil, 0
	s.parser.close()
	c.setMask(unix.EPOLLIN)
}

// leave takes the session from where others find it. Who sees the end of a connection
// can rely on that: nobody publishes to it any more.
func (c *conn) leave() {
	c.session.leave()
	if !c.refused {
		c.loop.server.clients.remove(c.session)
	}
}

// linger throws away what comes, until the client has closed too.
func (c *conn) linger() {
	n, err := unix.Read(c.fd, c.loop.unread)
	if err == unix.EAGAIN || err == unix.EINTR {
		return
	}
	c.lingered += n
	if err != nil || n == 0 || c.lingered > lingerBytes {
		c.close()
	}
}

// close ends the connection. Its slots may still be filled; the session takes them
// back until the last one was.
func (c *conn) close() {
	if c.gone {
		return
	}
	c.gone = true
	s := c.session
	s.cancelWait()
	s.end = severing
	s.mu.Lock()
	s.closed = true
	s.out, s.writing = nil, 0
	s.mu.Unlock()
	s.noteOverflow()
	c.leave()
	c.buf, c.sent = nil, 0
	delete(c.loop.conns, c.fd)
	c.loop.dead = append(c.loop.dead, c.fd)
	c.front.gone(1)
	c.loop.look(c)
}

// abandon closes a connection when the loop has ended.
func (c *conn) abandon() {
	c.close()
	c.session.turn()
	c.session.parser.close()
}

// sweep looks at the clock.
func (c *conn) sweep() {
	s, limits := c.session, c.loop.server.limits.Load()
	switch {
	case c.lingering:
		if c.loop.now.After(c.deadline) {
			c.close()
		}
		return
	case limits.Timeout > 0 && s.wait == nil && s.postponed == nil && !s.listens() && c.loop.now.Sub(s.now) > limits.Timeout && s.finished():
		c.close()
		return
	}
	s.mu.Lock()
	unsent, output := int64(s.unsentLocked()), s.outputLimitLocked()
	if unsent == 0 && cap(s.out) > 0 && c.loop.now.Sub(s.now) > idleAfter {
		s.out = nil
		c.buf, c.sent = nil, 0
	}
	overdue := s.soft.ranOut(unsent, output, c.loop.now)
	if overdue {
		s.overflowLocked()
	}
	s.mu.Unlock()
	if overdue {
		s.sever()
	}
	if s.full || s.stopped {
		c.loop.look(c)
	}
}

// idleAfter is when a connection gives up the buffers that it keeps.
const idleAfter = 2 * time.Second
