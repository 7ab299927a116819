package faultnet

import "sync"

// pair is a direction: from one node to another, by their ids.
type pair struct{ from, to uint64 }

// Network is all proxies of a cluster and the faults between them. Its methods may be
// called from any goroutine.
type Network struct {
	closed chan struct{}
	wg     sync.WaitGroup

	mu      sync.Mutex // covers all below
	links   map[pair]*link
	proxies []*Proxy
	conns   map[*conn]struct{}
	ended   bool
}

// New returns a network without nodes or faults.
func New() *Network {
	return &Network{closed: make(chan struct{}), links: map[pair]*link{}, conns: map[*conn]struct{}{}}
}

// Set replaces the faults of one direction.
func (n *Network) Set(from, to uint64, f Faults) {
	n.link(from, to).set(f)
	if !f.Reset {
		return
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	for c := range n.conns {
		dialler, acceptor := c.ends()
		if dialler == from && acceptor == to || dialler == to && acceptor == from {
			c.close()
		}
	}
}

// Heal takes all faults back.
func (n *Network) Heal() {
	n.mu.Lock()
	defer n.mu.Unlock()
	for _, l := range n.links {
		l.set(Faults{})
	}
}

// Close ends all connections and proxies and waits for their end.
func (n *Network) Close() {
	n.mu.Lock()
	if !n.ended {
		n.ended = true
		close(n.closed)
	}
	for _, p := range n.proxies {
		p.listener.Close()
	}
	for c := range n.conns {
		c.close()
	}
	n.mu.Unlock()
	n.wg.Wait()
}

func (n *Network) link(from, to uint64) *link {
	n.mu.Lock()
	defer n.mu.Unlock()
	p := pair{from, to}
	if n.links[p] == nil {
		n.links[p] = newLink()
	}
	return n.links[p]
}

// register adds a connection, unless the network has ended.
func (n *Network) register(c *conn) bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.ended {
		return false
	}
	n.conns[c] = struct{}{}
	return true
}

func (n *Network) forget(c *conn) {
	n.mu.Lock()
	defer n.mu.Unlock()
	delete(n.conns, c)
}
