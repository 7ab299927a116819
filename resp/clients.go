package resp

import (
	"slices"
	"sync"

	"github.com/millrace-io/millrace/commands"
)

// registry is the set of connections.
type registry struct {
	mu   sync.Mutex
	byID map[uint64]*Session
}

// add takes a session in if there is room for it; limit 0 means there is.
func (r *registry) add(s *Session, limit int) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if limit > 0 && len(r.byID) >= limit {
		return false
	}
	r.byID[s.id] = s
	return true
}

func (r *registry) remove(s *Session) {
	r.mu.Lock()
	delete(r.byID, s.id)
	r.mu.Unlock()
}

func (r *registry) find(id uint64) *Session {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.byID[id]
}

func (r *registry) len() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.byID)
}

// each calls fn for every session, in the order of their IDs, without the lock.
func (r *registry) each(fn func(*Session)) {
	all := r.all()
	slices.SortFunc(all, func(a, b *Session) int { return int(a.id) - int(b.id) })
	for _, s := range all {
		fn(s)
	}
}

// all are the sessions of this moment, in no order.
func (r *registry) all() []*Session {
	r.mu.Lock()
	defer r.mu.Unlock()
	all := make([]*Session, 0, len(r.byID))
	for _, s := range r.byID {
		all = append(all, s)
	}
	return all
}

// EachClient calls fn for every connection, in the order of their IDs.
func (srv *Server) EachClient(fn func(commands.ClientInfo)) {
	srv.clients.each(func(s *Session) { fn(s.Info()) })
}

// Clients is the number of connections.
func (srv *Server) Clients() int { return srv.clients.len() }

// HasClient reports whether there is a connection of that ID.
func (srv *Server) HasClient(id uint64) bool { return srv.clients.find(id) != nil }

// Unblock ends the wait of a blocked client. done is called once, from any
// goroutine, with whether it waited.
func (srv *Server) Unblock(id uint64, withError bool, done func(unblocked bool)) {
	var sl *slot
	if s := srv.clients.find(id); s != nil {
		sl = s.blockedSlot()
	}
	if sl == nil {
		done(false)
		return
	}
	// The request may be answered meanwhile; it is never used again, so the
	// router then finds that it does not wait.
	srv.router.Unblock(&sl.req, withError, done)
}

// blockedNow reports whether CLIENT UNBLOCK would find the client waiting. A command
// that may block is not there yet while it is on its way to the partition.
func (s *Session) blockedNow() bool {
	sl := s.blockedSlot()
	return sl != nil && s.server.router.Waits(&sl.req)
}

// blockedSlot is the slot that a blocked client waits for, or is about to.
func (s *Session) blockedSlot() *slot {
	s.mu.Lock()
	defer s.mu.Unlock()
	for sl := s.queue.head; sl != nil; sl = sl.next {
		if sl.blocking && sl.state == slotWaiting {
			return sl
		}
	}
	return nil
}

// Kill closes a connection at once and reports whether there was one.
func (srv *Server) Kill(id uint64) bool {
	s := srv.clients.find(id)
	if s == nil {
		return false
	}
	s.sever()
	return true
}

// sever closes the connection at once, from any goroutine.
func (s *Session) sever() {
	s.mu.Lock()
	s.cut = true
	s.unlockTouched()
	s.server.Flush()
}

// Info describes the session, from any goroutine.
func (s *Session) Info() commands.ClientInfo {
	blocked := s.blockedNow() // asks the router, which must not happen under the lock
	s.mu.Lock()
	defer s.mu.Unlock()
	i := &s.info
	c := commands.ClientInfo{
		ID: s.id, Addr: s.remote, LocalAddr: s.local, FD: s.fd,
		Name: i.name, Created: s.created.UnixMilli(), LastUsed: i.lastUsed.UnixMilli(),
		DB: i.db, User: i.user, Proto: i.proto, LibName: i.libName, LibVer: i.libVer,
		Blocked: blocked || i.postponed, Closing: i.closing, Unix: s.unix != "", Monitor: i.monitor, NoEvict: i.noEvict, NoTouch: i.noTouch, ReadOnly: i.readOnly,
		QueryBytes: i.buffered, ReplyBytes: s.unsentLocked(), ReplySlots: s.unfilled,
		Queued: -1, Watched: len(i.watches),
		Subscriptions: s.pubsub.counts, Tracking: i.tracking,
		NetIn: i.netIn, NetOut: i.netOut, Commands: i.commands,
	}
	if i.inMulti {
		c.Queued = i.queued
	}
	if i.command != nil {
		c.Command = i.command.FullName()
	}
	return c
}
