package meshtest

import (
	"context"
	"net"
	"sync"
	"syscall"
	"time"
)

// way is one direction between two nodes.
type way struct{ from, to string }

// state of a way. The zero value is a perfect one.
type state struct {
	cut   bool
	delay time.Duration
	rate  int       // bytes for each second, over all connections; 0: no limit
	busy  time.Time // until when what was sent occupies it, at that rate
}

// Network is nodes that can reach each other, until told otherwise. Its methods may be
// called at any time.
type Network struct {
	mu        sync.Mutex // covers all below, and every connection
	ways      map[way]*state
	listeners map[string]*listener
	conns     map[*Conn]struct{} // the open ones
	changed   event              // a way
}

// New returns a network without faults.
func New() *Network {
	return &Network{ways: map[way]*state{}, listeners: map[string]*listener{}, conns: map[*Conn]struct{}{}}
}

func (n *Network) wayLocked(from, to string) *state {
	s := n.ways[way{from, to}]
	if s == nil {
		s = &state{}
		n.ways[way{from, to}] = s
	}
	return s
}

// change sets the state of ways and wakes all who wait.
func (n *Network) change(set func(*state), ways ...way) {
	n.mu.Lock()
	defer n.mu.Unlock()
	for _, w := range ways {
		set(n.wayLocked(w.from, w.to))
	}
	n.wakeLocked()
}

func (n *Network) wakeLocked() {
	n.changed.fire()
	for c := range n.conns {
		c.changed.fire()
	}
}

// Cut holds back everything between two nodes.
func (n *Network) Cut(a, b string) {
	n.change(func(s *state) { s.cut = true }, way{a, b}, way{b, a})
}

// OneWay holds back everything that goes from one node to another, not the other way.
func (n *Network) OneWay(from, to string) {
	n.change(func(s *state) { s.cut = true }, way{from, to})
}

// Heal ends Cut and OneWay between two nodes.
func (n *Network) Heal(a, b string) {
	n.change(func(s *state) { s.cut = false }, way{a, b}, way{b, a})
}

// HealAll ends every Cut and OneWay.
func (n *Network) HealAll() {
	n.mu.Lock()
	defer n.mu.Unlock()
	for _, s := range n.ways {
		s.cut = false
	}
	n.wakeLocked()
}

// Delay lets everything between two nodes take that long, each way.
func (n *Network) Delay(a, b string, d time.Duration) {
	n.change(func(s *state) { s.delay = d }, way{a, b}, way{b, a})
}

// Rate bounds what goes between two nodes, each way, in bytes for each second; 0: no
// bound. All their connections share it, first come first served.
func (n *Network) Rate(a, b string, bytes int) {
	n.change(func(s *state) { s.rate = bytes }, way{a, b}, way{b, a})
}

// Reset breaks every connection between two nodes; new ones are possible.
func (n *Network) Reset(a, b string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	for c := range n.conns {
		if c.local == a && c.remote == b || c.local == b && c.remote == a {
			c.resetLocked()
		}
	}
}

// Crash is what the death of a node's process does: its listener and its connections
// are gone. Another process may listen on the address at once.
func (n *Network) Crash(addr string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	for c := range n.conns {
		if c.local == addr || c.remote == addr {
			c.resetLocked()
		}
	}
	if l := n.listeners[addr]; l != nil {
		l.closeLocked()
	}
}

// Dial returns the dial function of a node.
func (n *Network) Dial(from string) func(ctx context.Context, addr string) (net.Conn, error) {
	return func(ctx context.Context, to string) (net.Conn, error) {
		for {
			c, wait, err := n.tryDial(from, to)
			if c != nil || err != nil {
				return c, err
			}
			select {
			case <-ctx.Done():
				return nil, &net.OpError{Op: "dial", Net: network, Addr: Addr(to), Err: ctx.Err()}
			case <-wait:
			}
		}
	}
}

// tryDial connects if it can, and else says what to wait for: that a way changes, or
// that the time there and back has passed.
func (n *Network) tryDial(from, to string) (net.Conn, <-chan struct{}, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.wayLocked(from, to).cut || n.wayLocked(to, from).cut {
		return nil, n.changed.wait(), nil
	}
	l := n.listeners[to]
	if l == nil {
		return nil, nil, &net.OpError{Op: "dial", Net: network, Addr: Addr(to), Err: syscall.ECONNREFUSED}
	}
	near, far := n.pairLocked(from, to)
	select {
	case l.backlog <- far:
		n.conns[near], n.conns[far] = struct{}{}, struct{}{}
		return near, nil, nil
	default:
		return nil, nil, &net.OpError{Op: "dial", Net: network, Addr: Addr(to), Err: syscall.ECONNREFUSED}
	}
}

// Listen makes a node reachable. An address can be listened on once at a time.
func (n *Network) Listen(addr string) (net.Listener, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.listeners[addr] != nil {
		return nil, &net.OpError{Op: "listen", Net: network, Addr: Addr(addr), Err: syscall.EADDRINUSE}
	}
	l := &listener{network: n, addr: addr, backlog: make(chan *Conn, 256), done: make(chan struct{})}
	n.listeners[addr] = l
	return l, nil
}
