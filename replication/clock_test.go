package replication_test

import (
	"log/slog"
	"testing"
	"time"

	"github.com/millrace-io/millrace/replication"
)

// wall is a machine's clocks: the monotonic one advances, the wall clock is set.
type wall struct {
	base time.Time     // has a monotonic reading
	mono time.Duration // elapsed
	set  time.Duration // by which the wall clock was set off
}

// now can't set the two readings of a time.Time apart, so a clock that is set is a
// time without a monotonic reading.
func (w *wall) now() time.Time {
	t := w.base.Add(w.mono + w.set)
	if w.set != 0 {
		t = t.Round(0)
	}
	return t
}

func TestClockNeverGoesBackwards(t *testing.T) {
	w := &wall{base: time.Now()}
	c := replication.NewClock(w.now, slog.New(slog.DiscardHandler))
	first := c.Now()
	w.set = -time.Hour
	if got := c.Now(); got < first {
		t.Fatalf("went back from %d to %d", first, got)
	}
}

func TestClockRunsSlowerWhileAhead(t *testing.T) {
	w := &wall{base: time.Now()}
	c := replication.NewClock(w.now, slog.New(slog.DiscardHandler))
	start := c.Now()
	c.Restart(start + 60_000) // the last entry is a minute ahead
	w.mono = 10 * time.Second
	if got, want := c.Now()-start, int64(69_000); got < want-1 || got > want+1 {
		t.Fatalf("after 10 s it shows %d ms more, want %d", got, want)
	}
}

func TestClockStepsForward(t *testing.T) {
	w := &wall{base: time.Now()}
	c := replication.NewClock(w.now, slog.New(slog.DiscardHandler))
	start := c.Now()
	w.set = time.Hour
	if got := c.Now() - start; got < 3_599_000 {
		t.Fatalf("the wall clock is an hour ahead, the clock %d ms", got)
	}
}

func TestClockBeginsBehindTheLastEntry(t *testing.T) {
	w := &wall{base: time.Now()}
	c := replication.NewClock(w.now, slog.New(slog.DiscardHandler))
	last := c.Now() + 5000
	c.Restart(last)
	if got := c.Now(); got < last {
		t.Fatalf("shows %d, the last entry's time is %d", got, last)
	}
}
