package replication

import (
	"sync/atomic"
	"time"
)

// Reads is what a read may be answered from.
type Reads uint8

const (
	// ReadsLinearizable: from what holds all that was acknowledged before the read
	// came, for which the leader asks a majority whether it still leads.
	ReadsLinearizable Reads = iota
	// ReadsLease: the same, but a leader that has asked within the last half election
	// timeout does not ask again. It rests on clocks that run at about the same pace.
	ReadsLease
	// ReadsLocal: from this replica as it is, which may be behind.
	ReadsLocal
)

// lease is until when this leader need not ask whether it leads.
type lease struct {
	until atomic.Int64 // Unix ns of the monotonic kind: since begin
	begin time.Time
}

// renew begins a lease at the time when a proof of leadership was asked for.
func (l *lease) renew(asked time.Time, lasts time.Duration) {
	l.until.Store(int64(asked.Add(lasts).Sub(l.begin)))
}

func (l *lease) end() { l.until.Store(0) }

// leased reports whether a read needs no proof.
func (p *Partition) leased() bool {
	return p.ReadsFrom != nil && p.ReadsFrom() == ReadsLease && int64(time.Since(p.lease.begin)) < p.lease.until.Load()
}
