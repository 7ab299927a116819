package commands

import (
	"github.com/millrace-io/millrace/groups"
	"github.com/millrace-io/millrace/keyspace"
	"github.com/millrace-io/millrace/resp/wire"
)

// XINFO GROUPS key: the consumer groups of a stream, in the order of their names.
// https://redis.io/docs/latest/commands/xinfo-groups/
var xinfoGroups = Command{
	Name: "groups", Syntax: "XINFO GROUPS key",
	Summary: "Returns a list of the consumer groups of a stream.",
	Since:   "5.0.0", Group: "stream", Complexity: "O(1)",
	History:   [][2]string{{"7.0.0", "Added the `entries-read` and `lag` fields"}},
	Arguments: []Argument{keyArgument},
	Arity:     3, Flags: ReadOnly, Categories: CatRead | CatStream | CatSlow,
	Keys:  OneKey(2, "RO", "access"),
	Class: Read,
	Run:   runXInfoGroups,
}

func runXInfoGroups(c *Call) error {
	s, err := c.xinfoStreamValue()
	if err != nil {
		return err
	}
	c.Out = wire.AppendArray(c.Out, s.NumGroups())
	s.EachGroup(func(name string, g *groups.Group) bool {
		c.Out = wire.AppendMap(c.Out, c.Proto, 6)
		c.appendField("name")
		c.Out = wire.AppendBulkString(c.Out, name)
		c.appendIntField("consumers", int64(g.Consumers()))
		c.appendIntField("pending", int64(g.Len()))
		c.appendField("last-delivered-id")
		c.Out = appendID(c.Out, g.LastID())
		c.appendGroupCounters(s, g)
		return true
	})
	return nil
}

// appendGroupCounters appends entries-read and lag, each null when unknown.
func (c *Call) appendGroupCounters(s *keyspace.StreamValue, g *groups.Group) {
	c.appendField("entries-read")
	c.appendKnown(g.EntriesRead(), g.EntriesRead() >= 0)
	c.appendField("lag")
	lag, known := g.Lag(s.Stream)
	c.appendKnown(lag, known)
}

func (c *Call) appendKnown(n int64, known bool) {
	if !known {
		c.Out = wire.AppendNull(c.Out, c.Proto)
		return
	}
	c.Out = wire.AppendInt(c.Out, n)
}
