package replication

import (
	"bytes"
	"context"
	"sync"
	"time"
)

// upkeep asks the state machine, when something is due, for the request that does
// it: of a leader keys past their deadlines, of any replica what it alone has noted. One
// such request is on its way at a time.
type upkeep struct {
	mu      sync.Mutex
	next    int64 // when to ask, Unix ms; 0: never
	pending bool
	poke    chan struct{} // holds a token when next or pending changed; never closed
}

func (u *upkeep) init() { u.poke = make(chan struct{}, 1) }

// changed notes when something will be due.
func (u *upkeep) changed(next int64) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if next != u.next {
		u.next = next
		u.signal()
	}
}

// lookWhenDue notes when something will be due. The caller holds the partition's lock for
// reading. Whether this replica leads is asked under the lock of upkeep: a term that begins
// notes its own answer behind that.
func (p *Partition) lookWhenDue() {
	u := &p.upkeep
	u.mu.Lock()
	defer u.mu.Unlock()
	if next := p.sm.NextUpkeep(p.term.leads.Load()); next != u.next {
		u.next = next
		u.signal()
	}
}

// LookAtUpkeep has the state machine asked what is due, and those who wait for a time
// look: both were put off, and are no more.
func (p *Partition) LookAtUpkeep() {
	select {
	case p.waits.poke <- struct{}{}:
	default:
	}
	const atOnce = 1
	p.upkeep.changed(atOnce)
}

// afterRefusal is how long upkeep waits when its request could not be logged.
const afterRefusal = time.Second

// Fill implements Replier for the request on its way: it was applied, and there
// may be more to do; or it could not be logged, then it is tried again later.
func (u *upkeep) Fill(reply []byte) {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.pending = false
	if bytes.HasPrefix(reply, []byte("-")) {
		time.AfterFunc(afterRefusal, u.signal)
	} else {
		u.signal()
	}
}

func (u *upkeep) signal() {
	select {
	case u.poke <- struct{}{}:
	default:
	}
}

// due reports how long to wait until something is due; false: for a signal.
func (u *upkeep) due(now int64) (time.Duration, bool) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.pending || u.next == 0 {
		return 0, false
	}
	return untilNext(u.next, now), true
}

// untilNext is how long to wait from now to next, both in Unix ms: an hour at most,
// as a deadline may be farther away than a Duration reaches.
func untilNext(next, now int64) time.Duration {
	return time.Duration(min(max(next-now, 0), time.Hour.Milliseconds())) * time.Millisecond
}

// runUpkeep is the goroutine that proposes what is due.
func (p *Partition) runUpkeep(ctx context.Context) {
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-p.upkeep.poke:
		case <-timer.C:
		}
		wait, ok := p.upkeep.due(p.clock.Now())
		switch {
		case !ok:
			timer.Stop()
		case wait > 0:
			timer.Reset(wait)
		default:
			p.proposeUpkeep(timer)
		}
	}
}

func (p *Partition) proposeUpkeep(timer *time.Timer) {
	p.mu.RLock()
	now := p.clock.Now()
	leads := p.term.leads.Load() // a term begins with a poke
	r := p.sm.Upkeep(now, leads)
	next := p.sm.NextUpkeep(leads)
	p.mu.RUnlock()
	if r == nil {
		p.upkeep.changed(next)
		if next != 0 {
			timer.Reset(max(untilNext(next, now), time.Millisecond))
		}
		return
	}
	p.upkeep.mu.Lock()
	p.upkeep.pending = true
	p.upkeep.mu.Unlock()
	r.To = &p.upkeep
	p.queue.addInternal(r)
}
