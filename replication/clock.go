package replication

import (
	"log/slog"
	"sync"
	"time"
)

// Clock is a partition's clock: the leader's wall clock, made monotonic. It
// begins a term no earlier than the last entry's time, advances with the
// machine's monotonic clock and never goes backwards. While it is ahead of the
// wall clock (which was set back) it runs a tenth slower; when it is more than a
// second behind (the wall clock was set forward) it steps.
type Clock struct {
	mu     sync.Mutex
	now    int64     // nanoseconds since 1970, the clock's last reading
	read   time.Time // when that was, with the monotonic reading
	wall   func() time.Time
	logger *slog.Logger
}

const clockStep = int64(time.Second)

// NewClock returns a clock that reads wall, time.Now when nil.
func NewClock(wall func() time.Time, logger *slog.Logger) *Clock {
	if wall == nil {
		wall = time.Now
	}
	t := wall()
	return &Clock{now: t.UnixNano(), read: t, wall: wall, logger: logger}
}

// Restart begins a term: no reading is earlier than last, in Unix milliseconds.
func (c *Clock) Restart(last int64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	t := c.wall()
	c.read = t
	c.now = max(t.UnixNano(), c.now, last*int64(time.Millisecond))
}

// Now is the partition's time in Unix milliseconds.
func (c *Clock) Now() int64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	t := c.wall()
	elapsed := max(int64(t.Sub(c.read)), 0)
	c.read = t
	wall := t.UnixNano()
	if c.now > wall {
		elapsed -= elapsed / 10
	}
	c.now += elapsed
	if behind := wall - c.now; behind > clockStep {
		c.logger.Warn("partition clock steps forward to the wall clock", "step", time.Duration(behind))
		c.now = wall
	}
	return c.now / int64(time.Millisecond)
}
