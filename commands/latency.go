package commands

import (
	"errors"

	"github.com/millrace-io/millrace/resp/wire"
)

// LATENCY: events that took long. None are recorded, as with Redis while
// latency-monitor-threshold is 0.
// https://redis.io/docs/latest/commands/latency/
var latency = Command{
	Name: "latency", Syntax: "LATENCY",
	Summary: "A container for latency diagnostics commands.",
	Since:   "2.8.13", Group: "server", Complexity: "Depends on subcommand.",
	Arity: -2, Categories: CatSlow,

	Sub: []*Command{
		&latencyDoctor, &latencyGraph, &latencyHistory, &latencyLatest, &latencyReset,
		helpCommand("latency", "server", "2.8.13", 0,
			"DOCTOR", "    Return a human readable latency analysis report.",
			"GRAPH <event>", "    Return an ASCII latency graph for the <event> class.",
			"HISTORY <event>", "    Return time-latency samples for the <event> class.",
			"LATEST", "    Return the latest latency samples for all events.",
			"RESET [<event> ...]", "    Reset latency data of one or more <event> classes.",
		),
	},
}

const noLatencyEvents = "No latency events are recorded: latency-monitor-threshold is 0."

// LATENCY LATEST.
var latencyLatest = Command{
	Name: "latest", Syntax: "LATENCY LATEST",
	Summary: "Return the latest latency samples for all events.",
	Since:   "2.8.13", Group: "server", Complexity: "O(1)",
	Arity: 2, Flags: Admin | NoScript | Loading | Stale, Categories: CatAdmin | CatSlow | CatDangerous,
	Tips: []string{"nondeterministic_output", "request_policy:all_nodes", "response_policy:special"},

	Differences: noLatencyEvents,
	Class:       Own,
	Serve: func(c *ServeCall) error {
		c.Out = wire.AppendArray(c.Out, 0)
		return nil
	},
}

// LATENCY HISTORY event.
var latencyHistory = Command{
	Name: "history", Syntax: "LATENCY HISTORY event",
	Summary: "Return timestamp-latency samples for the event.",
	Since:   "2.8.13", Group: "server", Complexity: "O(1)",
	Arguments: []Argument{{Name: "event", Type: "string"}},
	Arity:     3, Flags: Admin | NoScript | Loading | Stale, Categories: CatAdmin | CatSlow | CatDangerous,
	Tips: []string{"nondeterministic_output", "request_policy:all_nodes", "response_policy:special"},

	Differences: noLatencyEvents,
	Class:       Own,
	Serve: func(c *ServeCall) error {
		c.Out = wire.AppendArray(c.Out, 0)
		return nil
	},
}

// LATENCY RESET [event ...].
var latencyReset = Command{
	Name: "reset", Syntax: "LATENCY RESET [event [event ...]]",
	Summary: "Reset latency data for one or more events.",
	Since:   "2.8.13", Group: "server", Complexity: "O(1)",
	Arguments: []Argument{{Name: "event", Type: "string", Optional: true, Multiple: true}},
	Arity:     -2, Flags: Admin | NoScript | Loading | Stale, Categories: CatAdmin | CatSlow | CatDangerous,
	Tips: []string{"request_policy:all_nodes", "response_policy:all_succeeded"},

	Differences: noLatencyEvents,
	Class:       Own,
	Serve: func(c *ServeCall) error {
		c.Out = wire.AppendInt(c.Out, 0)
		return nil
	},
}

// LATENCY GRAPH event.
var latencyGraph = Command{
	Name: "graph", Syntax: "LATENCY GRAPH event",
	Summary: "Return a latency graph for the event.",
	Since:   "2.8.13", Group: "server", Complexity: "O(1)",
	Arguments: []Argument{{Name: "event", Type: "string"}},
	Arity:     3, Flags: Admin | NoScript | Loading | Stale, Categories: CatAdmin | CatSlow | CatDangerous,
	Tips: []string{"nondeterministic_output", "request_policy:all_nodes", "response_policy:special"},

	Differences: noLatencyEvents,
	Class:       Own,
	Serve: func(c *ServeCall) error {
		return errors.New("ERR No samples available for event '" + quoted(c.Args[2]) + "'")
	},
}

// LATENCY DOCTOR.
var latencyDoctor = Command{
	Name: "doctor", Syntax: "LATENCY DOCTOR",
	Summary: "Return a human readable latency analysis report.",
	Since:   "2.8.13", Group: "server", Complexity: "O(1)",
	Arity: 2, Flags: Admin | NoScript | Loading | Stale, Categories: CatAdmin | CatSlow | CatDangerous,
	Tips: []string{"nondeterministic_output", "request_policy:all_nodes", "response_policy:special"},

	Differences: noLatencyEvents,
	Class:       Own,
	Serve: func(c *ServeCall) error {
		c.Out = wire.AppendVerbatim(c.Out, c.Session.Proto(), noLatencyEvents+"\n")
		return nil
	},
}
