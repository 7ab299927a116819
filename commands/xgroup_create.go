package commands

import (
	"github.com/millrace-io/millrace/groups"
	"github.com/millrace-io/millrace/resp/wire"
	"github.com/millrace-io/millrace/streams"
)

// XGROUP CREATE key group id|$ [MKSTREAM] [ENTRIESREAD n]: the ID need not exist,
// and may lie in the future. It wakes nobody.
// https://redis.io/docs/latest/commands/xgroup-create/
var xgroupCreate = Command{
	Name: "create", Syntax: "XGROUP CREATE key group <id | $> [MKSTREAM] [ENTRIESREAD entries-read]",
	Summary: "Creates a consumer group.",
	Since:   "5.0.0", Group: "stream", Complexity: "O(1)",
	History: [][2]string{{"7.0.0", "Added the `entries_read` named argument."}},
	Arguments: []Argument{
		keyArgument, groupArgument, groupIDArgument,
		{Name: "mkstream", Type: "pure-token", Token: "MKSTREAM", Optional: true},
		entriesReadArgument,
	},
	Arity: -5, Flags: Write | DenyOOM, Categories: CatWrite | CatStream | CatSlow,
	Keys:  OneKey(2, "RW", "insert"),
	Class: Log,
	Check: func(args [][]byte) error { _, err := parseGroupOptions(args, true); return err },
	Run:   runXGroupCreate,
	Quiet: quietXGroupCreate,
}

func runXGroupCreate(c *Call) error {
	o, err := parseGroupOptions(c.Args, true)
	if err != nil {
		return err
	}
	_, s, err := c.streamToChange(c.Args[2])
	if err != nil {
		return err
	}
	if s == nil && !o.mkStream {
		return errGroupNeedsKey
	}
	if len(c.Args) > 8 {
		return wrongSubcommandShape("XGROUP", c.Args[1])
	}
	last := streams.ID{}
	if string(c.Args[4]) != "$" {
		if last, err = parseID(c.Args[4]); err != nil {
			return err
		}
	} else if s != nil {
		last = s.LastID()
	}
	if s != nil && s.Group(c.Args[3]) != nil {
		return errBusyGroup
	}

	if s == nil {
		s = c.DB.PutStream(c.Args[2])
	}
	s.CreateGroup(c.Args[3], groups.New(last, o.entriesRead))
	c.Notify(EventStream, "xgroup-create", c.Args[2])
	c.Out = wire.AppendSimple(c.Out, "OK")
	return nil
}

// quietXGroupCreate is true when the group exists, as it does for every worker
// but the first, or when the command will end in another error.
func quietXGroupCreate(c *Call) bool {
	o, err := parseGroupOptions(c.Args, true)
	if err != nil {
		return true
	}
	k, expired := c.DB.Get(c.Args[2], c.Now)
	if expired || k == nil {
		return !expired && !o.mkStream
	}
	s, err := k.Stream()
	return err != nil || s.Group(c.Args[3]) != nil
}
