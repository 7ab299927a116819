package resp

import (
	"errors"
	"io"
	"net"
	"sync"
	"time"

	"github.com/millrace-io/millrace/replication"
)

// maxAhead is how much is read ahead of the session.
const maxAhead = 256 << 10

// redconConn is the connection that redcon sees. Read gives redcon a call whenever
// there is something to do, and the end once all is done. Read, turn and what they
// call run on redcon's goroutine, the session's home.
type redconConn struct {
	net.Conn
	front   *redconFront
	session *Session
	pool    pool
	work    chan struct{} // holds one when there is something to do; never closed
	call    string        // what redcon has not read yet

	buf       []byte // output that is being written
	refused   bool
	lingering bool
	lingered  int
	deadline  time.Time // of lingering
	over      bool      // redcon is to see the end

	mu     sync.Mutex
	space  sync.Cond // the reader waits for room, or the end
	ahead  []byte    // read and not taken by the session
	ended  bool      // nothing more comes
	failed bool      // the connection is broken
	closed bool
}

func newRedconConn(f *redconFront, nc net.Conn) *redconConn {
	c := &redconConn{
		Conn: nc, front: f, work: make(chan struct{}, 1),
		pool: pool{maxChunks: 2, maxSlots: 256},
	}
	c.space.L = &c.mu
	c.session = f.server.newSession(c, &c.pool, f.server.homes[0], nc.RemoteAddr(), nc.LocalAddr())
	return c
}

// touch implements home.
func (c *redconConn) touch(*Session) { c.signal() }

// submit implements home.
func (c *redconConn) submit(reqs []*replication.Request) { c.front.server.router.Submit(reqs) }

func (c *redconConn) signal() {
	select {
	case c.work <- struct{}{}:
	default: // it is going to look anyway
	}
}

// readAhead reads into a bounded buffer, so that the end of a client is seen while
// its command blocks.
func (c *redconConn) readAhead() {
	defer c.front.wg.Done()
	b := make([]byte, chunkSize)
	for {
		n, err := c.Conn.Read(b)
		c.mu.Lock()
		for len(c.ahead) > 0 && len(c.ahead)+n > maxAhead && !c.closed {
			c.space.Wait()
		}
		c.ahead = append(c.ahead, b[:n]...)
		if err != nil {
			c.ended = true
			c.failed = !errors.Is(err, io.EOF)
		}
		stop := c.ended || c.closed
		c.mu.Unlock()
		c.signal()
		if stop {
			return
		}
	}
}

// Read gives redcon a call, once there is something to do.
func (c *redconConn) Read(p []byte) (int, error) {
	if c.call == "" {
		if c.over {
			c.awaitFills()
			return 0, io.EOF
		}
		select {
		case <-c.work:
		case <-c.front.done:
			c.over = true
		}
		c.call = call
	}
	n := copy(p, c.call)
	c.call = c.call[n:]
	return n, nil
}

// Write swallows redcon's own output: there is none, replies go out in turn.
func (c *redconConn) Write(p []byte) (int, error) { return len(p), nil }

// turn lets the session go on with what was read, sends what there is, and sees to
// the end of the connection.
func (c *redconConn) turn() {
	s := c.session
	s.now = time.Now()
	s.stats.Rounds.Add(1)
	for more := true; more && !c.over; {
		if c.lingering {
			c.linger()
			return
		}
		c.feed()
		more = s.turn()
		if s.end == severing {
			c.sever()
			return
		}
		c.write()
		more = more || s.mayGoOn() || c.mayFeed()
	}
	switch {
	case c.over:
	case s.end == closing && s.finished():
		c.shutDown()
	case s.server.stopping.Load() && s.drained():
		s.cancelWait()
		c.shutDown()
	}
}

// mayFeed reports whether the session would take more of what was read.
func (c *redconConn) mayFeed() bool {
	s := c.session
	c.mu.Lock()
	defer c.mu.Unlock()
	return !s.stopped && s.end == open && !s.ended && (len(c.ahead) > 0 || c.ended)
}

// feed gives the session what was read, if it may take it; its turn runs it.
func (c *redconConn) feed() {
	s := c.session
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.failed && len(c.ahead) == 0 {
		s.end = severing
		return
	}
	if c.ended && !s.hungUp {
		s.hungUp = true
		s.cancelWait()
	}
	if s.stopped || s.end != open || s.ended || len(c.ahead) == 0 && !c.ended {
		return
	}
	s.stopped = true
	if len(c.ahead) == 0 {
		s.ended = true
		return
	}
	n := copy(s.parser.space(), c.ahead)
	c.ahead = c.ahead[:copy(c.ahead, c.ahead[n:])]
	c.space.Signal()
	s.parser.wrote(n)
	s.received += n
	s.stats.NetIn.Add(uint64(n))
	s.stats.Reads.Add(1)
}

// write sends all there is; it may wait for the client.
func (c *redconConn) write() {
	s := c.session
	for !c.over {
		s.mu.Lock()
		c.buf, s.out = s.out, c.buf[:0]
		s.writing = len(c.buf)
		s.mu.Unlock()
		if len(c.buf) == 0 {
			return
		}
		err := c.writePieces(c.buf)
		if cap(c.buf) > maxKeptOutput {
			c.buf = nil
		}
		if err != nil {
			c.finish()
		}
	}
}

// writePieces writes b, and accounts for each piece that was sent.
func (c *redconConn) writePieces(b []byte) error {
	s := c.session
	for len(b) > 0 {
		n, err := c.Conn.Write(b[:s.piece(len(b))])
		s.stats.NetOut.Add(uint64(n))
		s.stats.Writes.Add(1)
		s.mu.Lock()
		s.sentLocked(n)
		s.mu.Unlock()
		if err != nil {
			return err // finish sees to what is left of it
		}
		b = b[n:]
	}
	return nil
}

// sever closes at once; replies from before are sent if that needs no waiting.
func (c *redconConn) sever() {
	_ = c.Conn.SetWriteDeadline(time.Now().Add(lingerStopping)) // a broken connection shows in the write
	c.write()
	c.finish()
}

// shutDown ends the connection after the last reply: FIN, then what the client
// still sends is thrown away for a while.
func (c *redconConn) shutDown() {
	c.leave()
	half, ok := c.Conn.(interface{ CloseWrite() error })
	if c.session.ended || !ok || half.CloseWrite() != nil {
		c.finish()
		return
	}
	c.lingering = true
	c.deadline = c.session.now.Add(c.session.server.lingerTime())
	c.session.parser.close()
	c.linger()
}

// leave takes the session from where others find it, as conn's does.
func (c *redconConn) leave() {
	c.session.leave()
	if !c.refused {
		c.session.server.clients.remove(c.session)
	}
}

func (c *redconConn) linger() {
	c.mu.Lock()
	c.lingered += len(c.ahead)
	c.ahead = c.ahead[:0]
	c.space.Signal()
	ended := c.ended
	c.mu.Unlock()
	if ended || c.lingered > lingerBytes || time.Now().After(c.deadline) {
		c.finish()
	}
}

// finish closes the connection; redcon sees the end with its next Read.
func (c *redconConn) finish() {
	if c.over {
		return
	}
	c.over = true
	s := c.session
	s.cancelWait()
	s.end = severing
	s.mu.Lock()
	s.closed = true
	s.out, s.writing = nil, 0
	s.mu.Unlock()
	s.noteOverflow()
	c.leave()
	c.force()
}

// awaitFills stays until the session's last slot was filled, so that commands which
// were deferred still run. It gives up when the server ends.
func (c *redconConn) awaitFills() {
	c.finish()
	s := c.session
	for {
		s.turn()
		s.mu.Lock()
		none := s.queue.head == nil
		s.mu.Unlock()
		if none {
			break
		}
		select {
		case <-c.work:
		case <-c.front.done:
			return
		}
	}
	s.parser.close()
}

// Close is called by redcon when its goroutine ends.
func (c *redconConn) Close() error {
	c.force()
	return nil
}

// force closes the connection under whoever reads or writes it.
func (c *redconConn) force() {
	c.mu.Lock()
	closed := c.closed
	c.closed = true
	c.space.Broadcast()
	c.mu.Unlock()
	if !closed {
		_ = c.Conn.Close() // what was to be sent is sent or given up
	}
	c.signal()
}

// sweep looks at the clock, from the front's goroutine: the home may be stuck in
// a write.
func (c *redconConn) sweep() {
	s, limits, now := c.session, c.session.server.limits.Load(), time.Now()
	s.mu.Lock()
	if s.soft.ranOut(int64(s.unsentLocked()), s.outputLimitLocked(), now) {
		s.overflowLocked()
	}
	idle := limits.Timeout > 0 && !s.info.blocked && !s.listens() && now.Sub(s.info.lastUsed) > limits.Timeout &&
		s.queue.head == nil && s.unsentLocked() == 0
	s.cut = s.cut || idle
	stuck := s.cut && s.writing > 0
	s.mu.Unlock()
	if stuck {
		c.force()
	}
	c.signal()
}
