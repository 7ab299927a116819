package commands

import (
	"github.com/millrace-io/millrace/resp/wire"
	"github.com/millrace-io/millrace/streams"
)

// XDEL key id [id ...]: removes entries. What is pending stays pending, and the
// key stays, even with nothing left.
// https://redis.io/docs/latest/commands/xdel/
var xdel = Command{
	Name: "xdel", Syntax: "XDEL key id [id ...]",
	Summary: "Removes entries from a stream and returns how many there were.",
	Since:   "5.0.0", Group: "stream",
	Complexity: "O(1) for each single item to delete in the stream, regardless of the stream size.",
	Arguments:  []Argument{keyArgument, {Name: "id", Type: "string", Multiple: true}},
	Arity:      -3, Flags: Write | Fast, Categories: CatWrite | CatStream | CatFast,
	Keys:  OneKey(1, "RW", "delete"),
	Class: Log,
	Run:   runXDel,
	Quiet: quietXDel,
}

func runXDel(c *Call) error {
	k, s, err := c.streamToChange(c.Args[1])
	if err != nil {
		return err
	}
	if s == nil {
		// Before a look at the IDs: those of a missing key may be anything.
		c.Out = wire.AppendInt(c.Out, 0)
		return nil
	}
	if err := checkIDs(c.Args[2:]); err != nil {
		return err
	}
	removed := int64(0)
	if c.Applying {
		for _, a := range c.Args[2:] {
			if id, _ := streams.ParseID(a, 0); s.Delete(id) {
				removed++
			}
		}
	}
	if removed > 0 {
		c.DB.Touch(k)
		c.Notify(EventStream, "xdel", c.Args[1])
	}
	c.Out = wire.AppendInt(c.Out, removed)
	return nil
}

func quietXDel(c *Call) bool {
	s, known := c.quietStream(c.Args[1])
	if s == nil {
		return known
	}
	if checkIDs(c.Args[2:]) != nil {
		return true
	}
	for _, a := range c.Args[2:] {
		if id, _ := streams.ParseID(a, 0); s.Has(id) {
			return false
		}
	}
	return true
}
