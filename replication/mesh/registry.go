package mesh

import (
	"cmp"
	"net"
	"slices"
	"sync"
)

// bounds on the connections that one peer may have open to us, for each purpose (and
// group). One more closes the oldest: it is most likely dead, since a peer uses fewer.
var maxInbound = map[purpose]int{forMessages: 1, forCalls: 4, forRaft: 16, forSnapshots: 4}

// registry holds every open connection, so that they can be closed from outside: all at
// the end, those of a peer that went silent or has started anew, the old one where a
// newer one takes its place.
type registry struct {
	mu    sync.Mutex // covers all below, and the fields of the entries
	ended bool
	last  uint64
	open  map[*held]struct{}
}

// held is an open connection.
type held struct {
	conn    net.Conn
	order   uint64
	peer    Identity // zero until the handshake is over
	purpose purpose
	group   uint32
	inbound bool
	once    sync.Once
	done    chan struct{} // closed by release: whoever served the connection is through
}

// hold registers a connection. After the end it is closed at once, and nil returned.
func (r *registry) hold(conn net.Conn) *held {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.ended {
		_ = conn.Close()
		return nil
	}
	if r.open == nil {
		r.open = map[*held]struct{}{}
	}
	r.last++
	h := &held{conn: conn, order: r.last, done: make(chan struct{})}
	r.open[h] = struct{}{}
	return h
}

// release closes the connection and forgets it. It may be called more than once.
func (r *registry) release(h *held) {
	h.once.Do(func() {
		r.mu.Lock()
		delete(r.open, h)
		r.mu.Unlock()
		_ = h.conn.Close()
		close(h.done)
	})
}

// establish notes whose connection it is and closes those that it replaces: all of an
// earlier boot of the peer, and the oldest beyond the bound. It returns the
// connections closed, and whether the peer has started anew.
func (r *registry) establish(h *held, peer Identity, for_ purpose, group uint32, inbound bool) (replaced []*held, restarted bool) {
	r.mu.Lock()
	h.peer, h.purpose, h.group, h.inbound = peer, for_, group, inbound
	var same []*held
	for other := range r.open {
		switch {
		case other == h || other.peer.Node != peer.Node || other.purpose == 0:
		case other.peer.Boot != peer.Boot:
			replaced, restarted = append(replaced, other), true
		case inbound && other.inbound && other.purpose == for_ && other.group == group:
			same = append(same, other)
		}
	}
	if inbound && len(same) >= maxInbound[for_] {
		slices.SortFunc(same, func(a, b *held) int { return cmp.Compare(a.order, b.order) })
		replaced = append(replaced, same[:len(same)-maxInbound[for_]+1]...)
	}
	r.mu.Unlock()
	for _, old := range replaced {
		_ = old.conn.Close()
	}
	return replaced, restarted
}

// closePeer closes every connection of the peer.
func (r *registry) closePeer(node uint64) {
	r.closeAll(func(h *held) bool { return h.purpose != 0 && h.peer.Node == node })
}

// end closes everything, now and from now on.
func (r *registry) end() {
	r.mu.Lock()
	r.ended = true
	r.mu.Unlock()
	r.closeAll(func(*held) bool { return true })
}

func (r *registry) closeAll(which func(*held) bool) {
	r.mu.Lock()
	var conns []net.Conn
	for h := range r.open {
		if which(h) {
			conns = append(conns, h.conn)
		}
	}
	r.mu.Unlock()
	for _, c := range conns {
		_ = c.Close()
	}
}
