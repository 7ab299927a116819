package commands

import (
	"github.com/millrace-io/millrace/groups"
	"github.com/millrace-io/millrace/resp/wire"
	"github.com/millrace-io/millrace/streams"
)

// XSETID key last-id [ENTRIESADDED n] [MAXDELETEDID id]: sets the counters of a
// stream, as replication and restored dumps need it. It wakes nobody.
// https://redis.io/docs/latest/commands/xsetid/
var xsetid = Command{
	Name:    "xsetid",
	Syntax:  "XSETID key last-id [ENTRIESADDED entries-added] [MAXDELETEDID max-deleted-id]",
	Summary: "Sets the last ID of a stream, and its other counters.",
	Since:   "5.0.0", Group: "stream", Complexity: "O(1)",
	History: [][2]string{{"7.0.0", "Added the `entries_added` and `max_deleted_entry_id` arguments."}},
	Arguments: []Argument{
		keyArgument,
		{Name: "last-id", Type: "string"},
		{Name: "entries-added", Type: "integer", Token: "ENTRIESADDED", Optional: true, Since: "7.0.0"},
		{Name: "max-deleted-id", Type: "string", Token: "MAXDELETEDID", Optional: true, Since: "7.0.0"},
	},
	Arity: -3, Flags: Write | DenyOOM | Fast, Categories: CatWrite | CatStream | CatFast,
	Keys:  OneKey(1, "RW", "update"),
	Class: Log,
	Check: func(args [][]byte) error { _, err := parseSetID(args); return err },
	Run:   runXSetID,
}

// setIDOptions are XSETID's arguments. A max-deleted-id of 0-0 is as good as none.
type setIDOptions struct {
	last, maxDeleted streams.ID
	added            int64 // -1: not given
}

func parseSetID(args [][]byte) (o setIDOptions, err error) {
	o.added = -1
	if o.last, err = parseID(args[2]); err != nil {
		return o, err
	}
	for i := 3; i < len(args); i += 2 {
		switch {
		case i+1 == len(args):
			return o, errSyntax
		case equalFold(args[i], "entriesadded"):
			if o.added, err = parseInteger(args[i+1]); err != nil {
				return o, err
			}
			if o.added < 0 {
				return o, errNegativeEntriesAdded
			}
		case equalFold(args[i], "maxdeletedid"):
			if o.maxDeleted, err = parseID(args[i+1]); err != nil {
				return o, err
			}
			if o.last.Less(o.maxDeleted) {
				return o, errSetIDBelowGiven
			}
		default:
			return o, errSyntax
		}
	}
	return o, nil
}

func runXSetID(c *Call) error {
	o, err := parseSetID(c.Args)
	if err != nil {
		return err
	}
	_, s, err := c.StreamForWrite(c.Args[1])
	switch {
	case err != nil:
		return err
	case s == nil:
		return errNoSuchKey
	case o.last.Less(s.MaxDeletedID()):
		return errSetIDBelowDeleted
	}
	if top, ok := s.LastEntryID(); ok {
		if o.last.Less(top) {
			return errSetIDBelowTop
		}
		if o.added >= 0 && uint64(o.added) < s.Len() {
			return errEntriesAddedBelowLength
		}
	}

	if o.last.Less(s.LastID()) {
		// IDs of entries that are gone may be given to new ones.
		s.EachGroup(func(_ string, g *groups.Group) bool {
			g.ForgetGone()
			return true
		})
	}
	s.SetID(o.last)
	if o.added >= 0 {
		s.SetEntriesAdded(uint64(o.added))
	}
	if !o.maxDeleted.IsZero() {
		s.SetMaxDeletedID(o.maxDeleted)
	}
	c.Notify(EventStream, "xsetid", c.Args[1])
	c.Out = wire.AppendSimple(c.Out, "OK")
	return nil
}
