package commands

import (
	"bytes"

	"github.com/millrace-io/millrace/glob"
	"github.com/millrace-io/millrace/resp/wire"
)

// COMMAND LIST [FILTERBY MODULE|ACLCAT|PATTERN value]: the names of commands and
// of their subcommands. There are no modules; an unknown category has no commands.
var commandList = Command{
	Name: "list", Syntax: "COMMAND LIST [FILTERBY <MODULE module-name | ACLCAT category | PATTERN pattern>]",
	Summary: "Returns a list of command names.",
	Since:   "7.0.0", Group: "server", Complexity: "O(N) where N is the total number of commands.",
	Arguments: []Argument{{Name: "filterby", Type: "oneof", Token: "FILTERBY", Optional: true, Args: []Argument{
		{Name: "module-name", Type: "string", Token: "MODULE"},
		{Name: "category", Type: "string", Token: "ACLCAT"},
		{Name: "pattern", Type: "pattern", Token: "PATTERN"},
	}}},
	Arity: -2, Flags: Loading | Stale, Categories: CatSlow | CatConnection,
	Tips:  []string{"nondeterministic_output_order"},
	Class: Own,
	Serve: func(c *ServeCall) error {
		passes, err := parseCommandList(c.Args)
		if err != nil {
			return err
		}
		var names []string
		for _, cmd := range c.Table.Commands() {
			if passes(cmd) {
				names = append(names, cmd.FullName())
			}
			for _, sub := range cmd.Sub {
				if passes(sub) {
					names = append(names, sub.FullName())
				}
			}
		}
		c.Out = wire.AppendArray(c.Out, len(names))
		for _, n := range names {
			c.Out = wire.AppendBulkString(c.Out, n)
		}
		return nil
	},
}

func parseCommandList(args [][]byte) (passes func(*Command) bool, err error) {
	switch {
	case len(args) == 2:
		return func(*Command) bool { return true }, nil
	case len(args) != 5 || !equalFold(args[2], "filterby"):
		return nil, errSyntax
	case equalFold(args[3], "module"):
		return func(*Command) bool { return false }, nil
	case equalFold(args[3], "aclcat"):
		category := categoryNamed(args[4])
		return func(c *Command) bool { return c.Categories&category != 0 }, nil
	case equalFold(args[3], "pattern"):
		pattern := bytes.ToLower(args[4])
		return func(c *Command) bool { return glob.Match(pattern, c.FullName()) }, nil
	}
	return nil, errSyntax
}
