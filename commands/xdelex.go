package commands

import (
	"github.com/millrace-io/millrace/keyspace"
	"github.com/millrace-io/millrace/resp/wire"
	"github.com/millrace-io/millrace/streams"
)

// XDELEX key [KEEPREF | DELREF | ACKED] IDS numids id [id ...]: removes entries and
// tells of each what became of it, with a choice for what is pending.
// https://redis.io/docs/latest/commands/xdelex/
var xdelex = Command{
	Name: "xdelex", Syntax: "XDELEX key [KEEPREF | DELREF | ACKED] IDS numids id [id ...]",
	Summary: "Removes entries from a stream, with or without their pending references, and returns what became of each.",
	Since:   "8.2.0", Group: "stream",
	Complexity:  "O(1) for each ID; with DELREF and ACKED O(log N) for each ID and group, with N being the number of entries in the PEL.",
	Differences: "`ACKED` answers 2, not -1, for an ID that the stream does not have and that some group was not delivered yet or has pending; in a stream without groups it deletes and answers 1. Both as Redis' code does; its page says otherwise.",
	Arguments:   []Argument{keyArgument, refPolicyArgument, idsArgument},
	Arity:       -5, Flags: Write | Fast, Categories: CatWrite | CatStream | CatFast,
	Keys:  OneKey(1, "RW", "delete"),
	Class: Log,
	Run:   runXDelEx,
	Quiet: quietXDelEx,
}

// What XDELEX and XACKDEL answer for an ID.
const (
	entryMissing    = -1 // XACKDEL: not pending
	entryDeleted    = 1
	entryReferenced = 2 // and therefore still there
)

// deleteOptions are the arguments of XDELEX and XACKDEL behind the names.
type deleteOptions struct {
	refs refPolicy
	ids  [][]byte // not looked at yet
}

func parseDelete(args [][]byte) (o deleteOptions, err error) {
	chosen := false
	for i := 0; i < len(args); {
		policy, ok := parseRefPolicy(args[i])
		switch {
		case ok && !chosen:
			o.refs, chosen = policy, true
			i++
		case equalFold(args[i], "ids") && i+1 < len(args):
			n, ok := parseInt(args[i+1])
			i += 2
			if !ok || n <= 0 {
				return o, errNumIDs
			}
			if n > int64(len(args)-i) {
				return o, errTooFewIDs
			}
			o.ids = args[i : i+int(n)]
			i += int(n)
		default:
			return o, errSyntax
		}
	}
	if o.ids == nil {
		return o, errNoIDs
	}
	return o, nil
}

func runXDelEx(c *Call) error {
	k, s, err := c.streamToChange(c.Args[1])
	if err != nil {
		return err
	}
	o, err := parseDelete(c.Args[2:])
	if err != nil {
		return err
	}
	if s == nil {
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
		c.Out = wire.AppendInt(c.Out, c.deleteEntry(s, &refs, o.refs, id))
	}
	if s.Len() < before {
		c.DB.Touch(k)
		c.Notify(EventStream, "xdel", c.Args[1])
	}
	return nil
}

// deleteEntry deletes one entry as the policy has it, and returns what became of it.
// In a read, which Quiet allows when there is nothing to change, it changes nothing.
func (c *Call) deleteEntry(s *keyspace.StreamValue, refs *streamRefs, policy refPolicy, id streams.ID) int64 {
	if policy == onlyAcked && refs.referenced(id) {
		return entryReferenced
	}
	if !c.Applying {
		return entryMissing
	}
	if policy == dropRefs {
		refs.drop(id) // also of an entry that is gone
	}
	if s.Delete(id) {
		return entryDeleted
	}
	return entryMissing
}

// appendAllMissing is the answer without a stream or group: the IDs may be anything.
func (c *Call) appendAllMissing(o *deleteOptions) {
	c.Out = wire.AppendArray(c.Out, len(o.ids))
	for range o.ids {
		c.Out = wire.AppendInt(c.Out, entryMissing)
	}
}

func quietXDelEx(c *Call) bool {
	s, known := c.quietStream(c.Args[1])
	if s == nil {
		return known
	}
	o, err := parseDelete(c.Args[2:])
	if err != nil || checkIDs(o.ids) != nil {
		return true
	}
	refs := newStreamRefs(s)
	for _, a := range o.ids {
		id, _ := streams.ParseID(a, 0)
		switch {
		case o.refs == onlyAcked && refs.referenced(id):
		case s.Has(id), o.refs == dropRefs && refs.pending(id):
			return false
		}
	}
	return true
}
