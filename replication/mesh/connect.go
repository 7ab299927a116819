package mesh

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"time"
)

// dialTime is short, as a peer that can be reached again should be within seconds:
// TCP asks at longer and longer intervals, a new attempt asks at once.
const dialTime = 2 * time.Second

// keepAlive notices a dead peer of connections that nothing else watches.
var keepAlive = net.KeepAliveConfig{Enable: true, Idle: 5 * time.Second, Interval: 2 * time.Second, Count: 4}

func dialTCP(ctx context.Context, addr string) (net.Conn, error) {
	d := net.Dialer{KeepAliveConfig: keepAlive}
	return d.DialContext(ctx, "tcp", addr)
}

// connection is one whose handshake is over.
type connection struct {
	*held
	conn net.Conn // held's, or TLS over it
	peer Identity
}

// connect dials a node.
func (m *Mesh) connect(ctx context.Context, node uint64, p purpose, group uint32) (*connection, error) {
	addr, ok := m.options.Resolve(node)
	if !ok {
		return nil, fmt.Errorf("node %x: %w", node, ErrUnknownNode)
	}
	return m.connectAddr(ctx, addr, node, p, group)
}

// connectAddr dials an address where the node should answer; 0: whoever does.
func (m *Mesh) connectAddr(ctx context.Context, addr string, node uint64, p purpose, group uint32) (*connection, error) {
	if err := m.usable(); err != nil {
		return nil, err
	}
	h, err := m.dial(ctx, addr)
	if err != nil {
		return nil, err
	}
	stop := context.AfterFunc(ctx, func() { _ = h.conn.Close() })
	c, err := m.introduce(h, addr, node, p, group)
	if !stop() && err == nil {
		err = context.Cause(ctx)
	}
	if err != nil {
		m.held.release(h)
		return nil, fmt.Errorf("connect to %s: %w", addr, err)
	}
	return c, nil
}

// dial opens a connection and registers it.
func (m *Mesh) dial(ctx context.Context, addr string) (*held, error) {
	ctx, cancel := context.WithTimeout(ctx, dialTime)
	defer cancel()
	raw, err := m.options.Dial(ctx, addr)
	if err != nil {
		return nil, fmt.Errorf("dial %s: %w", addr, err)
	}
	h := m.held.hold(raw)
	if h == nil {
		return nil, ErrEnded
	}
	return h, nil
}

// introduce makes a dialled connection one of a peer.
func (m *Mesh) introduce(h *held, addr string, node uint64, p purpose, group uint32) (*connection, error) {
	conn, peer, err := m.shakeHands(h, addr, node, p, group)
	if err == nil {
		// Before it is let in, as with one that is accepted.
		m.held.claim(h, peer, p, group, false)
		err = m.admitProcess(peer, addr)
	}
	if err != nil {
		m.logRefusal(err, peer.Node, addr)
		return nil, err
	}
	m.established(h)
	return &connection{held: h, conn: conn, peer: peer}, nil
}

// shakeHands is the handshake of the dialling side.
func (m *Mesh) shakeHands(h *held, addr string, node uint64, p purpose, group uint32) (net.Conn, Identity, error) {
	if err := h.conn.SetDeadline(time.Now().Add(handshakeTime)); err != nil {
		return nil, Identity{}, err
	}
	conn, err := m.secureDialled(h.conn, addr)
	if err != nil {
		return nil, Identity{}, err
	}
	peer, err := m.party().dial(conn, node, p, group)
	var refused *RefusedError
	if errors.As(err, &refused) && refused.Proven && refused.Copied && m.options.Copied != nil {
		m.options.Copied(refused)
	}
	if err != nil {
		return nil, peer, err
	}
	return conn, peer, h.conn.SetDeadline(time.Time{})
}

func (m *Mesh) established(h *held) (replaced []*held) {
	replaced, restarted := m.held.establish(h)
	if restarted {
		m.logger.Info("node has started anew", "node", fmt.Sprintf("%x", h.peer.Node), "addr", h.peer.Addr)
	}
	return replaced
}

// tlsConn closes without a farewell, which might have to wait for a peer that no
// longer reads.
type tlsConn struct {
	*tls.Conn
	raw net.Conn
}

func (c tlsConn) Close() error { return c.raw.Close() }

func (m *Mesh) secureDialled(raw net.Conn, addr string) (net.Conn, error) {
	if m.options.TLS == nil {
		return raw, nil
	}
	conf := m.tlsConfig()
	if conf.ServerName == "" {
		host, _, err := net.SplitHostPort(addr)
		if err != nil {
			host = addr
		}
		conf.ServerName = host
	}
	conn := tls.Client(raw, conf)
	return tlsConn{conn, raw}, tlsFailed(conn.Handshake())
}

func (m *Mesh) secureAccepted(raw net.Conn) (net.Conn, error) {
	if m.options.TLS == nil {
		return raw, nil
	}
	conn := tls.Server(raw, m.tlsConfig())
	return tlsConn{conn, raw}, tlsFailed(conn.Handshake())
}

// tlsFailed is a refusal, as far as TLS is the reason: a connection that is lost in
// the handshake is not.
func tlsFailed(err error) error {
	var network net.Error
	var op *net.OpError // its Op is another when it is about TLS
	switch {
	case err == nil:
		return nil
	case errors.Is(err, io.EOF):
		return fmt.Errorf("TLS between nodes: the other side ends the handshake, as one without TLS does: %w", err)
	case errors.As(err, &network) && network.Timeout(), errors.Is(err, net.ErrClosed), errors.As(err, &op) && (op.Op == "read" || op.Op == "write"):
		return fmt.Errorf("TLS between nodes: %w", err)
	}
	return &RefusedError{TLS: true, Reason: "TLS between nodes: " + err.Error()}
}

func (m *Mesh) tlsConfig() *tls.Config {
	conf := m.options.TLS.Clone()
	conf.ClientAuth = tls.RequireAndVerifyClientCert
	conf.MinVersion = max(conf.MinVersion, tls.VersionTLS12)
	if conf.ClientCAs == nil {
		conf.ClientCAs = conf.RootCAs
	}
	if conf.RootCAs == nil {
		conf.RootCAs = conf.ClientCAs
	}
	return conf
}
