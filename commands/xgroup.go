package commands

import (
	"github.com/millrace-io/millrace/groups"
	"github.com/millrace-io/millrace/keyspace"
	"github.com/millrace-io/millrace/resp/wire"
)

// XGROUP manages consumer groups.
// https://redis.io/docs/latest/commands/xgroup/
var xgroup = Command{
	Name: "xgroup", Syntax: "XGROUP",
	Summary: "A container for consumer groups commands.",
	Since:   "5.0.0", Group: "stream", Complexity: "Depends on subcommand.",
	Arity: -2, Categories: CatSlow,
	Sub: []*Command{
		&xgroupCreate, &xgroupSetID, &xgroupDestroy, &xgroupCreateConsumer, &xgroupDelConsumer, &xgroupHelp,
	},
}

var xgroupHelp = Command{
	Name: "help", Syntax: "XGROUP HELP",
	Summary: "Returns helpful text about the different subcommands.",
	Since:   "5.0.0", Group: "stream", Complexity: "O(1)",
	Arity: 2, Flags: Loading | Stale, Categories: CatStream | CatSlow,
	Class: Own,
	Serve: func(c *ServeCall) error { c.Out = appendHelp(c.Out, "XGROUP", xgroupHelpLines); return nil },
}

var xgroupHelpLines = []string{
	"CREATE <key> <groupname> <id|$> [option]",
	"    Create a new consumer group. Options are:",
	"    * MKSTREAM",
	"      Create the empty stream if it does not exist.",
	"    * ENTRIESREAD entries_read",
	"      Set the group's entries_read counter (internal use).",
	"CREATECONSUMER <key> <groupname> <consumer>",
	"    Create a new consumer in the specified group.",
	"DELCONSUMER <key> <groupname> <consumer>",
	"    Remove the specified consumer.",
	"DESTROY <key> <groupname>",
	"    Remove the specified group.",
	"SETID <key> <groupname> <id|$> [ENTRIESREAD entries_read]",
	"    Set the current group ID and entries_read counter.",
}

// appendHelp appends a container's HELP: simple strings between Redis' first and
// last lines.
func appendHelp(b []byte, container string, lines []string) []byte {
	b = wire.AppendArray(b, len(lines)+3)
	b = wire.AppendSimple(b, container+" <subcommand> [<arg> [value] [opt] ...]. Subcommands are:")
	for _, line := range lines {
		b = wire.AppendSimple(b, line)
	}
	b = wire.AppendSimple(b, "HELP")
	return wire.AppendSimple(b, "    Print this help.")
}

// groupOptions are the options behind the ID of XGROUP CREATE and SETID.
type groupOptions struct {
	mkStream    bool
	entriesRead int64 // -1: unknown
}

// parseGroupOptions parses options from args[5] on. Only CREATE knows MKSTREAM.
func parseGroupOptions(args [][]byte, create bool) (o groupOptions, err error) {
	o.entriesRead = -1
	for i := 5; i < len(args); i++ {
		switch {
		case create && equalFold(args[i], "mkstream"):
			o.mkStream = true
		case equalFold(args[i], "entriesread") && i+1 < len(args):
			i++
			if o.entriesRead, err = parseInteger(args[i]); err != nil {
				return o, err
			}
			if o.entriesRead < -1 {
				return o, errEntriesReadSign
			}
		default:
			return o, wrongSubcommandShape("XGROUP", args[1])
		}
	}
	return o, nil
}

// xgroupStream looks up the stream that a subcommand works on: there has to be
// one, also for a subcommand that takes something away.
func (c *Call) xgroupStream() (*keyspace.StreamValue, error) {
	_, s, err := c.streamToChange(c.Args[2])
	if err == nil && s == nil {
		err = errGroupNeedsKey
	}
	return s, err
}

// xgroupGroup looks up the stream and the group that a subcommand works on.
func (c *Call) xgroupGroup() (*keyspace.StreamValue, *groups.Group, error) {
	s, err := c.xgroupStream()
	if err != nil {
		return nil, nil, err
	}
	g := c.groupToChange(s, c.Args[3])
	if g == nil {
		return nil, nil, noSuchGroup(c.Args[2], c.Args[3])
	}
	return s, g, nil
}
