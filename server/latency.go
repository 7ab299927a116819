package server

import (
	"fmt"
	"maps"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/millrace-io/millrace/commands"
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

// latencies keeps how long commands took, all of them in histograms, and events
// beyond latency-monitor-threshold one by one. Its methods may be called from any
// goroutine.
type latencies struct {
	threshold atomic.Int64 // in ms, 0: no event is kept
	// commands has a place for every command and never changes; a histogram is made
	// at the first call.
	commands map[*commands.Command]*atomic.Pointer[histogram]

	// mu covers what follows.
	mu     sync.Mutex
	events map[string]*commands.LatencyEvent
}

var _ commands.Latencies = (*latencies)(nil)

func newLatencies(t *commands.Table) *latencies {
	l := &latencies{commands: map[*commands.Command]*atomic.Pointer[histogram]{}, events: map[string]*commands.LatencyEvent{}}
	for _, c := range t.Commands() {
		l.commands[c] = new(atomic.Pointer[histogram])
		for _, sub := range c.Sub {
			l.commands[sub] = new(atomic.Pointer[histogram])
		}
	}
	return l
}

func (l *latencies) configure(c *config.Config) { l.threshold.Store(c.LatencyMonitorThreshold) }

// ran notes how long a command took.
func (l *latencies) ran(c *commands.Command, took time.Duration) {
	p := l.commands[c]
	if p == nil {
		return
	}
	h := p.Load()
	if h == nil {
		h = new(histogram)
		if !p.CompareAndSwap(nil, h) {
			h = p.Load()
		}
	}
	if h != nil { // else reset this very moment
		h.add(took)
	}
	event := eventCommand
	if c.Flags&commands.Fast != 0 {
		event = eventFastCommand
	}
	l.note(event, took)
}

// note keeps an event that took long. Those of one second are one, the longest.
func (l *latencies) note(event string, took time.Duration) {
	ms := took.Milliseconds()
	if threshold := l.threshold.Load(); threshold == 0 || ms < threshold {
		return
	}
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
	p := l.commands[c]
	if p == nil {
		return h, false
	}
	counted := p.Load()
	if counted == nil {
		return h, false
	}
	h.Steps = counted.distribution()
	if n := len(h.Steps); n > 0 {
		h.Calls = h.Steps[n-1].Count
	}
	return h, h.Calls > 0
}

// percentilesShown are those of INFO latencystats.
var percentilesShown = []struct {
	label   string
	percent float64
}{{"p50", 50}, {"p99", 99}, {"p99.9", 99.9}}

// total is the time that a command took in all its calls.
func (l *latencies) total(c *commands.Command) time.Duration {
	if p := l.commands[c]; p != nil {
		if h := p.Load(); h != nil {
			return time.Duration(h.total.Load())
		}
	}
	return 0
}

// each calls fn for every command that was called, in the order of the table, with
// its percentiles.
func (l *latencies) each(t *commands.Table, fn func(c *commands.Command, percentiles []time.Duration)) {
	one := func(c *commands.Command) {
		h := l.commands[c].Load()
		if h == nil {
			return
		}
		var p []time.Duration
		for _, shown := range percentilesShown {
			p = append(p, h.percentile(shown.percent))
		}
		fn(c, p)
	}
	for _, c := range t.Commands() {
		one(c)
		for _, sub := range c.Sub {
			one(sub)
		}
	}
}

// reset forgets how long commands took. Events are left.
func (l *latencies) reset() {
	for _, p := range l.commands {
		p.Store(nil)
	}
}

func (n *Node) infoLatencyStats(b *infoText) {
	n.latency.each(n.table, func(c *commands.Command, percentiles []time.Duration) {
		for i, p := range percentiles {
			if i == 0 {
				fmt.Fprintf(b, "latency_percentiles_usec_%s:", c.FullName())
			} else {
				b.WriteByte(',')
			}
			fmt.Fprintf(b, "%s=%.3f", percentilesShown[i].label, float64(p)/float64(time.Microsecond))
		}
		b.WriteString("\r\n")
	})
}
