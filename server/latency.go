package server

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/millrace-io/millrace/commands"
	"github.com/millrace-io/millrace/resp"
	"github.com/millrace-io/millrace/server/config"
)

// maxLatencySamples is how many samples of an event are kept.
const maxLatencySamples = 160

// The events that took long, in Redis' words.
const (
	eventCommand     = "command"
	eventFastCommand = "fast-command" // of a command that should be fast
	eventExpire      = "expire-cycle"
	eventLogWrite    = "aof-write"
	eventLogSync     = "aof-fsync-always"
)

// latencies keeps events beyond latency-monitor-threshold one by one; the front has
// the histograms of the commands. Its methods may be called from any goroutine.
type latencies struct {
	threshold atomic.Int64 // 0: no event is kept
	tracks    atomic.Bool  // whether there is anything to tell of the histograms
	front     func() *resp.Server

	// mu covers what follows.
	mu     sync.Mutex
	events map[string]*commands.LatencyEvent
}

var _ commands.Latencies = (*latencies)(nil)

func newLatencies(front func() *resp.Server) *latencies {
	return &latencies{front: front, events: map[string]*commands.LatencyEvent{}}
}

func (l *latencies) configure(c *config.Config) {
	// A Duration ends after 292 years; so does the threshold.
	l.threshold.Store(min(c.LatencyMonitorThreshold, math.MaxInt64/int64(time.Millisecond)) * int64(time.Millisecond))
	l.tracks.Store(c.LatencyTracking)
}

// ran notes a command that took long.
func (l *latencies) ran(c *commands.Command, took time.Duration) {
	if !l.long(took) {
		return
	}
	event := eventCommand
	if c.Flags&commands.Fast != 0 {
		event = eventFastCommand
	}
	l.note(event, took)
}

func (l *latencies) long(took time.Duration) bool {
	threshold := l.threshold.Load()
	return threshold > 0 && int64(took) >= threshold
}

// note keeps an event that took long. Those of one second are one, the longest.
func (l *latencies) note(event string, took time.Duration) {
	if !l.long(took) {
		return
	}
	ms := took.Milliseconds()
	now := time.Now().Unix()
	l.mu.Lock()
	defer l.mu.Unlock()
	e := l.events[event]
	if e == nil {
		e = &commands.LatencyEvent{Name: event}
		l.events[event] = e
	}
	e.Max = max(e.Max, ms)
	if n := len(e.Samples); n > 0 && e.Samples[n-1].At == now {
		e.Samples[n-1].Ms = max(e.Samples[n-1].Ms, ms)
		return
	}
	if len(e.Samples) == maxLatencySamples {
		e.Samples = slices.Delete(e.Samples, 0, 1)
	}
	e.Samples = append(e.Samples, commands.LatencySample{At: now, Ms: ms})
}

// Monitored implements commands.Latencies.
func (l *latencies) Monitored() bool { return l.threshold.Load() > 0 }

// Events implements commands.Latencies.
func (l *latencies) Events() []commands.LatencyEvent {
	l.mu.Lock()
	defer l.mu.Unlock()
	list := make([]commands.LatencyEvent, 0, len(l.events))
	for _, name := range slices.Sorted(maps.Keys(l.events)) {
		e := *l.events[name]
		e.Samples = slices.Clone(e.Samples)
		list = append(list, e)
	}
	return list
}

// ResetEvents implements commands.Latencies.
func (l *latencies) ResetEvents(names []string) (n int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(names) == 0 {
		n = len(l.events)
		clear(l.events)
	}
	for _, name := range names {
		if l.events[name] != nil {
			delete(l.events, name)
			n++
		}
	}
	return n
}

// Histogram implements commands.Latencies.
func (l *latencies) Histogram(c *commands.Command) (h commands.LatencyHistogram, called bool) {
	counted := l.front().Latency(c)
	if counted == nil || !l.tracks.Load() {
		return h, false
	}
	h.Steps = counted.Distribution()
	if n := len(h.Steps); n > 0 {
		h.Calls = h.Steps[n-1].Count
	}
	return h, h.Calls > 0
}

func (n *Node) infoLatencyStats(b *infoText) {
	c := n.live.Config()
	if !c.LatencyTracking {
		return
	}
	shown := c.LatencyPercentiles
	n.front.EachCommand(func(c *commands.Command, _ resp.CommandCounts) {
		took := n.front.Latency(c)
		if took == nil {
			return
		}
		fmt.Fprintf(b, "latency_percentiles_usec_%s:", c.FullName())
		between := ""
		shown.Each(func(text string, percent float64) {
			fmt.Fprintf(b, "%sp%s=%.3f", between, text, float64(took.Percentile(percent))/float64(time.Microsecond))
			between = ","
		})
		b.WriteString("\r\n")
	})
}
