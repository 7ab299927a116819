package mesh

import (
	"cmp"
	"net"
	"slices"
	"sync"
	"time"
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
	order   uint64   // of the claims
	peer    Identity // this and the next are zero until the peer has shown who it is
	purpose purpose
	group   uint32
	inbound bool
	since   time.Time
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
	h := &held{conn: conn, done: make(chan struct{})}
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

// claim notes whose connection it is to be.
func (r *registry) claim(h *held, peer Identity, for_ purpose, group uint32, inbound bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.last++
	h.order = r.last
	h.peer, h.purpose, h.group, h.inbound, h.since = peer, for_, group, inbound, time.Now()
}

// establish closes the connections that this one, which was claimed, replaces: all of an
// earlier boot of the peer, and the oldest beyond the bound. Those of a later boot stay:
// this one was let in just before. It returns the connections closed, and whether the peer
// has started anew.
func (r *registry) establish(h *held) (replaced []*held, restarted bool) {
	r.mu.Lock()
	var same []*held
	for other := range r.open {
		switch {
		case other == h || other.peer.Node != h.peer.Node || other.purpose == 0:
		case other.peer.Boot < h.peer.Boot:
			replaced, restarted = append(replaced, other), true
		case sameProcess(other.peer, h.peer) && h.inbound && other.inbound && other.order < h.order && other.purpose == h.purpose && other.group == h.group:
			same = append(same, other)
		}
	}
	if bound := maxInbound[h.purpose]; h.inbound && len(same) >= bound {
		slices.SortFunc(same, func(a, b *held) int { return cmp.Compare(a.order, b.order) })
		replaced = append(replaced, same[:len(same)-bound+1]...)
	}
	r.mu.Unlock()
	for _, old := range replaced {
		_ = old.conn.Close()
	}
	return replaced, restarted
}

// linked reports whether there is a link with that process, to it or from it.
func (r *registry) linked(process Identity) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	for h := range r.open {
		if h.purpose == forMessages && sameProcess(h.peer, process) {
			return true
		}
	}
	return false
}

// closeSilent closes the connections of a peer that has said nothing for the time of
// silence. Those made since then are proof that it is back.
func (r *registry) closeSilent(node uint64) {
	before := time.Now().Add(-silence)
	r.closeAll(func(h *held) bool { return h.purpose != 0 && h.peer.Node == node && !h.since.After(before) })
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
