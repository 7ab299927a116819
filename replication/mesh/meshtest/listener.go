package meshtest

import "net"

const network = "memory"

// Addr is an address of the network: any text.
type Addr string

// Network implements net.Addr.
func (Addr) Network() string { return network }

// String implements net.Addr.
func (a Addr) String() string { return string(a) }

type listener struct {
	network *Network
	addr    string
	backlog chan *Conn    // closed by nobody
	done    chan struct{} // closed by closeLocked
}

func (l *listener) Accept() (net.Conn, error) {
	select {
	case <-l.done:
		return nil, net.ErrClosed
	default:
	}
	select {
	case c := <-l.backlog:
		return c, nil
	case <-l.done:
		return nil, net.ErrClosed
	}
}

func (l *listener) Close() error {
	l.network.mu.Lock()
	defer l.network.mu.Unlock()
	l.closeLocked()
	return nil
}

// closeLocked also breaks the connections that nobody has accepted.
func (l *listener) closeLocked() {
	if l.network.listeners[l.addr] != l {
		return
	}
	delete(l.network.listeners, l.addr)
	close(l.done)
	for {
		select {
		case c := <-l.backlog:
			c.resetLocked()
		default:
			return
		}
	}
}

func (l *listener) Addr() net.Addr { return Addr(l.addr) }

// event wakes all who wait for it.
type event struct{ c chan struct{} }

func (e *event) wait() <-chan struct{} {
	if e.c == nil {
		e.c = make(chan struct{})
	}
	return e.c
}

func (e *event) fire() {
	if e.c != nil {
		close(e.c)
		e.c = nil
	}
}
