package commands

import (
	"errors"
	"time"

	"github.com/millrace-io/millrace/resp/wire"
)

// Latencies is what a node knows of how long things took. Its methods may be called
// from any goroutine.
type Latencies interface {
	// Monitored reports whether events are noted at all.
	Monitored() bool
	// Events are those that took long, by name.
	Events() []LatencyEvent
	// ResetEvents forgets the named ones, all without names, and returns how many
	// there were.
	ResetEvents(names []string) int
	// Histogram is how long a command took; false when it was not called.
	Histogram(*Command) (LatencyHistogram, bool)
}

// LatencyEvent is one kind of thing that took long.
type LatencyEvent struct {
	Name    string
	Max     int64           // ms, of all time
	Samples []LatencySample // oldest first, never empty
}

// LatencySample is the longest time of one second.
type LatencySample struct{ At, Ms int64 } // At in Unix seconds

// LatencyHistogram is a cumulative distribution.
type LatencyHistogram struct {
	Calls uint64
	Steps []LatencyStep
}

// LatencyStep says that Count calls took Most at most.
type LatencyStep struct {
	Most  time.Duration
	Count uint64
}

// LATENCY: what took how long.
// https://redis.io/docs/latest/commands/latency/
var latency = Command{
	Name: "latency", Syntax: "LATENCY",
	Summary: "A container for latency diagnostics commands.",
	Since:   "2.8.13", Group: "server", Complexity: "Depends on subcommand.",
	Arity: -2, Categories: CatSlow,
	Differences: "The events are command, fast-command, expire-cycle, aof-write and aof-fsync-always: the last two are writes and syncs of the log. " +
		"A command's time is that of its run alone.",

	Sub: []*Command{
		&latencyDoctor, &latencyGraph, &latencyHistogram, &latencyHistory, &latencyLatest, &latencyReset,
		helpCommand("latency", "server", "2.8.13", 0,
			"DOCTOR", "    Return a human readable latency analysis report.",
			"GRAPH <event>", "    Return an ASCII latency graph for the <event> class.",
			"HISTOGRAM [<command> ...]", "    Return how long commands took, as a cumulative distribution.",
			"HISTORY <event>", "    Return time-latency samples for the <event> class.",
			"LATEST", "    Return the latest latency samples for all events.",
			"RESET [<event> ...]", "    Reset latency data of one or more <event> classes.",
		),
	},
}

const latencyFlags = Admin | NoScript | Loading | Stale

// latencyEvent is the event of a name, nil when there is none.
func latencyEvent(n Node, name []byte) *LatencyEvent {
	for _, e := range n.Latencies().Events() {
		if e.Name == string(name) {
			return &e
		}
	}
	return nil
}

// LATENCY LATEST.
var latencyLatest = Command{
	Name: "latest", Syntax: "LATENCY LATEST",
	Summary: "Return the latest latency samples for all events.",
	Since:   "2.8.13", Group: "server", Complexity: "O(1)",
	Arity: 2, Flags: latencyFlags, Categories: CatAdmin | CatSlow | CatDangerous,
	Tips: []string{"nondeterministic_output", "request_policy:all_nodes", "response_policy:special"},

	Class: Barrier,
	Serve: func(c *ServeCall) error {
		events := c.Node.Latencies().Events()
		c.Out = wire.AppendArray(c.Out, len(events))
		for _, e := range events {
			last := e.Samples[len(e.Samples)-1]
			c.Out = wire.AppendBulkString(wire.AppendArray(c.Out, 4), e.Name)
			c.Out = wire.AppendInt(wire.AppendInt(wire.AppendInt(c.Out, last.At), last.Ms), e.Max)
		}
		return nil
	},
}

// LATENCY HISTORY event.
var latencyHistory = Command{
	Name: "history", Syntax: "LATENCY HISTORY event",
	Summary: "Return timestamp-latency samples for the event.",
	Since:   "2.8.13", Group: "server", Complexity: "O(1)",
	Arguments: []Argument{{Name: "event", Type: "string"}},
	Arity:     3, Flags: latencyFlags, Categories: CatAdmin | CatSlow | CatDangerous,
	Tips: []string{"nondeterministic_output", "request_policy:all_nodes", "response_policy:special"},

	Class: Barrier,
	Serve: func(c *ServeCall) error {
		e := latencyEvent(c.Node, c.Args[2])
		if e == nil {
			e = &LatencyEvent{}
		}
		c.Out = wire.AppendArray(c.Out, len(e.Samples))
		for _, s := range e.Samples {
			c.Out = wire.AppendInt(wire.AppendInt(wire.AppendArray(c.Out, 2), s.At), s.Ms)
		}
		return nil
	},
}

// LATENCY RESET [event ...].
var latencyReset = Command{
	Name: "reset", Syntax: "LATENCY RESET [event [event ...]]",
	Summary: "Reset latency data for one or more events.",
	Since:   "2.8.13", Group: "server", Complexity: "O(1)",
	Arguments: []Argument{{Name: "event", Type: "string", Optional: true, Multiple: true}},
	Arity:     -2, Flags: latencyFlags, Categories: CatAdmin | CatSlow | CatDangerous,
	Tips: []string{"request_policy:all_nodes", "response_policy:all_succeeded"},

	Class: Barrier,
	Serve: func(c *ServeCall) error {
		var names []string
		for _, a := range c.Args[2:] {
			names = append(names, string(a))
		}
		c.Out = wire.AppendInt(c.Out, int64(c.Node.Latencies().ResetEvents(names)))
		return nil
	},
}

// LATENCY GRAPH event.
var latencyGraph = Command{
	Name: "graph", Syntax: "LATENCY GRAPH event",
	Summary: "Return a latency graph for the event.",
	Since:   "2.8.13", Group: "server", Complexity: "O(1)",
	Arguments: []Argument{{Name: "event", Type: "string"}},
	Arity:     3, Flags: latencyFlags, Categories: CatAdmin | CatSlow | CatDangerous,
	Tips: []string{"nondeterministic_output", "request_policy:all_nodes", "response_policy:special"},

	Class: Barrier,
	Serve: func(c *ServeCall) error {
		e := latencyEvent(c.Node, c.Args[2])
		if e == nil {
			return errors.New("ERR No samples available for event '" + quoted(c.Args[2]) + "'")
		}
		c.Out = wire.AppendVerbatim(c.Out, c.Session.Proto(), e.graph(time.Now().Unix()))
		return nil
	},
}

// LATENCY DOCTOR.
var latencyDoctor = Command{
	Name: "doctor", Syntax: "LATENCY DOCTOR",
	Summary: "Return a human readable latency analysis report.",
	Since:   "2.8.13", Group: "server", Complexity: "O(1)",
	Arity: 2, Flags: latencyFlags, Categories: CatAdmin | CatSlow | CatDangerous,
	Tips: []string{"nondeterministic_output", "request_policy:all_nodes", "response_policy:special"},

	Class: Barrier,
	Serve: func(c *ServeCall) error {
		l := c.Node.Latencies()
		c.Out = wire.AppendVerbatim(c.Out, c.Session.Proto(), latencyReport(l.Events(), l.Monitored()))
		return nil
	},
}
