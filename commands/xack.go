package commands

import (
	"github.com/millrace-io/millrace/resp/wire"
	"github.com/millrace-io/millrace/streams"
)

// XACK key group id [id ...]: takes entries out of the group's PEL, whoever they
// are pending for, and whether or not the stream still has them.
// https://redis.io/docs/latest/commands/xack/
var xack = Command{
	Name: "xack", Syntax: "XACK key group id [id ...]",
	Summary: "Removes entries from the pending entries list of a consumer group and returns how many there were.",
	Since:   "5.0.0", Group: "stream",
	Complexity: "O(1) for each message ID processed.",
	Arguments:  []Argument{keyArgument, groupArgument, {Name: "id", Type: "string", Multiple: true}},
	Arity:      -4, Flags: Write | Fast, Categories: CatWrite | CatStream | CatFast,
	Keys:  OneKey(1, "RW", "update"),
	Class: Log,
	Run:   runXAck,
	Quiet: quietXAck,
}

func runXAck(c *Call) error {
	s, err := c.streamToRead(c.Args[1])
	if err != nil {
		return err
	}
	g := c.groupToChange(s, c.Args[2])
	if g == nil {
		// Before a look at the IDs: those of a missing group may be anything.
		c.Out = wire.AppendInt(c.Out, 0)
		return nil
	}
	if err := checkIDs(c.Args[3:]); err != nil {
		return err
	}
	acked := int64(0)
	if c.Applying {
		for _, a := range c.Args[3:] {
			if id, _ := streams.ParseID(a, 0); g.Ack(id) {
				acked++
			}
		}
	}
	c.Out = wire.AppendInt(c.Out, acked)
	return nil
}

func quietXAck(c *Call) bool {
	_, g, known := c.quietGroup(c.Args[1], c.Args[2])
	if g == nil {
		return known
	}
	if checkIDs(c.Args[3:]) != nil {
		return true
	}
	for _, a := range c.Args[3:] {
		id, _ := streams.ParseID(a, 0)
		if _, pending := g.Get(id); pending {
			return false
		}
	}
	return true
}
