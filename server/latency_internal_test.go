package server

import (
	"math"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/millrace-io/millrace/commands"
	"github.com/millrace-io/millrace/server/config"
)

func TestLatencyEventsOfOneSecondAreOne(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLatencies(nil)
		l.note(eventLogSync, time.Hour) // nothing is noted yet
		l.threshold.Store(int64(10 * time.Millisecond))
		start := time.Now().Unix()
		for _, ms := range []time.Duration{9, 10, 30, 20} {
			l.note(eventLogSync, ms*time.Millisecond)
		}
		time.Sleep(time.Second)
		l.note(eventLogSync, 15*time.Millisecond)
		l.note(eventCommand, 11*time.Millisecond)
		events := l.Events()
		if len(events) != 2 || events[0].Name != eventLogSync || events[1].Name != eventCommand {
			t.Fatalf("events %+v", events)
		}
		e := events[0]
		want := []commands.LatencySample{{At: start, Ms: 30}, {At: start + 1, Ms: 15}}
		if e.Max != 30 || !slices.Equal(e.Samples, want) {
			t.Errorf("got %+v, want %v and 30 at most", e, want)
		}
		for range 2 * maxLatencySamples {
			time.Sleep(time.Second)
			l.note(eventLogSync, 12*time.Millisecond)
		}
		if e = l.Events()[0]; len(e.Samples) != maxLatencySamples || e.Max != 30 {
			t.Errorf("%d samples, %d ms at most", len(e.Samples), e.Max)
		}
		if n := l.ResetEvents([]string{eventLogSync, "other"}); n != 1 || len(l.Events()) != 1 {
			t.Errorf("reset %d", n)
		}
		if n := l.ResetEvents(nil); n != 1 || len(l.Events()) != 0 {
			t.Errorf("reset of all: %d", n)
		}
	})
}

func TestLatencyThresholdOfAllTimeNotesNothing(t *testing.T) {
	for _, ms := range []int64{math.MaxInt64, 1 << 58} {
		l := newLatencies(nil)
		l.configure(&config.Config{LatencyMonitorThreshold: ms})
		l.note(eventCommand, time.Hour)
		if !l.Monitored() || len(l.Events()) != 0 {
			t.Errorf("threshold %d ms: monitored %v, events %v", ms, l.Monitored(), l.Events())
		}
	}
}
