package commands

import "strings"

// helpCommand is the HELP subcommand of a container: lines are its other
// subcommands, behind each what it does, indented by four blanks.
func helpCommand(container, group, since string, categories Categories, lines ...string) *Command {
	return &Command{
		Name: "help", Syntax: strings.ToUpper(container) + " HELP",
		Summary: "Returns helpful text about the different subcommands.",
		Since:   since, Group: group, Complexity: "O(1)",
		Arity: 2, Flags: Loading | Stale, Categories: categories | CatSlow,
		Class: Own,
		Serve: func(c *ServeCall) error {
			c.Out = appendHelp(c.Out, strings.ToUpper(container), lines)
			return nil
		},
	}
}
