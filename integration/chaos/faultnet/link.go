package faultnet

import (
	"errors"
	"sync"
	"time"
)

// Faults are what happens to the bytes that travel from one node to another. The zero
// value is a network without faults.
type Faults struct {
	// Hold lets nothing through until it is taken back.
	Hold bool
	// Reset ends all connections between the two, and each new one.
	Reset bool
	// Delay is how much later everything arrives.
	Delay time.Duration
	// Rate is how many bytes per second go through, over all connections; 0: no bound.
	Rate int64
}

var (
	errReset  = errors.New("connection reset by a fault")
	errClosed = errors.New("network closed")
)

// link is the way from one node to another. It is used by all connections between
// them.
type link struct {
	mu      sync.Mutex // covers all below
	faults  Faults
	changed chan struct{} // closed and replaced when faults change
	free    time.Time     // when the bytes let through so far have passed, at the rate of now
}

func newLink() *link { return &link{changed: make(chan struct{})} }

func (l *link) set(f Faults) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.faults = f
	close(l.changed)
	l.changed = make(chan struct{})
}

// pass waits until n bytes that came at some time may go on.
func (l *link) pass(n int, came time.Time, closed <-chan struct{}) error {
	for {
		l.mu.Lock()
		f, changed := l.faults, l.changed
		due := came.Add(f.Delay)
		if f.Rate > 0 && !f.Hold && !f.Reset {
			l.free = later(l.free, time.Now().Add(-overslept)).Add(time.Duration(int64(n) * int64(time.Second) / f.Rate))
			due = later(due, l.free)
		}
		l.mu.Unlock()
		switch {
		case f.Reset:
			return errReset
		case !f.Hold:
			return sleepUntil(due, closed)
		}
		select {
		case <-changed:
		case <-closed:
			return errClosed
		}
	}
}

// overslept is how much later than asked a busy machine lets somebody go on without the
// link getting any slower for that.
const overslept = 20 * time.Millisecond

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

func sleepUntil(due time.Time, closed <-chan struct{}) error {
	d := time.Until(due)
	if d <= 0 {
		return nil
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-closed:
		return errClosed
	}
}
