package replication

import (
	"context"
	"time"

	"github.com/millrace-io/millrace/blocking"
)

// longestNap bounds how long the timer of looks sleeps: a partition's clock follows
// a wall clock that was set forward in steps, and what became idle by that is
// found this late at most.
const longestNap = time.Second

// runLooks lets waiters look again at the time that their class has set. One timer
// serves all of them, by the partition's clock.
func (p *Partition) runLooks(ctx context.Context) {
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-p.waits.poke:
		case <-timer.C:
		}
		if nap := p.lookDue(); nap > 0 {
			timer.Reset(nap)
		}
	}
}

// lookDue lets one waiter of each class that is due look, and returns how long to
// sleep, 0 for until a poke. Each look sets its class a time to come, or takes it
// off the queue until the outcome of a log entry is known: so the loop ends.
func (p *Partition) lookDue() time.Duration {
	w := &p.waits
	if !p.ready.Load() {
		return longestNap
	}
	if p.Held != nil && p.Held() {
		return longestNap // or until LookAtUpkeep
	}
	p.serveOwed()
	for {
		now := p.clock.Now()
		w.mu.Lock()
		bw := w.registry.Due(now)
		if bw == nil {
			w.nextLook = w.registry.NextLook()
			next := w.nextLook
			w.mu.Unlock()
			if next == 0 {
				return 0
			}
			return min(max(untilNext(next, now), time.Millisecond), longestNap)
		}
		w.mu.Unlock()
		p.lookOnce(bw.Owner.(*waiter))
	}
}

func (p *Partition) lookOnce(wt *waiter) {
	p.waits.looking.Lock()
	defer p.waits.looking.Unlock()
	switch p.lookAgain(wt) {
	case mustLog:
		if claimed, _ := p.waits.claim(wt); claimed {
			p.queue.addWoken([]*waiter{wt})
		}
	case answered:
		p.Flush()
	}
}

// looked notes, by what wt waits for now, when its class should look again. The
// caller holds the partition's lock: no entry came between the look and the note.
func (w *waits) looked(wt *waiter, want *blocking.Wait) {
	if !wt.Claim {
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if !wt.Claimed() {
		// One that was claimed meanwhile looks in an entry of the log; that will tell.
		w.registry.SetLook(&wt.Waiter, want.LookAt)
		w.rearm()
	}
}

// rearm wakes the timer of looks when a look is due before it would wake by itself.
// The caller holds mu.
func (w *waits) rearm() {
	next := w.registry.NextLook()
	if next == 0 || w.nextLook != 0 && w.nextLook <= next {
		return
	}
	w.nextLook = next
	select {
	case w.poke <- struct{}{}:
	default:
	}
}
