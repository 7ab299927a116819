package commands

import (
	"github.com/millrace-io/millrace/idmp"
	"github.com/millrace-io/millrace/resp/wire"
	"github.com/millrace-io/millrace/streams"
)

// XIDMPRECORD key pid iid stream-id: remembers that an entry is the one of a pair, as
// XADD IDMP would have when it added the entry.
// https://redis.io/docs/latest/commands/xidmprecord/
var xidmprecord = Command{
	Name:    "xidmprecord",
	Syntax:  "XIDMPRECORD key pid iid stream-id",
	Summary: "Records the idempotent ID of an entry that is in the stream.",
	Since:   "8.6.2", Group: "stream", Complexity: "O(log N) with N the number of idempotent IDs that the stream remembers.",
	Differences: "Redis has had it since 8.6.2, though its page says 8.8. An ID that is older than `IDMP-DURATION` is recorded, and over at once.",
	Arguments: []Argument{
		keyArgument, {Name: "pid", Type: "string"}, {Name: "iid", Type: "string"}, {Name: "stream-id", Type: "string"},
	},
	Arity: 5, Flags: Write | DenyOOM | Fast, Categories: CatWrite | CatStream | CatFast,
	Keys:  OneKey(1, "RW", "update"),
	Class: Log,
	Check: func(args [][]byte) error { _, _, err := parseRecord(args); return err },
	Run:   runXIDMPRecord,
	Quiet: quietXIDMPRecord,
}

func parseRecord(args [][]byte) (pair idmp.Pair, id streams.ID, err error) {
	id, err = parseID(args[4])
	switch {
	case err != nil:
		return pair, id, err
	case len(args[2]) == 0:
		return pair, id, errRecordNoPID
	case len(args[3]) == 0:
		return pair, id, errRecordNoIID
	}
	return idmp.NewPair(args[2], args[3]), id, nil
}

func runXIDMPRecord(c *Call) error {
	pair, id, err := parseRecord(c.Args)
	if err != nil {
		return err
	}
	_, s, err := c.streamToChange(c.Args[1])
	if err != nil {
		return err
	}
	if s == nil {
		return errNoSuchKey
	}
	if !s.Has(id) {
		return errRecordNoEntry
	}
	old, known := s.Producers().Find(pair, c.Now)
	switch {
	case known && old != id:
		return errRecordOtherID
	case !known && c.Applying:
		c.record(s, pair, id)
	}
	c.Out = wire.AppendSimple(c.Out, "OK")
	return nil
}

// quietXIDMPRecord is true unless the pair is new.
func quietXIDMPRecord(c *Call) bool {
	s, known := c.quietStream(c.Args[1])
	if s == nil {
		return known
	}
	pair, id, err := parseRecord(c.Args)
	if err != nil || !s.Has(id) {
		return true
	}
	_, found := s.Producers().Find(pair, c.Now)
	return found
}
