package mesh

import (
	"context"
	"fmt"
	"net"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/hashicorp/raft"
)

// layer is the raft.StreamLayer of one group: it dials nodes by their ids, and accepts
// what the mesh hands to it.
type layer struct {
	mesh    *Mesh
	group   uint32
	purpose purpose // of what it dials

	dials    atomic.Uint64 // connections dialled, or tried to
	accepted chan net.Conn // closed by nobody
	closed   chan struct{} // closed by Close

	mu   sync.Mutex // covers open; nil when closed
	open map[*raftConn]struct{}
}

func newLayer(m *Mesh, group uint32, p purpose) *layer {
	return &layer{
		mesh: m, group: group, purpose: p,
		accepted: make(chan net.Conn),
		closed:   make(chan struct{}),
		open:     map[*raftConn]struct{}{},
	}
}

// nodeAddr is a node as Raft knows it.
type nodeAddr uint64

func (nodeAddr) Network() string  { return "mesh" }
func (a nodeAddr) String() string { return strconv.FormatUint(uint64(a), 16) }

// Addr implements net.Listener.
func (l *layer) Addr() net.Addr { return nodeAddr(l.mesh.options.Self().Node) }

// Accept implements net.Listener.
func (l *layer) Accept() (net.Conn, error) {
	select {
	case c := <-l.accepted:
		return c, nil
	case <-l.closed:
		return nil, net.ErrClosed
	}
}

// Dial implements raft.StreamLayer.
func (l *layer) Dial(address raft.ServerAddress, timeout time.Duration) (net.Conn, error) {
	l.dials.Add(1)
	node, err := strconv.ParseUint(string(address), 16, 64)
	if err != nil {
		return nil, fmt.Errorf("address of a Raft server is not a node's id: %w", err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), timeout)
	defer cancel()
	c, err := l.mesh.connect(ctx, node, l.purpose, l.group)
	if err != nil {
		return nil, err
	}
	conn := newRaftConn(l, c)
	if !l.keep(conn) {
		return nil, net.ErrClosed
	}
	if l.purpose == forSnapshots {
		return newCompressing(conn), nil
	}
	return conn, nil
}

// handToRaft gives an accepted connection to the transport of its group, which closes
// it.
func (m *Mesh) handToRaft(c *connection, h hello) {
	t := m.openTransport(h.group)
	if t == nil {
		m.held.release(c.held)
		return
	}
	conn := newRaftConn(t.layer, c)
	var handed net.Conn = conn
	if h.purpose == forSnapshots {
		handed = newDecompressing(conn)
	}
	if !t.layer.keep(conn) {
		return
	}
	select {
	case t.layer.accepted <- handed:
	case <-t.layer.closed:
		_ = conn.Close()
	}
}

// keep notes a connection for Close; when that was already, the connection is closed.
func (l *layer) keep(c *raftConn) bool {
	l.mu.Lock()
	if l.open != nil {
		l.open[c] = struct{}{}
		l.mu.Unlock()
		return true
	}
	l.mu.Unlock()
	_ = c.Close()
	return false
}

func (l *layer) forget(c *raftConn) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.open, c)
}

// Close implements net.Listener: it closes the layer's connections as well.
func (l *layer) Close() error {
	l.mu.Lock()
	open := l.open
	if l.open != nil {
		close(l.closed)
		l.open = nil
	}
	l.mu.Unlock()
	// Nobody changes the map any more: forget works on nil, keep finds it nil.
	for c := range open {
		_ = c.Close()
	}
	return nil
}
