package replication

import (
	"slices"

	"github.com/millrace-io/millrace/blocking"
)

// serveReady lets the waiters of keys look again: on the apply goroutine behind an entry,
// and on that of looks.
func (p *Partition) serveReady(keys []blocking.Key) {
	if p.waits.none() {
		return
	}
	p.waits.looking.Lock()
	defer p.waits.looking.Unlock()
	for _, k := range keys {
		p.serveShared(k)
		p.serveGroups(k)
	}
}

// serveShared serves the XREADs that wait for a key, in one pass.
func (p *Partition) serveShared(k blocking.Key) {
	w := &p.waits
	var all, expired []*waiter
	w.mu.Lock()
	w.registry.EachShared(k, func(bw *blocking.Waiter) { all = append(all, bw.Owner.(*waiter)) })
	w.mu.Unlock()
	for _, wt := range all {
		if p.lookAgain(wt) != mustLog {
			continue
		}
		if claimed, _ := w.claim(wt); claimed {
			wt.again.log()
			expired = append(expired, wt)
		}
	}
	if len(expired) > 0 {
		p.queue.addWoken(expired)
	}
}

// serveGroups lets the first in line of each group look again, and the first that
// takes what is released: one that has to be logged is proposed; one that ends
// without changing anything (its group is gone) makes room for the next.
func (p *Partition) serveGroups(k blocking.Key) {
	p.serveFirst(k, (*blocking.Registry).EachFirst)
	p.serveFirst(k, (*blocking.Registry).EachFirstTaker)
}

func (p *Partition) serveFirst(k blocking.Key, each func(*blocking.Registry, blocking.Key, func(*blocking.Waiter))) {
	w := &p.waits
	var log []*waiter
	for left := true; left; {
		left = false
		var first []*waiter
		w.mu.Lock()
		each(w.registry, k, func(bw *blocking.Waiter) {
			first = append(first, bw.Owner.(*waiter))
		})
		// Where another of its class looks, the class goes on when that is done.
		first = slices.DeleteFunc(first, func(wt *waiter) bool { return !w.registry.Ask(&wt.Waiter) })
		w.mu.Unlock()
		for _, wt := range first {
			switch p.lookAgain(wt) {
			case mustLog:
				claimed, parked := w.claim(wt)
				if claimed {
					log = append(log, wt)
				}
				left = left || parked
			case answered:
				left = true
			}
		}
	}
	if len(log) > 0 {
		p.queue.addWoken(log)
	}
}

// sight is what a second look at the state had for a waiter.
type sight uint8

const (
	nothing sight = iota
	answered
	mustLog
)

// lookAgain runs a waiter's request as a read, if it can be one. The caller holds looking.
func (p *Partition) lookAgain(wt *waiter) sight {
	p.waits.mu.Lock()
	gone := wt.request == nil || wt.Claimed()
	p.waits.mu.Unlock()
	if gone {
		return nothing
	}
	buf := buffers.get()
	reply, wait, outcome := p.look(wt, *buf)
	defer func() { buffers.put(buf, reply) }()
	switch {
	case outcome == ReadExpired:
		return mustLog
	case wait != nil:
		return nothing
	case outcome == ReadLong:
		reply = p.View().Read(&wt.again, p.clock.Now(), nil)
	}
	p.waits.mu.Lock()
	if wt.request == nil || wt.Claimed() {
		// Its wait has ended, or the proposer has just claimed it for the next entry,
		// whose outcome it gets then.
		p.waits.mu.Unlock()
		return nothing
	}
	r := p.waits.remove(wt)
	p.waits.mu.Unlock()
	r.To.Fill(reply)
	return answered
}

// look runs a waiter's request as a read; a request that would change something
// is reported as ReadExpired is: it has to be logged.
func (p *Partition) look(wt *waiter, out []byte) ([]byte, *blocking.Wait, ReadOutcome) {
	p.mu.RLock()
	defer p.mu.RUnlock()
	now := p.now()
	if wt.again.Class == Log && !p.sm.Quiet(&wt.again, now) {
		return out, nil, ReadExpired
	}
	reply, wait, outcome := p.sm.Read(&wt.again, now, false, out)
	if outcome == ReadDone && wait != nil {
		p.waits.looked(wt, wait)
	}
	return reply, wait, outcome
}
