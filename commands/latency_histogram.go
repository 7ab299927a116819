package commands

import "github.com/millrace-io/millrace/resp/wire"

// LATENCY HISTOGRAM [command ...]: how long commands took that were called. A
// container stands for all of its subcommands.
// https://redis.io/docs/latest/commands/latency-histogram/
var latencyHistogram = Command{
	Name: "histogram", Syntax: "LATENCY HISTOGRAM [command [command ...]]",
	Summary: "Return the cumulative distribution of latencies of a subset of commands or all.",
	Since:   "7.0.0", Group: "server", Complexity: "O(N) where N is the number of commands with latency information being retrieved.",
	Arguments: []Argument{{Name: "COMMAND", Type: "string", Optional: true, Multiple: true}},
	Arity:     -2, Flags: latencyFlags, Categories: CatAdmin | CatSlow | CatDangerous,
	Tips: []string{"nondeterministic_output", "request_policy:all_nodes", "response_policy:special"},

	Class: Barrier,
	Serve: func(c *ServeCall) error {
		var asked []*Command
		for _, name := range c.Args[2:] {
			if cmd := c.Table.lookupFull(name); cmd != nil {
				asked = append(asked, cmd)
			}
		}
		if len(c.Args) == 2 {
			asked = c.Table.Commands()
		}
		n := 0
		var body []byte
		each := func(cmd *Command) {
			if h, called := c.Node.Latencies().Histogram(cmd); called {
				n++
				body = h.append(wire.AppendBulkString(body, cmd.FullName()), c.Session.Proto())
			}
		}
		for _, cmd := range asked {
			each(cmd)
			for _, sub := range cmd.Sub {
				each(sub)
			}
		}
		c.Out = append(wire.AppendMap(c.Out, c.Session.Proto(), n), body...)
		return nil
	},
}

func (h LatencyHistogram) append(out []byte, p wire.Proto) []byte {
	out = wire.AppendMap(out, p, 2)
	out = wire.AppendInt(wire.AppendBulkString(out, "calls"), int64(h.Calls))
	out = wire.AppendMap(wire.AppendBulkString(out, "histogram_usec"), p, len(h.Steps))
	for _, s := range h.Steps {
		out = wire.AppendInt(wire.AppendInt(out, s.label()), int64(s.Count))
	}
	return out
}

// label is the step in microseconds as Redis names it, which takes its histogram's
// precision for part of the value: 1, 2, 4, 8, 16, 33, 66, ...
func (s LatencyStep) label() int64 {
	ns := s.Most.Nanoseconds()
	return (ns + ns/128 - 1) / 1000
}
