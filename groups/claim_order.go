package groups

import (
	"sync/atomic"

	"github.com/millrace-io/millrace/streams"
)

// goneMarks remember, for both parts of the claim order, up to where every pending
// entry was found to be gone from its stream. A walk that looks for what is still
// there begins behind them: entries that are gone stay in the PEL, and a worker
// that asks again and again must not pass a million of them each time.
//
// The marks are a memory of what walks saw, not state: nothing depends on them but
// the cost, no snapshot has them, and walks that only read set them, too.
type goneMarks struct {
	nacked    atomic.Pointer[key] // in the NACK zone; nil: nothing is known
	delivered atomic.Pointer[key] // behind it
}

func (m *goneMarks) clone() *goneMarks {
	c := &goneMarks{}
	c.nacked.Store(m.nacked.Load())
	c.delivered.Store(m.delivered.Load())
	return c
}

// of returns the mark of the part that k lies in.
func (m *goneMarks) of(k *key) *atomic.Pointer[key] {
	if k[0] == 0 {
		return &m.nacked
	}
	return &m.delivered
}

// put notes that an entry stands at k now: whatever lies behind it may be known to
// be gone, the entry itself is not.
func (m *goneMarks) put(k key) {
	at := m.of(&k)
	if mark := at.Load(); mark != nil && k.compare(mark) < 0 {
		lower := k // not k itself, which would be allocated in any case
		at.Store(&lower)
	}
}

// ForgetGone must be called when entries that were gone may come back: when the
// stream's last ID was set back.
func (g *Group) ForgetGone() {
	g.gone.nacked.Store(nil)
	g.gone.delivered.Store(nil)
}

// AscendClaims calls fn in claim order with the pending entries that has reports
// the stream to have, until fn returns false: first the NACK zone, as the entries
// were released, then by time of delivery, equal times as they were put. Entries
// at the head of either part that the stream has no more are passed once, not by
// every walk; has must be right about them until ForgetGone. It may be called by
// many that only read.
func (g *Group) AscendClaims(has func(streams.ID) bool, fn func(Pending) bool) {
	if g.ascendPart(key{}, has, fn) {
		g.ascendPart(key{1}, has, fn)
	}
}

// ascendPart is AscendClaims for the part of the order that begins at from, the
// NACK zone at 0, the rest at 1. It reports that fn wants more.
func (g *Group) ascendPart(from key, has func(streams.ID) bool, fn func(Pending) bool) bool {
	mark := g.gone.of(&from)
	known := mark.Load()
	if known != nil {
		from = *known
	}
	next := g.pel.lookUp(fn)
	zone := from[0] == 0
	head, more := true, true
	at, passed := from, 0
	g.pel.byTime.ascend(from, func(r *row) bool {
		if zone != (r[0] == 0) {
			return false
		}
		if !has(streams.ID{Ms: r[timeMs], Seq: r[timeSeq]}) {
			if head {
				at = key{r[0], r[1] + 1}
				passed++
			}
			return true
		}
		head = false
		more = next(r[timeMs], r[timeSeq])
		return more
	})
	if passed > 0 {
		// Several that read may come here at once: each of them is right.
		mark.Store(&at)
	}
	return more
}
