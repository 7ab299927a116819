package commands

import (
	"strings"

	"github.com/millrace-io/millrace/resp/wire"
)

// INFO [section ...]. It never looks at keys: exporters ask every few seconds.
// https://redis.io/docs/latest/commands/info/
var info = Command{
	Name: "info", Syntax: "INFO [section [section ...]]",
	Summary: "Returns information and statistics about the server.",
	Since:   "1.0.0", Group: "server", Complexity: "O(1)",
	Differences: "Beside Redis' fields there is `millrace_version`. Fields without a meaning here are left out or constant.",
	History:     [][2]string{{"7.0.0", "Added support for taking multiple section arguments."}},
	Arguments:   []Argument{{Name: "section", Type: "string", Optional: true, Multiple: true}},
	Arity:       -1, Flags: Loading | Stale, Categories: CatSlow | CatDangerous,
	Tips:  []string{"nondeterministic_output", "request_policy:all_shards", "response_policy:special"},
	Class: Barrier,
	Serve: func(c *ServeCall) error {
		var names []string
		for _, a := range c.Args[1:] {
			names = append(names, strings.ToLower(string(a)))
		}
		c.Out = wire.AppendVerbatim(c.Out, c.Session.Proto(), c.Node.InfoSections(names))
		return nil
	},
}
