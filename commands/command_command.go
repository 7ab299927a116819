package commands

import "github.com/millrace-io/millrace/resp/wire"

// COMMAND shows the table of commands to clients. Called alone it is COMMAND INFO
// of them all.
// https://redis.io/docs/latest/commands/command/
var command = Command{
	Name: "command", Syntax: "COMMAND",
	Summary: "Returns detailed information about all commands.",
	Since:   "2.8.13", Group: "server", Complexity: "O(N) where N is the total number of commands.",
	Arity: -1, Flags: Loading | Stale, Categories: CatSlow | CatConnection,
	Tips:  []string{"nondeterministic_output_order"},
	Class: Own,
	Sub: []*Command{
		&commandCount, &commandDocs, &commandGetKeys, &commandGetKeysAndFlags,
		commandHelp, &commandInfo, &commandList,
	},
	Serve: func(c *ServeCall) error { c.infoOfAll(); return nil },
}

var commandHelp = helpCommand("command", "server", "5.0.0", CatConnection,
	"(no subcommand)", "    Return details about all commands.",
	"COUNT", "    Return the total number of commands in this server.",
	"DOCS [<command-name> ...]", "    Return documentation of the named commands, or of all.",
	"GETKEYS <full-command>", "    Return the keys of a full command.",
	"GETKEYSANDFLAGS <full-command>", "    Return the keys of a full command and how they are accessed.",
	"INFO [<command-name> ...]", "    Return details about the named commands, or about all.",
	"LIST [FILTERBY (MODULE <module>|ACLCAT <category>|PATTERN <pattern>)]", "    Return the names of all commands, or of those that pass the filter.",
)

// COMMAND COUNT: containers count as one.
var commandCount = Command{
	Name: "count", Syntax: "COMMAND COUNT",
	Summary: "Returns a count of commands.",
	Since:   "2.8.13", Group: "server", Complexity: "O(1)",
	Arity: 2, Flags: Loading | Stale, Categories: CatSlow | CatConnection,
	Class: Own,
	Serve: func(c *ServeCall) error {
		c.Out = wire.AppendInt(c.Out, int64(len(c.Table.Commands())))
		return nil
	},
}

// commandNamesArgument is what COMMAND INFO and DOCS take.
var commandNamesArgument = Argument{Name: "command-name", Type: "string", Optional: true, Multiple: true}
