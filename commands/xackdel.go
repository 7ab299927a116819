package commands

import (
	"github.com/millrace-io/millrace/groups"
	"github.com/millrace-io/millrace/keyspace"
	"github.com/millrace-io/millrace/resp/wire"
	"github.com/millrace-io/millrace/streams"
)

// XACKDEL key group [KEEPREF | DELREF | ACKED] IDS numids id [id ...]: acknowledges
// entries and deletes them, or leaves them to the groups that still want them.
// https://redis.io/docs/latest/commands/xackdel/
var xackdel = Command{
	Name: "xackdel", Syntax: "XACKDEL key group [KEEPREF | DELREF | ACKED] IDS numids id [id ...]",
	Summary: "Acknowledges entries for a consumer group and deletes them from the stream, and returns what became of each.",
	Since:   "8.2.0", Group: "stream",
	Complexity:  "O(log N) for each ID, with N being the number of entries in the PEL; with DELREF and ACKED for each ID and group.",
	Differences: "An ID that is not pending in the group is left alone under every policy, as Redis' code does; its page promises more.",
	Arguments:   []Argument{keyArgument, groupArgument, refPolicyArgument, idsArgument},
	Arity:       -6, Flags: Write | Fast, Categories: CatWrite | CatStream | CatFast,
	Keys:  OneKey(1, "RW", "update", "delete"),
	Class: Log,
	Run:   runXAckDel,
	Quiet: quietXAckDel,
}

func runXAckDel(c *Call) error {
	k, s, err := c.streamToChange(c.Args[1])
	if err != nil {
		return err
	}
	o, err := parseDelete(c.Args[3:])
	if err != nil {
		return err
	}
	g := c.groupToChange(s, c.Args[2])
	if g == nil {
		c.appendAllMissing(&o)
		return nil
	}
	if err := checkIDs(o.ids); err != nil {
		return err
	}
	refs := newStreamRefs(s)
	before := s.Len()
	c.Out = wire.AppendArray(c.Out, len(o.ids))
	for _, a := range o.ids {
		id, _ := streams.ParseID(a, 0)
		c.Out = wire.AppendInt(c.Out, c.ackAndDelete(s, g, &refs, o.refs, id))
	}
	if s.Len() < before {
		c.DB.Touch(k)
		c.Notify(EventStream, "xdel", c.Args[1])
	}
	return nil
}

// ackAndDelete acknowledges one entry and deletes it if the policy has it so. An
// entry that was gone before counts as deleted.
func (c *Call) ackAndDelete(s *keyspace.StreamValue, g *groups.Group, refs *streamRefs, policy refPolicy, id streams.ID) int64 {
	if !c.Applying || !g.Ack(id) {
		return entryMissing
	}
	if c.deleteEntry(s, refs, policy, id) == entryReferenced {
		return entryReferenced
	}
	return entryDeleted
}

func quietXAckDel(c *Call) bool {
	_, g, known := c.quietGroup(c.Args[1], c.Args[2])
	if g == nil {
		return known
	}
	o, err := parseDelete(c.Args[3:])
	if err != nil || checkIDs(o.ids) != nil {
		return true
	}
	for _, a := range o.ids {
		id, _ := streams.ParseID(a, 0)
		if _, pending := g.Get(id); pending {
			return false
		}
	}
	return true
}
