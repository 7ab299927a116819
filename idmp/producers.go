package idmp

import (
	"math"

	"github.com/millrace-io/millrace/streams"
)

// Limits say how long and how many iids are remembered.
type Limits struct {
	Duration int // seconds
	MaxSize  int // iids of a producer
}

// DefaultLimits are those of Redis.
var DefaultLimits = Limits{Duration: 100, MaxSize: 100}

// The highest limits. Those of Redis are a day and 10,000.
const (
	MaxDuration = 30 * 24 * 60 * 60
	MaxMaxSize  = 1_000_000
)

// Valid reports whether the limits are not beyond the highest.
func (l Limits) Valid() bool {
	return l.Duration >= 1 && l.Duration <= MaxDuration && l.MaxSize >= 1 && l.MaxSize <= MaxMaxSize
}

// Producers is what a stream remembers of its producers. It is not safe for
// concurrent use; see Clone.
type Producers struct {
	limits     Limits
	added      uint64 // iids ever recorded
	duplicates uint64 // found again
	tracked    *tracked
	loading    *loading // set between FromHeader and the last AddBlock
}

// New returns a Producers that has seen none. The limits must be within the highest.
func New(limits Limits) Producers { return Producers{limits: limits} }

// Clone returns a copy in time that does not depend on its size. Both may be changed
// afterwards, each by one goroutine; and a clone that nobody changes may be read by
// one goroutine while another changes the original. Clone itself writes to p: it
// belongs to the goroutine that changes p.
func (p *Producers) Clone() Producers {
	c := *p
	c.loading = nil
	if p.tracked != nil {
		c.tracked = p.tracked.clone()
	}
	return c
}

// Limits returns the limits.
func (p *Producers) Limits() Limits { return p.limits }

// SetLimits changes the limits, and forgets all iids when they differ from those
// before. The counters stay.
func (p *Producers) SetLimits(limits Limits) {
	if limits != p.limits {
		p.limits, p.tracked = limits, nil
	}
}

// Added returns how many iids were ever recorded.
func (p *Producers) Added() uint64 { return p.added }

// Duplicates returns how often CountDuplicate was called.
func (p *Producers) Duplicates() uint64 { return p.duplicates }

// CountDuplicate counts an entry that came again.
func (p *Producers) CountDuplicate() { p.duplicates++ }

// PIDs returns the number of producers that are remembered.
func (p *Producers) PIDs() int {
	if p.tracked == nil {
		return 0
	}
	return p.tracked.byPID.Len()
}

// IIDs returns the number of iids that are remembered; those whose time is over
// count until Forget takes them away.
func (p *Producers) IIDs() int {
	if p.tracked == nil {
		return 0
	}
	return p.tracked.byIID.Len()
}

// Bytes returns the memory that the Producers takes beside itself, in O(1).
func (p *Producers) Bytes() int64 {
	if p.tracked == nil {
		return 0
	}
	return p.tracked.bytes()
}

// Untouched reports whether the Producers is as New(DefaultLimits) makes one.
func (p *Producers) Untouched() bool { return *p == New(DefaultLimits) }

// expired is the highest millisecond of an ID whose time is over; false when there
// is none.
func (p *Producers) expired(now int64) (ms uint64, ok bool) {
	duration := int64(p.limits.Duration) * 1000
	if now < duration {
		return 0, false
	}
	return uint64(now - duration), true
}

// Find returns the ID of the entry that the pair stands for; false when there is
// none, or its time was over at now (Unix ms).
func (p *Producers) Find(pair Pair, now int64) (streams.ID, bool) {
	if p.tracked == nil {
		return streams.ID{}, false
	}
	pr := p.tracked.get(pair.pid)
	if pr == nil {
		return streams.ID{}, false
	}
	r, ok := p.tracked.locate(pr, pair)
	if !ok {
		return streams.ID{}, false
	}
	if ms, some := p.expired(now); some && r.id.Ms <= ms {
		return streams.ID{}, false
	}
	return r.id, true
}

// Record remembers what the pair stands for; Find has just said that it did not know.
// When the producer has more iids than the maximum, its oldest goes. The bytes are
// copied.
func (p *Producers) Record(pair Pair, id streams.ID) {
	p.put(pair, id)
	p.added++
	t := p.tracked
	pr := t.get(pair.pid)
	if pr.live <= p.limits.MaxSize {
		return
	}
	for !t.pop(pr) {
		// A dead record: it made no room.
	}
	t.settle(pr)
}

// put appends a record.
func (p *Producers) put(pair Pair, id streams.ID) {
	if p.tracked == nil {
		p.tracked = newTracked()
	}
	t := p.tracked
	pr := t.get(pair.pid)
	if pr == nil {
		pr = t.create(pair.pid)
	} else {
		pr = t.own(pr)
	}
	t.push(pr, pair, record{id: id})
}

// Forget drops at most limit records whose time was over at now, oldest first, and
// returns how many. One that stands behind a younger one of its producer, as only
// XIDMPRECORD puts it, waits for that one.
func (p *Producers) Forget(now int64, limit int) (n int) {
	ms, some := p.expired(now)
	if p.tracked == nil || !some {
		return 0
	}
	t := p.tracked
	for n < limit {
		oldest, ok := t.byAge.Min()
		if !ok || oldest.oldest > ms {
			break
		}
		found, _ := t.byPID.Get(byPID{pid: oldest.pid})
		pr := t.own(found.producer)
		for n < limit && !pr.empty() && t.first(pr).at(pr.skip).id.Ms <= ms {
			t.pop(pr)
			n++
		}
		t.settle(pr)
	}
	if t.records == 0 {
		p.tracked = nil
	}
	return n
}

// NextExpiry returns the time (Unix ms) from which on Forget has something to do;
// false when nothing is remembered.
func (p *Producers) NextExpiry() (ms int64, ok bool) {
	if p.tracked == nil {
		return 0, false
	}
	oldest, ok := p.tracked.byAge.Min()
	duration := int64(p.limits.Duration) * 1000
	return int64(min(oldest.oldest, uint64(math.MaxInt64-duration))) + duration, ok
}
