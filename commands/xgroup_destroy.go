package commands

import "github.com/millrace-io/millrace/resp/wire"

// XGROUP DESTROY key group: takes the group away with its consumers and its PEL.
// Readers that wait in it are told.
// https://redis.io/docs/latest/commands/xgroup-destroy/
var xgroupDestroy = Command{
	Name: "destroy", Syntax: "XGROUP DESTROY key group",
	Summary: "Destroys a consumer group.",
	Since:   "5.0.0", Group: "stream",
	Complexity: "O(N) where N is the number of entries in the group's pending entries list (PEL).",
	Arguments:  []Argument{keyArgument, groupArgument},
	Arity:      4, Flags: Write, Categories: CatWrite | CatStream | CatSlow,
	Keys:  OneKey(2, "RW", "delete"),
	Class: Log,
	Run:   runXGroupDestroy,
	Quiet: quietXGroupDestroy,
}

func runXGroupDestroy(c *Call) error {
	s, err := c.xgroupStream()
	if err != nil {
		return err
	}
	destroyed := int64(0)
	if c.Applying && s.DropGroup(c.Args[3]) {
		destroyed = 1
		c.Signal(c.Args[2])
		c.Notify(EventStream, "xgroup-destroy", c.Args[2])
	}
	c.Out = wire.AppendInt(c.Out, destroyed)
	return nil
}

func quietXGroupDestroy(c *Call) bool {
	_, g, known := c.quietGroup(c.Args[2], c.Args[3])
	return known && g == nil
}
