package replication

import (
	"sync"
	"sync/atomic"
	"time"

	"github.com/millrace-io/millrace/blocking"
	"github.com/millrace-io/millrace/resp/wire"
)

// waits are the requests that wait for keys of a partition. A waiter is in line,
// or claimed (its request stands in an entry that is on its way: deadline,
// UNBLOCK and disconnect wait for the outcome), or parked (turn.go), or gone.
type waits struct {
	// looking is held while waiters look again, by whoever has them look: a look writes to
	// the waiter's request.
	looking sync.Mutex

	mu       sync.Mutex // covers all below, and every waiter's fields
	registry *blocking.Registry
	// proposed has, for each line, the waiters that were claimed to look again and
	// whose outcome is not known: until it is, nobody behind them may be claimed for
	// a later entry.
	proposed map[place][]*waiter
	timed    int            // waiters with a deadline
	owed     []blocking.Key // whose waiters have been parked, and look again
	// nextLook is when the timer of looks wakes, or would have; poke wakes it
	// earlier: it holds a token then, and is never closed.
	nextLook int64
	poke     chan struct{}

	waiting atomic.Int64 // registry.Len(), to be asked without the lock
}

// place is a line: the waiters of a group for a key.
type place struct {
	key   blocking.Key
	group string
}

// waiter is a request that waits.
type waiter struct {
	blocking.Waiter
	// again is the request as it is run when there may be something for it. Its
	// reply goes where that of the first one was to go.
	again Request
	// request is what the session submitted; nil once the waiter is gone.
	request *Request
	timer   *time.Timer // nil: waits for ever
	looks   bool        // claimed to look again, and counted in proposed
	parked  bool        // stands in no line, as its request in another partition may be served
	ended   ending      // why the wait is over, while the waiter is claimed
	done    func(unblocked bool)
}

// ending is why a wait ends without being served.
type ending uint8

const (
	notEnded ending = iota
	endTimeout
	endUnblocked
	endError
)

const unblockedError = "UNBLOCKED client unblocked via CLIENT UNBLOCK"

func (w *waits) init() {
	w.registry = blocking.NewRegistry()
	w.proposed = make(map[place][]*waiter)
	w.poke = make(chan struct{}, 1)
}

func (w *waits) none() bool { return w.waiting.Load() == 0 }

// add puts r in line. The caller holds the partition's lock, so no entry is
// applied between r's look at the state and its place in line.
func (w *waits) add(p *Partition, r *Request, want *blocking.Wait) {
	w.mu.Lock()
	if r.gone {
		w.mu.Unlock()
		// The client left while the request was on its way.
		r.To.Fill(nil)
		return
	}
	defer w.mu.Unlock()
	wt := &waiter{request: r, again: *r}
	wt.Wait = *want
	wt.Owner = wt
	if want.Args != nil {
		wt.again.Args = want.Args
	}
	wt.again.waiter, wt.again.Woken = wt, true
	if r.Peek || r.quiet {
		wt.again.log() // which must know that this was no mere look
		wt.again.Peek = false
	}
	wt.Args = nil
	r.waiter = wt
	w.registry.Add(&wt.Waiter)
	w.waiting.Add(1)
	w.rearm()
	if want.Timeout > 0 {
		w.timed++
		wt.timer = time.AfterFunc(want.Timeout, func() { p.endWait(wt, endTimeout, nil) })
	}
}

// keys appends every key that somebody waits for.
func (w *waits) keys(to []blocking.Key) []blocking.Key {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.registry.AppendKeys(to)
}

// claimFirst claims the first in line of each group that waits for key.
func (w *waits) claimFirst(key blocking.Key) []*waiter {
	w.mu.Lock()
	defer w.mu.Unlock()
	var claimed []*waiter
	for parked := true; parked; {
		parked, claimed = false, claimed[:0]
		w.registry.EachFirst(key, func(bw *blocking.Waiter) {
			if !w.outrun(place{key, bw.Group}, bw) {
				claimed = append(claimed, bw.Owner.(*waiter))
			}
		})
		for _, wt := range claimed {
			parked = !w.takeTurn(wt) || parked
		}
	}
	for _, wt := range claimed {
		w.registry.Claim(&wt.Waiter)
	}
	return claimed
}

// outrun reports whether somebody in front of bw may yet come back to the line.
func (w *waits) outrun(at place, bw *blocking.Waiter) bool {
	for _, wt := range w.proposed[at] {
		if wt.Before(bw) {
			return true
		}
	}
	return false
}

// served answers a waiter, by fill, and forgets it.
func (w *waits) served(wt *waiter, fill func(Replier)) {
	w.mu.Lock()
	r := w.remove(wt)
	done := wt.done
	w.mu.Unlock()
	fill(r.To)
	if done != nil {
		done(false) // UNBLOCK came too late
	}
}

// unserved takes back a claimed waiter that got nothing: to its old place, with
// its old deadline, or out, when its wait ended meanwhile. want is what it waits
// for now: what it has seen at its place in the log says when to look again.
func (w *waits) unserved(wt *waiter, want *blocking.Wait) {
	defer wt.again.Turn.giveBack(wt) // behind the lock
	w.mu.Lock()
	w.known(wt)
	if wt.ended == notEnded {
		w.registry.Release(&wt.Waiter)
		w.registry.SetLook(&wt.Waiter, want.LookAt)
		w.rearm()
		w.mu.Unlock()
		return
	}
	r := w.remove(wt)
	w.mu.Unlock()
	wt.finish(r)
}

// refuse ends a waiter's wait with an error: its request could not be logged.
func (w *waits) refuse(wt *waiter, text []byte) {
	w.served(wt, func(to Replier) { to.Fill(text) })
}

// remove takes wt out of everything. The caller holds mu and fills the reply.
func (w *waits) remove(wt *waiter) *Request {
	w.known(wt)
	w.registry.Remove(&wt.Waiter)
	w.rearm()
	w.waiting.Add(-1)
	if wt.timer != nil {
		w.timed--
		wt.timer.Stop()
	}
	r := wt.request
	r.waiter, wt.request = nil, nil
	return r
}

// finish fills the reply of a wait that ended without being served.
func (wt *waiter) finish(r *Request) {
	if wt.ended == endError {
		r.To.Fill(wire.AppendError(nil, unblockedError))
	} else {
		r.To.Fill(wire.AppendNullArray(nil, r.Proto))
	}
	if wt.done != nil {
		wt.done(true)
	}
}

// endWait ends a wait, now or, while the waiter is claimed, when the outcome is
// known and it was not served.
func (p *Partition) endWait(wt *waiter, why ending, done func(bool)) {
	w := &p.waits
	w.mu.Lock()
	if wt.request == nil || wt.ended != notEnded {
		w.mu.Unlock()
		if done != nil {
			done(false)
		}
		return
	}
	wt.ended, wt.done = why, done
	if wt.Claimed() && !wt.parked {
		w.mu.Unlock()
		return
	}
	r := w.remove(wt)
	w.mu.Unlock()
	wt.finish(r)
	p.Flush()
}

// Cancel ends the wait of a request whose client is gone: it is not served any
// more, unless that is already on its way. Its reply is filled as ever, for
// nobody. A request that does not wait is left alone.
func (p *Partition) Cancel(r *Request) {
	w := &p.waits
	w.mu.Lock()
	r.gone = true
	wt := r.waiter
	w.mu.Unlock()
	if wt != nil {
		p.endWait(wt, endTimeout, nil)
	}
}

// Unblock ends the wait of a request as CLIENT UNBLOCK does. done is called once,
// with whether the request was waiting.
func (p *Partition) Unblock(r *Request, withError bool, done func(bool)) {
	w := &p.waits
	w.mu.Lock()
	wt := r.waiter
	w.mu.Unlock()
	if wt == nil {
		done(false)
		return
	}
	why := endUnblocked
	if withError {
		why = endError
	}
	p.endWait(wt, why, done)
}

// Waits reports whether a request waits, and nothing has ended that yet.
func (p *Partition) Waits(r *Request) bool {
	w := &p.waits
	w.mu.Lock()
	defer w.mu.Unlock()
	return r.waiter != nil && r.waiter.ended == notEnded
}
