package faultnet

import (
	"encoding/binary"
	"io"
	"net"
	"sync"
	"sync/atomic"
	"time"
)

// A connection between nodes begins with the dialling side's hello: "millrace",
// version (2), size (2), node id (8), in every version of the protocol.
const (
	helloMagic = "millrace"
	helloNode  = len(helloMagic) + 2 + 2
	helloSize  = helloNode + 8
)

// Bytes on their way: chunks of a connection's direction that were read and not yet
// written. When these are full, the sender is held back.
const (
	chunkSize = 32 << 10
	chunks    = 64
)

// Proxy stands in front of one node.
type Proxy struct {
	network  *Network
	listener net.Listener
	target   string
	node     atomic.Uint64 // 0 as long as it is not known
}

// Listen opens a proxy on a free port for the node that serves, or will serve, others
// at target.
func (n *Network) Listen(target string) (*Proxy, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	p := &Proxy{network: n, listener: l, target: target}
	n.mu.Lock()
	n.proxies = append(n.proxies, p)
	n.mu.Unlock()
	n.wg.Go(p.accept)
	return p, nil
}

// Addr is what the node advertises.
func (p *Proxy) Addr() string { return p.listener.Addr().String() }

// Know tells the node's id, once it has one. Until then faults do not reach it.
func (p *Proxy) Know(node uint64) { p.node.Store(node) }

func (p *Proxy) accept() {
	for {
		dialled, err := p.listener.Accept()
		if err != nil {
			return
		}
		p.network.wg.Go(func() { p.serve(dialled) })
	}
}

// serve carries one connection until one of its sides or a fault ends it.
func (p *Proxy) serve(dialled net.Conn) {
	c := &conn{proxy: p, dialled: dialled}
	defer c.close()
	if !p.network.register(c) {
		return
	}
	defer p.network.forget(c)
	var hello [helloSize]byte
	if _, err := io.ReadFull(dialled, hello[:]); err != nil {
		return
	}
	if string(hello[:len(helloMagic)]) == helloMagic {
		c.dialler.Store(binary.LittleEndian.Uint64(hello[helloNode:]))
	}
	// The hello is under the faults of its direction, the dialling of the target so too.
	if c.link(true).pass(helloSize, time.Now(), p.network.closed) != nil {
		return
	}
	target, err := net.Dial("tcp", p.target)
	if err != nil || !c.connected(target) {
		return
	}
	if _, err := target.Write(hello[:]); err != nil {
		return
	}
	var wg sync.WaitGroup
	wg.Go(func() { c.carry(target, dialled, true) })
	wg.Go(func() { c.carry(dialled, target, false) })
	wg.Wait()
}

// conn is one connection through a proxy.
type conn struct {
	proxy   *Proxy
	dialled net.Conn
	dialler atomic.Uint64 // 0 when it has not said who it is

	mu     sync.Mutex // covers all below
	target net.Conn
	closed bool
}

// ends are the nodes on both sides.
func (c *conn) ends() (dialler, acceptor uint64) { return c.dialler.Load(), c.proxy.node.Load() }

// link is the way that bytes of one direction take, forth from the dialling side. It
// is looked up for every chunk: a node's id is known later than its first connection.
func (c *conn) link(forth bool) *link {
	dialler, acceptor := c.ends()
	if forth {
		return c.proxy.network.link(dialler, acceptor)
	}
	return c.proxy.network.link(acceptor, dialler)
}

// connected notes the target's side; false: the connection was closed meanwhile, and
// so is this.
func (c *conn) connected(target net.Conn) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		target.Close()
		return false
	}
	c.target = target
	return true
}

// close ends both sides at once, with a reset where there is something unsent.
func (c *conn) close() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.closed = true
	c.dialled.Close()
	if c.target != nil {
		c.target.Close()
	}
}

// chunk is bytes on their way.
type chunk struct {
	bytes []byte
	came  time.Time
}

// carry takes bytes from one side to the other and closes the connection when there
// are no more. The reader stamps and the writer waits, so a delay costs no throughput.
func (c *conn) carry(to io.Writer, from io.Reader, forth bool) {
	way := make(chan chunk, chunks) // closed by the reader
	gone := make(chan struct{})     // closed by the writer
	var wg sync.WaitGroup
	wg.Go(func() {
		defer close(way)
		for {
			b := make([]byte, chunkSize)
			n, err := from.Read(b)
			if n > 0 {
				select {
				case way <- chunk{b[:n], time.Now()}:
				case <-gone:
					return
				}
			}
			if err != nil {
				return
			}
		}
	})
	c.deliver(to, way, forth)
	close(gone)
	c.close() // which ends the reader, too
	wg.Wait()
}

func (c *conn) deliver(to io.Writer, way <-chan chunk, forth bool) {
	for k := range way {
		if c.link(forth).pass(len(k.bytes), k.came, c.proxy.network.closed) != nil {
			return
		}
		if _, err := to.Write(k.bytes); err != nil {
			return
		}
	}
}
