package replication

import "sync"

// Turn is shared by requests in several partitions that wait for one client, who is to be
// served by one of them. Whoever is about to be served takes the turn. One that finds it
// taken is parked: it keeps its number and stands in no line, so that others are served in
// its place, until the outcome is known. Then it is either ended by who made the turn, or
// looks again, at its old place.
//
// Locks: the turn's is taken under that of a partition's waits, never the other way.
type Turn struct {
	mu     sync.Mutex
	holder *waiter  // nil: the turn is free
	parked []func() // have those look again that found it taken; each is in it once
}

// take takes the turn for a waiter. false: somebody else has it, and parked is called
// when he gives it back.
func (t *Turn) take(wt *waiter, parked func()) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.holder == nil {
		t.holder = wt
	}
	if t.holder == wt {
		return true
	}
	t.parked = append(t.parked, parked)
	return false
}

// giveBack ends the turn of a waiter that was not served, if it has it.
func (t *Turn) giveBack(wt *waiter) {
	if t == nil {
		return
	}
	t.mu.Lock()
	if t.holder != wt {
		t.mu.Unlock()
		return
	}
	parked := t.parked
	t.holder, t.parked = nil, nil
	t.mu.Unlock()
	for _, again := range parked {
		again()
	}
}

// takeTurn takes the turn for a waiter in line that is about to be claimed, or parks it.
// The caller holds mu.
func (w *waits) takeTurn(wt *waiter) bool {
	if wt.again.Turn == nil || wt.again.Turn.take(wt, func() { w.unpark(wt) }) {
		return true
	}
	const atOnce = 1
	wt.parked = true
	w.registry.Claim(&wt.Waiter)
	w.registry.SetLook(&wt.Waiter, atOnce) // the next of its class
	w.rearm()
	return false
}

// unpark puts a waiter back to its place. It looks again on the goroutine of looks: who
// gives a turn back may hold the lock of another partition.
func (w *waits) unpark(wt *waiter) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if wt.request == nil || !wt.parked {
		return
	}
	wt.parked = false
	w.registry.Release(&wt.Waiter)
	w.owed = append(w.owed, wt.Keys...)
	select {
	case w.poke <- struct{}{}:
	default:
	}
}

// serveOwed lets the waiters look again that were parked.
func (p *Partition) serveOwed() {
	w := &p.waits
	w.mu.Lock()
	keys := w.owed
	w.owed = nil
	w.mu.Unlock()
	if len(keys) > 0 {
		p.serveReady(keys)
		p.Flush()
	}
}
