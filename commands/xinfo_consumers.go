package commands

import (
	"github.com/millrace-io/millrace/groups"
	"github.com/millrace-io/millrace/resp/wire"
)

// XINFO CONSUMERS key group: the consumers of a group, in the order of their names.
// https://redis.io/docs/latest/commands/xinfo-consumers/
var xinfoConsumers = Command{
	Name: "consumers", Syntax: "XINFO CONSUMERS key group",
	Summary: "Returns a list of the consumers in a consumer group.",
	Since:   "5.0.0", Group: "stream", Complexity: "O(1)",
	History:   [][2]string{{"7.2.0", "Added the `inactive` field, and changed the meaning of `idle`."}},
	Arguments: []Argument{keyArgument, groupArgument},
	Arity:     4, Flags: ReadOnly, Categories: CatRead | CatStream | CatSlow,
	Tips:  []string{"nondeterministic_output"},
	Keys:  OneKey(2, "RO", "access"),
	Class: Read,
	Run:   runXInfoConsumers,
}

func runXInfoConsumers(c *Call) error {
	s, err := c.xinfoStreamValue()
	if err != nil {
		return err
	}
	g := s.Group(c.Args[3])
	if g == nil {
		return noSuchGroup(c.Args[2], c.Args[3])
	}
	c.Out = wire.AppendArray(c.Out, g.Consumers())
	g.EachConsumer(func(id groups.ConsumerID) bool {
		name := g.Name(id)
		c.Out = wire.AppendMap(c.Out, c.Proto, 4)
		c.appendField("name")
		c.Out = wire.AppendBulkString(c.Out, name)
		c.appendIntField("pending", int64(g.PendingOf(id)))
		c.appendIntField("idle", max(0, c.Now-c.seenTime(c.Args[2], c.Args[3], name, g.SeenTime(id))))
		inactive := int64(-1)
		if t := g.ActiveTime(id); t >= 0 {
			inactive = max(0, c.Now-t)
		}
		c.appendIntField("inactive", inactive)
		return true
	})
	return nil
}
