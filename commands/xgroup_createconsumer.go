package commands

import "github.com/millrace-io/millrace/resp/wire"

// XGROUP CREATECONSUMER key group consumer: a consumer that exists stays as it is.
// https://redis.io/docs/latest/commands/xgroup-createconsumer/
var xgroupCreateConsumer = Command{
	Name: "createconsumer", Syntax: "XGROUP CREATECONSUMER key group consumer",
	Summary: "Creates a consumer in a consumer group.",
	Since:   "6.2.0", Group: "stream", Complexity: "O(1)",
	Arguments: []Argument{keyArgument, groupArgument, consumerArgument},
	Arity:     5, Flags: Write | DenyOOM, Categories: CatWrite | CatStream | CatSlow,
	Keys:  OneKey(2, "RW", "insert"),
	Class: Log,
	Run:   runXGroupCreateConsumer,
	Quiet: quietXGroupCreateConsumer,
}

// consumerCreated is the event of a consumer that was created, by whatever command.
const consumerCreated = "xgroup-createconsumer"

func runXGroupCreateConsumer(c *Call) error {
	_, g, err := c.xgroupGroup()
	if err != nil {
		return err
	}
	created := int64(0)
	if _, ok := g.Consumer(c.Args[4]); !ok && c.Applying {
		g.CreateConsumer(c.Args[4], c.Now)
		created = 1
		c.Notify(EventStream, consumerCreated, c.Args[2])
	}
	c.Out = wire.AppendInt(c.Out, created)
	return nil
}

func quietXGroupCreateConsumer(c *Call) bool {
	_, g, known := c.quietGroup(c.Args[2], c.Args[3])
	if g == nil {
		return known
	}
	_, ok := g.Consumer(c.Args[4])
	return ok
}
