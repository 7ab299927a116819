package resp

import (
	"sync/atomic"
	"time"

	"github.com/millrace-io/millrace/commands"
)

// CommandStats counts what became of the calls of a command.
type CommandStats struct {
	Calls    atomic.Uint64 // that ran
	Failed   atomic.Uint64 // of these, answered with an error
	Rejected atomic.Uint64 // refused before they ran
	// took is how long they ran, nil before the first. Others than the home write to
	// it for every call.
	took atomic.Pointer[Histogram]
}

// ran notes how long a call ran, or one that had waited ran again.
func (st *CommandStats) ran(d time.Duration, again bool) {
	h := st.took.Load()
	if h == nil {
		h = new(Histogram)
		if !st.took.CompareAndSwap(nil, h) {
			h = st.took.Load()
		}
	}
	switch {
	case h == nil: // it was reset this very moment
	case again:
		h.Extend(d)
	default:
		h.Add(d)
	}
}

// homeStats counts for one home, so that loops do not fight for cache lines.
type homeStats struct {
	Commands, Rejected, NetIn, NetOut atomic.Uint64
	Reads, Writes, Rounds             atomic.Uint64
	OutputLimit, QueryLimit           atomic.Uint64

	commands map[*commands.Command]*CommandStats // never changes
}

func newHomeStats(t *commands.Table) *homeStats {
	h := &homeStats{commands: make(map[*commands.Command]*CommandStats)}
	for _, c := range t.Commands() {
		h.commands[c] = new(CommandStats)
		for _, sub := range c.Sub {
			h.commands[sub] = new(CommandStats)
		}
	}
	return h
}

// commandStats finds the counters of a command; pipelines repeat themselves, so the
// last answer is kept.
func (s *Session) commandStats(c *commands.Command) *CommandStats {
	if s.statsOf != c {
		s.statsOf, s.statsAre = c, s.stats.commands[c]
	}
	return s.statsAre
}

// Stats are the figures of a server since its start.
type Stats struct {
	ConnectionsReceived       uint64 // accepted in all
	ConnectionsRejected       uint64 // turned away: too many, or protected mode
	Commands                  uint64 // processed, refused ones included
	CommandsRejected          uint64 // refused before they ran
	NetIn, NetOut             uint64 // bytes
	Reads, Writes             uint64 // system calls that moved bytes
	OutputLimitDisconnections uint64
	QueryBufferDisconnections uint64
	ErrorReplies              uint64
	Rounds                    uint64 // of the loops, or turns of redcon's connections

	// What follows is of the clients now.
	QueryBytesMax, ReplyBytesMax int
	BufferBytes                  int // that wait to be run or to be sent, of all clients
	Watching, WatchedKeys        int // clients with WATCH, and their keys
}

// Stats returns the figures now. It looks at every client.
func (srv *Server) Stats() Stats {
	st := srv.Totals()
	for _, s := range srv.clients.all() {
		s.mu.Lock()
		if n := len(s.info.watches); n > 0 {
			st.Watching++
			st.WatchedKeys += n
		}
		st.QueryBytesMax = max(st.QueryBytesMax, s.info.buffered)
		st.ReplyBytesMax = max(st.ReplyBytesMax, s.unsentLocked())
		st.BufferBytes += s.info.buffered + s.unsentLocked()
		s.mu.Unlock()
	}
	return st
}

// Totals returns the figures that were counted, and leaves clients alone: fields of
// the clients now are 0.
func (srv *Server) Totals() Stats {
	st := Stats{
		ConnectionsReceived: srv.received.Load(),
		ConnectionsRejected: srv.rejected.Load(),
		ErrorReplies:        srv.errors.total.Load(),
	}
	for _, h := range srv.homes {
		st.Commands += h.Commands.Load()
		st.CommandsRejected += h.Rejected.Load()
		st.NetIn += h.NetIn.Load()
		st.NetOut += h.NetOut.Load()
		st.Reads += h.Reads.Load()
		st.Writes += h.Writes.Load()
		st.Rounds += h.Rounds.Load()
		st.OutputLimitDisconnections += h.OutputLimit.Load()
		st.QueryBufferDisconnections += h.QueryLimit.Load()
	}
	return st
}

// CommandCounts is what EachCommand reports.
type CommandCounts struct {
	Calls, Failed, Rejected uint64
	Took                    time.Duration
}

// EachCommand calls fn for every command and subcommand that was called, in the
// order of the table.
func (srv *Server) EachCommand(fn func(c *commands.Command, n CommandCounts)) {
	for _, c := range srv.table.Commands() {
		srv.countsOf(c, fn)
		for _, sub := range c.Sub {
			srv.countsOf(sub, fn)
		}
	}
}

func (srv *Server) countsOf(c *commands.Command, fn func(*commands.Command, CommandCounts)) {
	var n CommandCounts
	for _, h := range srv.homes {
		st := h.commands[c]
		n.Calls += st.Calls.Load()
		n.Failed += st.Failed.Load()
		n.Rejected += st.Rejected.Load()
		if took := st.took.Load(); took != nil {
			n.Took += took.Total()
		}
	}
	if n.Calls+n.Rejected > 0 {
		fn(c, n)
	}
}

// Latency is how long the calls of a command took, nil when it was never called.
func (srv *Server) Latency(c *commands.Command) *Histogram {
	var all *Histogram
	for _, h := range srv.homes {
		took := h.commands[c].took.Load()
		if took == nil {
			continue
		}
		if all == nil {
			all = new(Histogram)
		}
		all.merge(took)
	}
	return all
}

// ResetStats is CONFIG RESETSTAT: it zeroes all that Stats and EachCommand add up.
func (srv *Server) ResetStats() {
	srv.received.Store(0)
	srv.rejected.Store(0)
	srv.errors.reset()
	for _, h := range srv.homes {
		for _, c := range []*atomic.Uint64{&h.Commands, &h.Rejected, &h.NetIn, &h.NetOut, &h.Reads, &h.Writes, &h.Rounds, &h.OutputLimit, &h.QueryLimit} {
			c.Store(0)
		}
		for _, c := range h.commands {
			c.Calls.Store(0)
			c.Failed.Store(0)
			c.Rejected.Store(0)
			c.took.Store(nil)
		}
	}
}
