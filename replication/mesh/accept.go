package mesh

import (
	"context"
	"errors"
	"fmt"
	"net"
	"time"
)

// accept lets connections in until the listener is closed.
func (m *Mesh) accept(ctx context.Context) error {
	for {
		conn, err := m.options.Listener.Accept()
		switch {
		case ctx.Err() != nil:
			if err == nil {
				_ = conn.Close()
			}
			return nil
		case errors.Is(err, net.ErrClosed):
			return fmt.Errorf("accept connections of nodes: %w", err)
		case err != nil:
			// Out of file descriptors, most likely: that passes.
			if m.told.first("accept: " + err.Error()) {
				m.logger.Error("cannot accept connections of nodes", "err", err)
			}
			pause(ctx, 100*time.Millisecond)
			continue
		}
		m.greetAside(ctx, conn)
	}
}

func pause(ctx context.Context, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
	case <-t.C:
	}
}

func (m *Mesh) greetAside(ctx context.Context, raw net.Conn) {
	select {
	case m.greeting <- struct{}{}:
	default:
		// Closing lets those in that knock at the right moment; waiting would let in
		// nobody while 128 say nothing.
		_ = raw.Close()
		if m.told.first("greeting") {
			m.logger.Warn("too many connections of nodes in their handshake")
		}
		return
	}
	ok := m.run(func() {
		c, hello, err := m.greet(raw)
		<-m.greeting
		if err == nil {
			m.serve(ctx, c, hello)
		}
	})
	if !ok {
		_ = raw.Close()
	}
}

// greet is the handshake of the accepting side.
func (m *Mesh) greet(raw net.Conn) (*connection, hello, error) {
	if tcp, ok := raw.(*net.TCPConn); ok {
		_ = tcp.SetKeepAliveConfig(keepAlive)
	}
	h := m.held.hold(raw)
	if h == nil {
		return nil, hello{}, ErrEnded
	}
	conn, theirs, err := m.introduced(h)
	if err != nil {
		m.logRefusal(err, theirs.Node, raw.RemoteAddr().String())
		m.held.release(h)
		return nil, theirs, err
	}
	return &connection{held: h, conn: conn, peer: theirs.Identity}, theirs, nil
}

func (m *Mesh) introduced(h *held) (net.Conn, hello, error) {
	if err := h.conn.SetDeadline(time.Now().Add(handshakeTime)); err != nil {
		return nil, hello{}, err
	}
	conn, err := m.secureAccepted(h.conn)
	if err != nil {
		return nil, hello{}, err
	}
	theirs, err := m.party().accept(conn, func(theirs hello) error {
		// Before it is judged: who is no longer admitted is disconnected after that,
		// and no connection must slip through between the two.
		m.held.claim(h, theirs.Identity, theirs.purpose, theirs.group, true)
		return m.judge(theirs)
	})
	if err != nil {
		return nil, theirs, err
	}
	return conn, theirs, h.conn.SetDeadline(time.Time{})
}

// judge decides about a peer that has shown the secret.
func (m *Mesh) judge(h hello) error {
	self := m.options.Self().Node
	// First: what Admit learns of a node is to come from the right process.
	if err := m.admitProcess(h.Identity, ""); err != nil {
		return err
	}
	if err := m.options.Admit(h.Identity); err != nil {
		return refuse("node %x does not admit node %x: %v", self, h.Node, err)
	}
	switch h.purpose {
	case forMessages, forCalls:
		return nil
	case forRaft, forSnapshots:
		if m.openTransport(h.group) == nil {
			return &RefusedError{NotNow: true, Reason: fmt.Sprintf("raft group %d is not open on node %x", h.group, self)}
		}
		return nil
	}
	return refuse("node %x asks node %x for a connection of unknown %v", h.Node, self, h.purpose)
}

// serve hands the connection to whom it is for, and closes it at the end, unless that
// is Raft: then Raft does.
func (m *Mesh) serve(ctx context.Context, c *connection, h hello) {
	replaced := m.established(c.held)
	switch h.purpose {
	case forMessages:
		m.receive(c, replaced)
	case forCalls:
		m.answer(ctx, c)
	case forRaft, forSnapshots:
		m.handToRaft(c, h)
		return
	}
	m.held.release(c.held)
}
