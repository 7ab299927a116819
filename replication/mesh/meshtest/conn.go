package meshtest

import (
	"io"
	"net"
	"os"
	"syscall"
	"time"
)

const (
	bufferSize = 256 << 10 // what a connection holds in each direction
	segment    = 16 << 10
)

// Conn is one end of a connection.
type Conn struct {
	network       *Network
	local, remote string
	other         *Conn

	// All below is covered by the network's lock.
	arriving      []packet // in order of arrival; sent by the other end
	held          int      // bytes in arriving
	closed, reset bool
	readBy        time.Time
	writeBy       time.Time
	changed       event
}

// packet is data on its way, or the end of it.
type packet struct {
	data []byte
	end  bool
	at   time.Time
}

func (n *Network) pairLocked(from, to string) (near, far *Conn) {
	near = &Conn{network: n, local: from, remote: to}
	far = &Conn{network: n, local: to, remote: from, other: near}
	near.other = far
	return near, far
}

// resetLocked breaks both ends.
func (c *Conn) resetLocked() {
	for _, end := range []*Conn{c, c.other} {
		end.reset, end.arriving, end.held = true, nil, 0
		delete(c.network.conns, end)
		end.changed.fire()
	}
}

// Read implements net.Conn.
func (c *Conn) Read(b []byte) (int, error) {
	for {
		n, w, err := c.tryRead(b)
		if w == nil {
			return n, err
		}
		w.await()
	}
}

// wait is for a change, or until a time that is not zero.
type wait struct {
	changed <-chan struct{}
	until   time.Time
}

func (c *Conn) tryRead(b []byte) (int, *wait, error) {
	c.network.mu.Lock()
	defer c.network.mu.Unlock()
	now := time.Now()
	if err := c.failedLocked("read", c.readBy, now); err != nil || len(b) == 0 {
		return 0, nil, err
	}
	until := c.readBy
	if len(c.arriving) == 0 || c.network.wayLocked(c.remote, c.local).cut {
		return 0, &wait{c.changed.wait(), until}, nil
	}
	first := &c.arriving[0]
	if first.at.After(now) {
		if until.IsZero() || first.at.Before(until) {
			until = first.at
		}
		return 0, &wait{c.changed.wait(), until}, nil
	}
	if first.end {
		return 0, nil, io.EOF
	}
	n := copy(b, first.data)
	c.held -= n
	if first.data = first.data[n:]; len(first.data) == 0 {
		c.arriving = c.arriving[1:]
	}
	c.other.changed.fire()
	return n, nil, nil
}

// Write implements net.Conn.
func (c *Conn) Write(b []byte) (int, error) {
	written := 0
	for {
		n, w, err := c.tryWrite(b[written:])
		written += n
		if err != nil || written == len(b) {
			return written, err
		}
		if w != nil {
			w.await()
		}
	}
}

func (c *Conn) tryWrite(b []byte) (int, *wait, error) {
	c.network.mu.Lock()
	defer c.network.mu.Unlock()
	if err := c.failedLocked("write", c.writeBy, time.Now()); err != nil || len(b) == 0 {
		return 0, nil, err
	}
	far := c.other
	if far.closed && !c.network.wayLocked(c.remote, c.local).cut {
		return 0, nil, c.failure("write", syscall.EPIPE)
	}
	n := min(len(b), segment, bufferSize-far.held)
	if n <= 0 {
		return 0, &wait{c.changed.wait(), c.writeBy}, nil
	}
	c.sendLocked(packet{data: append([]byte(nil), b[:n]...)})
	return n, nil, nil
}

// sendLocked puts a packet on its way.
func (c *Conn) sendLocked(p packet) {
	w, far := c.network.wayLocked(c.local, c.remote), c.other
	if far.closed {
		return
	}
	leaves := time.Now()
	if w.rate > 0 {
		if w.busy.After(leaves) {
			leaves = w.busy
		}
		leaves = leaves.Add(time.Duration(len(p.data)) * time.Second / time.Duration(w.rate))
		w.busy = leaves
	}
	p.at = leaves.Add(w.delay)
	if n := len(far.arriving); n > 0 && far.arriving[n-1].at.After(p.at) {
		p.at = far.arriving[n-1].at
	}
	far.arriving = append(far.arriving, p)
	far.held += len(p.data)
	far.changed.fire()
}

func (c *Conn) failedLocked(op string, deadline, now time.Time) error {
	switch {
	case c.closed:
		return c.failure(op, net.ErrClosed)
	case c.reset:
		return c.failure(op, syscall.ECONNRESET)
	case !deadline.IsZero() && !now.Before(deadline):
		return c.failure(op, os.ErrDeadlineExceeded)
	}
	return nil
}

func (c *Conn) failure(op string, err error) error {
	return &net.OpError{Op: op, Net: network, Source: Addr(c.local), Addr: Addr(c.remote), Err: err}
}

func (w *wait) await() {
	if w.until.IsZero() {
		<-w.changed
		return
	}
	t := time.NewTimer(time.Until(w.until))
	defer t.Stop()
	select {
	case <-w.changed:
	case <-t.C:
	}
}

// Close implements net.Conn. What was written before still arrives.
func (c *Conn) Close() error {
	c.network.mu.Lock()
	defer c.network.mu.Unlock()
	if c.closed {
		return nil
	}
	if !c.reset {
		c.sendLocked(packet{end: true})
	}
	c.closed, c.arriving, c.held = true, nil, 0
	delete(c.network.conns, c)
	c.changed.fire()
	c.other.changed.fire()
	return nil
}

// LocalAddr implements net.Conn.
func (c *Conn) LocalAddr() net.Addr { return Addr(c.local) }

// RemoteAddr implements net.Conn.
func (c *Conn) RemoteAddr() net.Addr { return Addr(c.remote) }

// SetDeadline implements net.Conn.
func (c *Conn) SetDeadline(t time.Time) error { return c.deadlines(&t, &t) }

// SetReadDeadline implements net.Conn.
func (c *Conn) SetReadDeadline(t time.Time) error { return c.deadlines(&t, nil) }

// SetWriteDeadline implements net.Conn.
func (c *Conn) SetWriteDeadline(t time.Time) error { return c.deadlines(nil, &t) }

func (c *Conn) deadlines(read, write *time.Time) error {
	c.network.mu.Lock()
	defer c.network.mu.Unlock()
	if c.closed {
		return net.ErrClosed
	}
	if read != nil {
		c.readBy = *read
	}
	if write != nil {
		c.writeBy = *write
	}
	c.changed.fire()
	return nil
}
