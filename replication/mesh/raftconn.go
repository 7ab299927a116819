package mesh

import (
	"net"
	"sync"
	"time"

	"github.com/klauspost/compress/s2"
)

const (
	// writeStep is how much must be taken within raftTime, so 26 kB/s are enough.
	writeStep = 128 << 10
	// answerRate is what a peer takes in, at least, before it can answer: a second more
	// for each MiB sent since it last said anything.
	answerRate = 1 << 20
)

// raftConn is a connection of Raft's transport. That sets one deadline for a request
// whatever its size; here it counts from the last progress: each step of a write has
// raftTime, and an answer may take as long after the last byte was taken, and longer
// the more was sent.
type raftConn struct {
	net.Conn
	layer *layer
	held  *held
	// alwaysFlows: reads have a deadline even where none was set. For a snapshot that
	// is received: Raft reads it on its main loop, and a leader that died half-way must
	// not keep that.
	alwaysFlows bool

	mu         sync.Mutex // covers all below
	answerBy   time.Time  // zero: reads have no deadline
	unanswered int        // bytes written since the last read
}

func newRaftConn(l *layer, c *connection) *raftConn {
	return &raftConn{Conn: c.conn, layer: l, held: c.held}
}

func (c *raftConn) Close() error {
	c.layer.forget(c)
	c.layer.mesh.held.release(c.held)
	return nil
}

// RemoteAddr implements net.Conn: the address that was dialled or accepted from.
func (c *raftConn) RemoteAddr() net.Addr { return c.Conn.RemoteAddr() }

// SetDeadline implements net.Conn. Writes have their own.
func (c *raftConn) SetDeadline(t time.Time) error { return c.SetReadDeadline(t) }

// SetWriteDeadline implements net.Conn: writes have their own.
func (c *raftConn) SetWriteDeadline(time.Time) error { return nil }

// SetReadDeadline implements net.Conn.
func (c *raftConn) SetReadDeadline(t time.Time) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.answerBy = t
	if !t.IsZero() {
		c.answerBy = later(t, c.leastLocked())
	}
	return c.Conn.SetReadDeadline(c.answerBy)
}

// leastLocked is when an answer can be expected at the earliest, seen from now.
func (c *raftConn) leastLocked() time.Time {
	return time.Now().Add(raftTime + time.Duration(c.unanswered)*time.Second/answerRate)
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

func (c *raftConn) Write(p []byte) (written int, err error) {
	for written < len(p) {
		step := p[written:min(len(p), written+writeStep)]
		if err := c.Conn.SetWriteDeadline(time.Now().Add(raftTime)); err != nil {
			return written, err
		}
		n, err := c.Conn.Write(step)
		written += n
		if err != nil {
			return written, err
		}
		if err := c.wrote(n); err != nil {
			return written, err
		}
	}
	return written, nil
}

// wrote moves the deadline of the answer, also of one that is being waited for.
func (c *raftConn) wrote(n int) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.unanswered += n
	if c.answerBy.IsZero() {
		return nil
	}
	c.answerBy = later(c.answerBy, c.leastLocked())
	return c.Conn.SetReadDeadline(c.answerBy)
}

func (c *raftConn) Read(p []byte) (int, error) {
	if c.alwaysFlows {
		if err := c.Conn.SetReadDeadline(time.Now().Add(raftTime)); err != nil {
			return 0, err
		}
	}
	n, err := c.Conn.Read(p)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.unanswered = 0
	return n, err
}

// compressing is the sending side of a snapshot's connection: what is written is
// compressed, answers come plain. Each write goes out at once; Raft's transport
// gathers a snapshot in blocks of 256 KiB.
type compressing struct {
	*raftConn
	w *s2.Writer
}

func newCompressing(c *raftConn) net.Conn {
	return compressing{c, s2.NewWriter(c, s2.WriterConcurrency(1), s2.WriterBlockSize(snapshotBlock))}
}

// snapshotBlock is compressed at once, and what the receiving side makes room for.
const snapshotBlock = 256 << 10

func (c compressing) Write(p []byte) (int, error) {
	n, err := c.w.Write(p)
	if err != nil {
		return n, err
	}
	return n, c.w.Flush()
}

// decompressing is the receiving side.
type decompressing struct {
	*raftConn
	r *s2.Reader
}

func newDecompressing(c *raftConn) net.Conn {
	c.alwaysFlows = true
	return decompressing{c, s2.NewReader(c, s2.ReaderMaxBlockSize(snapshotBlock))}
}

func (c decompressing) Read(p []byte) (int, error) { return c.r.Read(p) }
