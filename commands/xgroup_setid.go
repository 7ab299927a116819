package commands

import (
	"github.com/millrace-io/millrace/resp/wire"
	"github.com/millrace-io/millrace/streams"
)

// XGROUP SETID key group id|$ [ENTRIESREAD n]: moves the last-delivered ID, back
// or forth. The PEL stays, and waiting readers go on waiting.
// https://redis.io/docs/latest/commands/xgroup-setid/
var xgroupSetID = Command{
	Name: "setid", Syntax: "XGROUP SETID key group <id | $> [ENTRIESREAD entries-read]",
	Summary: "Sets the last-delivered ID of a consumer group.",
	Since:   "5.0.0", Group: "stream", Complexity: "O(1)",
	History:   [][2]string{{"7.0.0", "Added the optional `entries_read` argument."}},
	Arguments: []Argument{keyArgument, groupArgument, groupIDArgument, entriesReadArgument},
	Arity:     -5, Flags: Write, Categories: CatWrite | CatStream | CatSlow,
	Keys:  OneKey(2, "RW", "update"),
	Class: Log,
	Check: func(args [][]byte) error { _, err := parseGroupOptions(args, false); return err },
	Run:   runXGroupSetID,
}

func runXGroupSetID(c *Call) error {
	o, err := parseGroupOptions(c.Args, false)
	if err != nil {
		return err
	}
	s, g, err := c.xgroupGroup()
	if err != nil {
		return err
	}
	if n := len(c.Args); n != 5 && n != 7 {
		return wrongSubcommandShape("XGROUP", c.Args[1])
	}
	var last streams.ID
	if string(c.Args[4]) == "$" {
		last = s.LastID()
	} else if last, err = parseGroupSetID(c.Args[4]); err != nil {
		return err
	}
	g.SetLastID(last)
	g.SetEntriesRead(o.entriesRead)
	c.Notify(EventStream, "xgroup-setid", c.Args[2])
	c.Out = wire.AppendSimple(c.Out, "OK")
	return nil
}

// parseGroupSetID takes '-' and '+', too, which XGROUP CREATE refuses.
func parseGroupSetID(b []byte) (streams.ID, error) {
	switch string(b) {
	case "-":
		return streams.MinID, nil
	case "+":
		return streams.MaxID, nil
	}
	return parseID(b)
}
