package groups

import (
	"math"

	"github.com/millrace-io/millrace/streams"
)

// Pending is one entry of the PEL: delivered, not yet acknowledged.
type Pending struct {
	ID    streams.ID
	Owner ConsumerID // NoOwner: released, waiting in the NACK zone
	Time  int64      // of the last delivery, Unix ms; 0 without owner
	Count int64      // deliveries so far; stays at its maximum once there
}

// Idle returns the time since the last delivery, never negative.
func (p Pending) Idle(now int64) int64 { return max(0, now-p.Time) }

// Claimable reports whether XCLAIM and XAUTOCLAIM may take the entry: one
// without owner always, any other when it has been idle for minIdle.
func (p Pending) Claimable(now, minIdle int64) bool {
	return p.Owner == NoOwner || minIdle <= 0 || p.Idle(now) >= minIdle
}

// Redelivered returns the entry as it stands after one more delivery, to owner at now.
func (p Pending) Redelivered(owner ConsumerID, now int64) Pending {
	p.Owner, p.Time = owner, now
	if p.Count < math.MaxInt64 {
		p.Count++
	}
	return p
}

// Released returns the entry as it stands in the NACK zone, with the given count.
func (p Pending) Released(count int64) Pending {
	p.Owner, p.Time, p.Count = NoOwner, 0, count
	return p
}
