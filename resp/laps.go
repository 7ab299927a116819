package resp

import "time"

// epoch is what times are measured from: to look at the monotonic clock alone costs
// half of what time.Now does.
var epoch = time.Now()

// Laps measures how long one thing after the other takes, with one look at the clock
// for each: where one ends the next begins.
type Laps struct {
	last    time.Duration // since epoch
	running bool
}

// Start begins the first lap.
func (l *Laps) Start() { l.last, l.running = time.Since(epoch), true }

// Stop says that what comes next is none of what was measured.
func (l *Laps) Stop() { l.running = false }

// Resume begins a lap unless one is running.
func (l *Laps) Resume() {
	if !l.running {
		l.Start()
	}
}

// Lap ends one, and begins the next.
func (l *Laps) Lap() time.Duration {
	now := time.Since(epoch)
	took := now - l.last
	l.last = now
	return took
}
