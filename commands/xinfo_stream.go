package commands

import (
	"github.com/millrace-io/millrace/groups"
	"github.com/millrace-io/millrace/keyspace"
	"github.com/millrace-io/millrace/resp/wire"
	"github.com/millrace-io/millrace/streams"
)

// XINFO STREAM key [FULL [COUNT n]]: a stream's counters with its first and last
// entry, or in full with its groups and consumers.
// https://redis.io/docs/latest/commands/xinfo-stream/
var xinfoStream = Command{
	Name: "stream", Syntax: "XINFO STREAM key [FULL [COUNT count]]",
	Summary: "Returns information about a stream.",
	Since:   "5.0.0", Group: "stream", Complexity: "O(1)",
	History: [][2]string{
		{"6.0.0", "Added the `FULL` modifier."},
		{"7.0.0", "Added the `max-deleted-entry-id`, `entries-added`, `recorded-first-entry-id`, `entries-read` and `lag` fields"},
		{"7.2.0", "Added the `active-time` field, and changed the meaning of `seen-time`."},
		{"8.6.0", "Added the `idmp-duration`, `idmp-maxsize`, `pids-tracked`, `iids-tracked`, `iids-added` and `iids-duplicates` fields."},
		{"8.8.0", "Added the `nacked-count` field."},
	},
	Differences: "`pids-tracked` and `iids-tracked` count what has expired until it is dropped, a second later at most unless there is much of it.",
	Arguments: []Argument{
		keyArgument,
		{Name: "full", Type: "block", Token: "FULL", Optional: true, Args: []Argument{countArgument}},
	},
	Arity: -3, Flags: ReadOnly, Categories: CatRead | CatStream | CatSlow,
	Keys:  OneKey(2, "RO", "access"),
	Class: Read,
	Run:   runXInfoStream,
}

// infoFullLimit is how much of each list FULL shows without COUNT.
const infoFullLimit = 10

func runXInfoStream(c *Call) error {
	s, err := c.xinfoStreamValue()
	if err != nil {
		return err
	}
	if len(c.Args) == 3 {
		c.appendStreamInfo(s)
		return nil
	}
	limit, err := parseInfoFull(c.Args)
	if err != nil {
		return err
	}
	return c.appendStreamFull(s, limit)
}

// parseInfoFull parses FULL [COUNT n]; 0 shows all, less than that the default.
func parseInfoFull(args [][]byte) (limit int64, err error) {
	n := len(args)
	if n != 4 && n != 6 || !equalFold(args[3], "full") || n == 6 && !equalFold(args[4], "count") {
		return 0, wrongSubcommandShape("XINFO", args[1])
	}
	limit = infoFullLimit
	if n == 6 {
		if limit, err = parseInteger(args[5]); err != nil {
			return 0, err
		}
	}
	switch {
	case limit == 0:
		return unlimited, nil
	case limit < 0:
		return infoFullLimit, nil
	}
	return limit, nil
}

// appendStreamCounters appends the thirteen pairs that both forms begin with.
func (c *Call) appendStreamCounters(s *keyspace.StreamValue) {
	chunks := int64(s.Chunks())
	c.appendIntField("length", int64(s.Len()))
	c.appendIntField("radix-tree-keys", chunks)
	c.appendIntField("radix-tree-nodes", chunks+1)
	c.appendField("last-generated-id")
	c.Out = appendID(c.Out, s.LastID())
	c.appendField("max-deleted-entry-id")
	c.Out = appendID(c.Out, s.MaxDeletedID())
	c.appendIntField("entries-added", int64(s.EntriesAdded()))
	c.appendField("recorded-first-entry-id")
	c.Out = appendID(c.Out, s.FirstID())
	p := s.Producers()
	c.appendIntField("idmp-duration", int64(p.Limits().Duration))
	c.appendIntField("idmp-maxsize", int64(p.Limits().MaxSize))
	c.appendIntField("pids-tracked", int64(p.PIDs()))
	c.appendIntField("iids-tracked", int64(p.IIDs()))
	c.appendIntField("iids-added", int64(p.Added()))
	c.appendIntField("iids-duplicates", int64(p.Duplicates()))
}

func (c *Call) appendStreamInfo(s *keyspace.StreamValue) {
	c.Out = wire.AppendMap(c.Out, c.Proto, 16)
	c.appendStreamCounters(s)
	c.appendIntField("groups", int64(s.NumGroups()))
	c.appendField("first-entry")
	c.appendOnly(s.Range(streams.MinID, streams.MaxID))
	c.appendField("last-entry")
	c.appendOnly(s.RevRange(streams.MinID, streams.MaxID))
}

// appendOnly appends the cursor's next entry, null when there is none.
func (c *Call) appendOnly(cur streams.Cursor) {
	if !cur.Next() {
		c.Out = wire.AppendNull(c.Out, c.Proto)
		return
	}
	c.appendEntry(&cur)
}

func (c *Call) appendStreamFull(s *keyspace.StreamValue, limit int64) error {
	c.Out = wire.AppendMap(c.Out, c.Proto, 15)
	c.appendStreamCounters(s)
	c.appendField("entries")
	cur := s.Range(streams.MinID, streams.MaxID)
	if err := c.appendEntries(&cur, limit, nil); err != nil {
		return err
	}
	c.appendField("groups")
	c.Out = wire.AppendArray(c.Out, s.NumGroups())
	var err error
	s.EachGroup(func(name string, g *groups.Group) bool {
		err = c.appendGroupFull(s, name, g, limit)
		return err == nil
	})
	return err
}

func (c *Call) appendGroupFull(s *keyspace.StreamValue, name string, g *groups.Group, limit int64) error {
	c.Out = wire.AppendMap(c.Out, c.Proto, 8)
	c.appendField("name")
	c.Out = wire.AppendBulkString(c.Out, name)
	c.appendField("last-delivered-id")
	c.Out = appendID(c.Out, g.LastID())
	c.appendGroupCounters(s, g)
	c.appendIntField("pel-count", int64(g.Len()))
	c.appendIntField("nacked-count", int64(g.Nacked()))
	c.appendField("pending")
	h := openHeader(&c.Out, limit)
	n := int64(0)
	g.Ascend(streams.MinID, func(p groups.Pending) bool {
		if n == limit || c.TooLong() {
			return false
		}
		c.Out = wire.AppendArray(c.Out, 4)
		c.Out = appendID(c.Out, p.ID)
		c.Out = wire.AppendBulkString(c.Out, g.Name(p.Owner))
		c.Out = wire.AppendInt(c.Out, p.Time)
		c.Out = wire.AppendInt(c.Out, p.Count)
		n++
		return true
	})
	h.close(&c.Out, '*', n)
	c.appendField("consumers")
	c.Out = wire.AppendArray(c.Out, g.Consumers())
	g.EachConsumer(func(id groups.ConsumerID) bool {
		c.appendConsumerFull(name, g, id, limit)
		return !c.TooLong()
	})
	if c.TooLong() {
		return ErrLong
	}
	return nil
}

func (c *Call) appendConsumerFull(group string, g *groups.Group, id groups.ConsumerID, limit int64) {
	name := g.Name(id)
	c.Out = wire.AppendMap(c.Out, c.Proto, 5)
	c.appendField("name")
	c.Out = wire.AppendBulkString(c.Out, name)
	c.appendIntField("seen-time", c.seenTime(c.Args[2], []byte(group), name, g.SeenTime(id)))
	c.appendIntField("active-time", g.ActiveTime(id))
	c.appendIntField("pel-count", int64(g.PendingOf(id)))
	c.appendField("pending")
	h := openHeader(&c.Out, limit)
	n := int64(0)
	g.AscendOwner(id, streams.MinID, func(p groups.Pending) bool {
		if n == limit || c.TooLong() {
			return false
		}
		c.Out = wire.AppendArray(c.Out, 3)
		c.Out = appendID(c.Out, p.ID)
		c.Out = wire.AppendInt(c.Out, p.Time)
		c.Out = wire.AppendInt(c.Out, p.Count)
		n++
		return true
	})
	h.close(&c.Out, '*', n)
}
