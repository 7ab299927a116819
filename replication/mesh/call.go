package mesh

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"sync"
	"time"
)

const (
	callTime = 10 * time.Second // of a call whose context has no deadline
	idleTime = time.Minute      // a connection without calls is closed then
	// maxCallBody bounds both request and answer.
	maxCallBody = 64 << 20
	callQueue   = maxCallBody + 1<<20
)

// The frames of a connection for calls.
const (
	frameRequest byte = 1 + iota // id (8) kind (1) milliseconds that the caller waits (4) body
	frameAnswer                  // id (8) body
	frameError                   // id (8) text
)

const requestHead = 1 + 8 + 1 + 4

// RemoteError is what the other side's handler answered instead of a result.
type RemoteError struct{ Text string }

func (e *RemoteError) Error() string { return e.Text }

var (
	errLost     = errors.New("connection lost before the answer")
	errBodySize = fmt.Errorf("call with more than %d bytes", maxCallBody)
	errBusy     = errors.New("too many calls wait to be sent")
)

// caller is the calling side for one peer: one connection, made when it is needed.
type caller struct {
	making  chan struct{} // holds one: whoever has taken it may dial
	session *callSession  // under making
}

// callSession is a connection and the calls that wait for their answers on it.
type callSession struct {
	*stream
	peer    Identity
	cluster string // ours when it was made: what the other side takes us for

	mu      sync.Mutex // covers all below
	last    uint64
	waiting map[uint64]chan<- answer // with room for one each; nil when the session has ended
	idle    *time.Timer
}

type answer struct {
	body []byte
	err  error
}

// Call asks a node and waits for its answer: until the context ends, 10 s when that
// has no deadline. The other side's own error arrives as *RemoteError; after any other
// the call may have been run or not.
func (m *Mesh) Call(ctx context.Context, to uint64, kind Kind, body []byte) ([]byte, error) {
	ctx, cancel := withCallTime(ctx)
	defer cancel()
	s, err := m.session(ctx, to)
	if err == nil {
		var out []byte
		if out, err = s.call(ctx, kind, body); err == nil {
			return out, nil
		}
	}
	return nil, fmt.Errorf("call of node %x: %w", to, err)
}

// CallAddr asks whoever answers at an address, and says who that was.
func (m *Mesh) CallAddr(ctx context.Context, addr string, kind Kind, body []byte) (Identity, []byte, error) {
	ctx, cancel := withCallTime(ctx)
	defer cancel()
	c, err := m.connectAddr(ctx, addr, 0, forCalls, 0)
	if err != nil {
		return Identity{}, nil, err
	}
	s := newCallSession(c, "")
	served := make(chan struct{})
	go func() {
		defer close(served)
		s.run()
	}()
	out, err := s.call(ctx, kind, body)
	m.held.release(c.held)
	<-served
	if err != nil {
		return c.peer, nil, fmt.Errorf("call of %s: %w", addr, err)
	}
	return c.peer, out, nil
}

func withCallTime(ctx context.Context) (context.Context, context.CancelFunc) {
	if _, ok := ctx.Deadline(); ok {
		return context.WithCancel(ctx)
	}
	return context.WithTimeout(ctx, callTime)
}

// session returns the connection for calls to a node.
func (m *Mesh) session(ctx context.Context, to uint64) (*callSession, error) {
	m.mu.Lock()
	c := m.callers[to]
	if c == nil {
		c = &caller{making: make(chan struct{}, 1)}
		m.callers[to] = c
	}
	m.mu.Unlock()

	select {
	case c.making <- struct{}{}:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	defer func() { <-c.making }()
	cluster := m.options.Self().Cluster
	if s := c.session; s != nil && s.alive() {
		if s.cluster == cluster {
			return s, nil
		}
		_ = s.conn.Close() // the other side takes us for a stranger, still
	}
	conn, err := m.connect(ctx, to, forCalls, 0)
	if err != nil {
		return nil, err
	}
	s := newCallSession(conn, cluster)
	if !m.run(func() { s.run(); m.held.release(conn.held) }) {
		m.held.release(conn.held)
		return nil, ErrEnded
	}
	c.session = s
	return s, nil
}

func newCallSession(c *connection, cluster string) *callSession {
	s := &callSession{stream: newStream(c.conn, callQueue), peer: c.peer, cluster: cluster, waiting: map[uint64]chan<- answer{}}
	s.idle = time.AfterFunc(idleTime, s.closeIdle)
	return s
}

func (s *callSession) alive() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.waiting != nil {
		s.idle.Reset(idleTime)
	}
	return s.waiting != nil
}

func (s *callSession) closeIdle() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.waiting) == 0 {
		_ = s.conn.Close()
	} else {
		s.idle.Reset(idleTime)
	}
}

// run passes answers on until the connection ends; then all that wait hear of it.
func (s *callSession) run() {
	err := s.serve(s.handle)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.idle.Stop()
	for _, waiter := range s.waiting {
		waiter <- answer{err: errors.Join(errLost, unlessClosed(err))}
	}
	s.waiting = nil
}

func unlessClosed(err error) error {
	if errors.Is(err, net.ErrClosed) {
		return nil
	}
	return err
}

func (s *callSession) handle(frame []byte) error {
	if len(frame) < 9 {
		return errUnexpected
	}
	a := answer{}
	switch body := frame[9:]; frame[0] {
	case frameAnswer:
		a.body = append([]byte{}, body...)
	case frameError:
		a.err = &RemoteError{Text: string(body)}
	default:
		return errUnexpected
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	id := binary.LittleEndian.Uint64(frame[1:])
	if waiter := s.waiting[id]; waiter != nil { // else its caller has given up
		delete(s.waiting, id)
		waiter <- a
	}
	return nil
}

func (s *callSession) call(ctx context.Context, kind Kind, body []byte) ([]byte, error) {
	if len(body) > maxCallBody {
		return nil, errBodySize
	}
	answered := make(chan answer, 1)
	id, ok := s.expect(answered)
	if !ok {
		return nil, errLost
	}
	defer s.forget(id)
	deadline, _ := ctx.Deadline()
	left := min(max(time.Until(deadline).Milliseconds(), 1), 1<<32-1)
	head := append(make([]byte, 0, requestHead), frameRequest)
	head = binary.LittleEndian.AppendUint64(head, id)
	head = append(head, byte(kind))
	head = binary.LittleEndian.AppendUint32(head, uint32(left))
	if !s.send(head, body) {
		return nil, errBusy
	}
	select {
	case a := <-answered:
		return a.body, a.err
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func (s *callSession) expect(answered chan<- answer) (id uint64, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.waiting == nil {
		return 0, false
	}
	s.last++
	s.waiting[s.last] = answered
	return s.last, true
}

func (s *callSession) forget(id uint64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.waiting, id)
}
