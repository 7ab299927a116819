package commands

import "github.com/millrace-io/millrace/resp/wire"

// XGROUP DELCONSUMER key group consumer: what was pending for it leaves the group's
// PEL, too; the reply is how much that was.
// https://redis.io/docs/latest/commands/xgroup-delconsumer/
var xgroupDelConsumer = Command{
	Name: "delconsumer", Syntax: "XGROUP DELCONSUMER key group consumer",
	Summary: "Deletes a consumer from a consumer group, with its pending entries.",
	Since:   "5.0.0", Group: "stream", Complexity: "O(1)",
	Arguments: []Argument{keyArgument, groupArgument, consumerArgument},
	Arity:     5, Flags: Write, Categories: CatWrite | CatStream | CatSlow,
	Keys:  OneKey(2, "RW", "delete"),
	Class: Log,
	Run:   runXGroupDelConsumer,
	Quiet: quietXGroupDelConsumer,
}

func runXGroupDelConsumer(c *Call) error {
	_, g, err := c.xgroupGroup()
	if err != nil {
		return err
	}
	dropped := 0
	if id, ok := g.Consumer(c.Args[4]); ok && c.Applying {
		dropped = g.DeleteConsumer(id)
		c.Notify(EventStream, "xgroup-delconsumer", c.Args[2])
	}
	c.Out = wire.AppendInt(c.Out, int64(dropped))
	return nil
}

func quietXGroupDelConsumer(c *Call) bool {
	_, g, known := c.quietGroup(c.Args[2], c.Args[3])
	if g == nil {
		return known
	}
	_, ok := g.Consumer(c.Args[4])
	return !ok
}
