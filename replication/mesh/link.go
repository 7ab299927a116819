package mesh

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync/atomic"
	"time"
)

const (
	minBackoff = 50 * time.Millisecond
	maxBackoff = time.Second
	// A link that lasted this long was a good one: the next attempt comes soon.
	goodLink = time.Second
)

var errUnexpected = errors.New("frame that nobody expects here")

// link sends messages to one peer, over connections that it dials.
type link struct {
	mesh *Mesh
	peer uint64
	// up is the stream while there is one.
	up atomic.Pointer[stream]
	// dialled has room for one: the peer has just dialled us, so it can be reached.
	dialled chan struct{}
	stop    context.CancelFunc // nil before it runs; under mesh.mu
	// after is the end of an earlier link to the peer, nil for none: the two must not
	// tell their ups and downs at the same time. Closed by that link.
	after, done chan struct{}
}

// SetPeers says with which nodes a link is kept. Links that stay are not touched.
func (m *Mesh) SetPeers(nodes []uint64) {
	self := m.options.Self().Node
	m.mu.Lock()
	defer m.mu.Unlock()
	before := *m.links.Load()
	links := make(map[uint64]*link, len(nodes))
	for _, node := range nodes {
		if node == self || links[node] != nil {
			continue
		}
		l := before[node]
		if l == nil {
			l = &link{mesh: m, peer: node, dialled: make(chan struct{}, 1), after: m.parting[node], done: make(chan struct{})}
			m.startLocked(l)
		}
		links[node] = l
	}
	m.links.Store(&links)
	for node, l := range before {
		if links[node] == nil && l.stop != nil {
			l.stop()
			m.parting[node] = l.done
		}
	}
}

// startLocked starts the link when Run has begun.
func (m *Mesh) startLocked(l *link) {
	if m.ctx == nil || m.ended || l.stop != nil {
		return
	}
	ctx, cancel := context.WithCancel(m.ctx)
	l.stop = cancel
	m.running.Go(func() { l.run(ctx) })
}

// Send queues a message for a peer and never blocks. What it is given is copied. False
// means that there is no link, or that its queue is full: the message will not arrive.
// True does not mean that it will: the link may go down, which Watch tells.
func (m *Mesh) Send(to uint64, kind Kind, body ...[]byte) bool {
	l := (*m.links.Load())[to]
	if l == nil {
		return false
	}
	s := l.up.Load()
	return s != nil && s.send([]byte{byte(kind)}, body...)
}

// Linked reports whether messages can be sent to the node now.
func (m *Mesh) Linked(node uint64) bool {
	l := (*m.links.Load())[node]
	return l != nil && l.up.Load() != nil
}

func (l *link) run(ctx context.Context) {
	defer l.ended()
	if l.after != nil {
		<-l.after
	}
	backoff := minBackoff
	for ctx.Err() == nil {
		began := time.Now()
		c, err := l.mesh.connect(ctx, l.peer, forMessages, 0)
		if err == nil {
			began = time.Now()
			err = l.serve(ctx, c)
		}
		if ctx.Err() != nil {
			return
		}
		l.report(err, c != nil)
		if c != nil && time.Since(began) >= goodLink {
			backoff = minBackoff
		}
		l.wait(ctx, backoff)
		backoff = min(2*backoff, maxBackoff)
	}
}

func (l *link) ended() {
	l.stop()
	l.mesh.mu.Lock()
	defer l.mesh.mu.Unlock()
	if l.mesh.parting[l.peer] == l.done {
		delete(l.mesh.parting, l.peer)
	}
	close(l.done)
}

// serve keeps the link until it breaks.
func (l *link) serve(ctx context.Context, c *connection) error {
	defer l.mesh.held.release(c.held)
	stop := context.AfterFunc(ctx, func() { _ = c.conn.Close() })
	defer stop()
	s := newStream(c.conn, l.mesh.options.QueueBytes)
	l.up.Store(s)
	l.mesh.logger.Info("linked with node", "node", fmt.Sprintf("%x", l.peer), "addr", c.peer.Addr)
	l.mesh.tell(l.peer, true)
	err := s.serve(func([]byte) error { return errUnexpected })
	l.up.Store(nil)
	l.mesh.tell(l.peer, false)
	if errors.Is(err, errSilent) {
		// Raft's connections to it are as dead, and would not know for long.
		l.mesh.held.closeSilent(l.peer)
	}
	return err
}

func (l *link) report(err error, was bool) {
	node := fmt.Sprintf("%x", l.peer)
	if was {
		l.mesh.logger.Warn("link with node lost", "node", node, "err", err)
		return
	}
	var refused *RefusedError
	if !errors.As(err, &refused) && l.mesh.told.first("reach "+node) {
		l.mesh.logger.Warn("cannot reach node", "node", node, "err", err)
	}
}

// wait lets the time before the next attempt pass, with chance in it so that nodes
// that lost each other do not meet in step.
func (l *link) wait(ctx context.Context, backoff time.Duration) {
	t := time.NewTimer(backoff/2 + rand.N(backoff/2+1))
	defer t.Stop()
	select {
	case <-ctx.Done():
	case <-l.dialled:
	case <-t.C:
	}
}

func (m *Mesh) tell(peer uint64, up bool) {
	for _, fn := range m.watchers {
		fn(peer, up)
	}
}

// receive handles the messages of a peer's link to us. The one that it replaces has
// delivered its last message before.
func (m *Mesh) receive(c *connection, replaced []*held) {
	for _, old := range replaced {
		if old.inbound && old.purpose == forMessages {
			<-old.done
		}
	}
	if l := (*m.links.Load())[c.peer.Node]; l != nil {
		select {
		case l.dialled <- struct{}{}:
		default:
		}
	}
	err := newStream(c.conn, pingQueue).serve(func(frame []byte) error {
		if fn := m.messages[frame[0]]; fn != nil {
			fn(c.peer, frame[1:])
		} else if m.told.first(fmt.Sprintf("kind %d", frame[0])) {
			m.logger.Warn("message of an unknown kind dropped", "node", fmt.Sprintf("%x", c.peer.Node), "kind", frame[0])
		}
		return nil
	})
	m.logger.Debug("link of node ended", "node", fmt.Sprintf("%x", c.peer.Node), "err", err)
	if errors.Is(err, errSilent) {
		m.held.closeSilent(c.peer.Node)
	}
}

// pingQueue is the queue of a side that sends nothing but pings.
const pingQueue = 1
