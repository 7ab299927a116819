package commands

import (
	"sync/atomic"

	"github.com/millrace-io/millrace/keyspace"
)

// Counts is what a machine has counted for INFO. It is no part of the state: a start
// begins anew.
type Counts struct {
	Hits, Misses uint64 // keys that reads found, and did not
	Expired      uint64 // keys that went by their deadline
}

// counters are the machine's Counts; reads add to them side by side.
type counters struct {
	hits, misses, expired atomic.Uint64
}

// Counts returns what was counted since the start or the last reset.
func (m *Machine) Counts() Counts {
	return Counts{Hits: m.counts.hits.Load(), Misses: m.counts.misses.Load(), Expired: m.counts.expired.Load()}
}

// ResetCounts is CONFIG RESETSTAT.
func (m *Machine) ResetCounts() {
	m.counts.hits.Store(0)
	m.counts.misses.Store(0)
	m.counts.expired.Store(0)
}

// count counts the look-up of a key by a command that answers with what it finds. One that has waited was counted when it
// looked first.
func (c *Call) count(k *keyspace.Key) {
	switch {
	case c.Woken:
	case k != nil:
		c.hits++
	default:
		c.misses++
	}
}

// add adds what a run has counted. One that ended with ErrLong or ErrExpired is not
// added: the command is run once more, and counts the same keys again.
func (n *counters) add(c *Call) {
	if c.hits > 0 {
		n.hits.Add(c.hits)
	}
	if c.misses > 0 {
		n.misses.Add(c.misses)
	}
}
