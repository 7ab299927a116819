package replication

import (
	"sync"
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
	mu    sync.Mutex    // covers both
	until time.Duration // by Options.Elapsed
	// barred says that leadership was to be handed over: from then on somebody may be
	// elected at any moment, however short ago this leader was heard.
	barred bool
}

// begin is called when a term begins: the same one goes on when again.
func (l *lease) begin(again bool) {
	l.mu.Lock()
	l.until, l.barred = 0, l.barred && again
	l.mu.Unlock()
}

func (l *lease) bar() {
	l.mu.Lock()
	l.barred = true
	l.mu.Unlock()
}

// renew begins a lease at the time when a proof of leadership was asked for.
func (l *lease) renew(asked, lasts time.Duration) {
	l.mu.Lock()
	l.until = asked + lasts
	l.mu.Unlock()
}

func (l *lease) holds(now time.Duration) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return !l.barred && now < l.until
}

// leased reports whether a read needs no proof.
func (p *Partition) leased() bool {
	return p.ReadsFrom != nil && p.ReadsFrom() == ReadsLease && p.lease.holds(p.Elapsed())
}
