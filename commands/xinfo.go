package commands

import (
	"github.com/millrace-io/millrace/keyspace"
	"github.com/millrace-io/millrace/resp/wire"
)

// XINFO looks into streams and consumer groups.
// https://redis.io/docs/latest/commands/xinfo/
var xinfo = Command{
	Name: "xinfo", Syntax: "XINFO",
	Summary: "A container for stream introspection commands.",
	Since:   "5.0.0", Group: "stream", Complexity: "Depends on subcommand.",
	Arity: -2, Categories: CatSlow,
	Sub: []*Command{&xinfoStream, &xinfoGroups, &xinfoConsumers, &xinfoHelp},
}

var xinfoHelp = Command{
	Name: "help", Syntax: "XINFO HELP",
	Summary: "Returns helpful text about the different subcommands.",
	Since:   "5.0.0", Group: "stream", Complexity: "O(1)",
	Arity: 2, Flags: Loading | Stale, Categories: CatStream | CatSlow,
	Class: Own,
	Serve: func(c *ServeCall) error { c.Out = appendHelp(c.Out, "XINFO", xinfoHelpLines); return nil },
}

var xinfoHelpLines = []string{
	"CONSUMERS <key> <groupname>",
	"    Show consumers of <groupname>.",
	"GROUPS <key>",
	"    Show the stream consumer groups.",
	"STREAM <key> [FULL [COUNT <count>]", // Redis never closed it
	"    Show information about the stream.",
}

// xinfoStreamValue looks up the stream that a subcommand looks into.
func (c *Call) xinfoStreamValue() (*keyspace.StreamValue, error) {
	s, err := c.Stream(c.Args[2])
	if err == nil && s == nil {
		err = errNoSuchKey
	}
	return s, err
}

// appendField appends the name of a pair; its value follows.
func (c *Call) appendField(name string) { c.Out = wire.AppendBulkString(c.Out, name) }

func (c *Call) appendIntField(name string, n int64) {
	c.appendField(name)
	c.Out = wire.AppendInt(c.Out, n)
}
