package commands

import (
	"github.com/millrace-io/millrace/groups"
	"github.com/millrace-io/millrace/keyspace"
	"github.com/millrace-io/millrace/resp/wire"
	"github.com/millrace-io/millrace/streams"
)

// XREADGROUP GROUP group consumer [COUNT n] [MAXCOUNT n] [MAXSIZE bytes] [BLOCK ms]
// [CLAIM min-idle-time] [NOACK] STREAMS key [key ...] id [id ...]: delivers new entries to a consumer, or shows it those
// that it has not acknowledged.
// https://redis.io/docs/latest/commands/xreadgroup/
var xreadgroup = Command{
	Name:    "xreadgroup",
	Syntax:  "XREADGROUP GROUP group consumer [COUNT count] [MAXCOUNT count] [MAXSIZE bytes] [BLOCK milliseconds] [CLAIM min-idle-time] [NOACK] STREAMS key [key ...] id [id ...]",
	Summary: "Delivers new entries to a consumer of a group, or returns its pending ones. Can wait for the next one.",
	Since:   "5.0.0", Group: "stream",
	Complexity: "For each stream mentioned: O(M) with M being the number of elements returned.",
	History: [][2]string{
		{"8.4.0", "Added the `CLAIM` option."},
		{"8.10.0", "Added the `MAXCOUNT` and `MAXSIZE` options."},
	},
	Differences: readDifferences + " With `CLAIM`, all entries of a stream read with `>` have four elements, also behind a key whose history is read. With `BLOCK` and `CLAIM`, of the calls that wait for the same idle time of the same streams one is woken at a time, the first in line; while nothing is pending, the next look is at least 10 ms away.",
	Arguments: []Argument{
		{Name: "group-block", Type: "block", Token: "GROUP", Args: []Argument{groupArgument, {Name: "consumer", Type: "string"}}},
		countArgument, maxCountArgument, maxSizeArgument,
		{Name: "milliseconds", Type: "integer", Token: "BLOCK", Optional: true},
		{Name: "min-idle-time", Type: "integer", Token: "CLAIM", Optional: true, Since: "8.4.0"},
		{Name: "noack", Type: "pure-token", Token: "NOACK", Optional: true},
		streamsArgument,
	},
	Arity: -7, Flags: Write | Blocking | MovableKeys,
	Categories: CatWrite | CatStream | CatSlow | CatBlocking,
	Keys:       []KeySpec{{Flags: []string{"RO", "access"}, Keyword: "STREAMS", Begin: 4, Last: -1, Step: 1, Limit: 2}},
	FindKeys:   findReadKeys,
	Class:      Log,
	Spread:     spreadGroup,
	MayBlock:   mayBlock,
	Check:      func(args [][]byte) error { _, err := parseRead(args, true); return err },
	Run:        runXReadGroup,
	Quiet:      quietXReadGroup,
}

// groupPosition is a group and what a consumer wants of it: new entries, or its
// history behind an ID.
type groupPosition struct {
	s       *keyspace.StreamValue
	g       *groups.Group
	history bool
	after   streams.ID
}

func runXReadGroup(c *Call) error {
	o, err := parseRead(c.Args, true)
	if err != nil {
		return err
	}
	var few [8]groupPosition
	list := few[:0]
	for i, key := range o.keys {
		p, err := c.groupPosition(&o, key, o.ids[i])
		if err != nil {
			return err
		}
		list = append(list, p)
	}
	if c.readGroups(&o, list) {
		return nil
	}
	if !o.block || c.InExec {
		c.Out = wire.AppendNullArray(c.Out, c.Proto)
		return nil
	}
	c.Wait = o.wait(c.DBIndex)
	c.Wait.Group = string(o.group)
	if o.claim {
		c.waitForClaims(&o, list)
	}
	return nil
}

func (c *Call) groupPosition(o *readOptions, key, id []byte) (p groupPosition, err error) {
	if _, p.s, err = c.streamOrMiss(key); err != nil {
		return p, err
	}
	if p.g = c.groupToChange(p.s, o.group); p.g == nil {
		return p, noGroupToRead(key, o.group)
	}
	p.after, p.history, err = parseGroupID(id)
	return p, err
}

// parseGroupID parses an ID argument of XREADGROUP: '>' for new entries, or an ID
// for the history behind it. As in Redis the highest ID is another way to say '>'.
func parseGroupID(b []byte) (after streams.ID, history bool, err error) {
	if len(b) == 1 {
		switch b[0] {
		case '>':
			return after, false, nil
		case '$':
			return after, false, errDollarInGroup
		case '+':
			return after, false, errPlusInGroup
		}
	}
	after, err = parseID(b)
	return after, after != streams.MaxID, err
}

// readGroups serves the streams of list in their order, and reports whether there
// was anything to reply; if not c.Out is as it was.
func (c *Call) readGroups(o *readOptions, list []groupPosition) bool {
	r := openReadReply(c, o)
	for i := range list {
		p := &list[i]
		if !r.budget.stream(c, o.keys[i]) {
			break // and what is behind is not touched
		}
		consumer := c.seeConsumer(p.g, o.keys[i], o.group, o.consumer)
		if p.history {
			r.stream(c, o.keys[i])
			c.readHistory(&r, p, consumer, o.limit)
		} else {
			c.deliver(&r, o, p, o.keys[i], consumer)
		}
	}
	return r.close(c)
}

// deliver gives the consumer with CLAIM the pending entries that are idle enough,
// then the entries behind the group's last-delivered ID. It depends on nothing that
// was found earlier: the same stream may stand in one command twice.
func (c *Call) deliver(r *readReply, o *readOptions, p *groupPosition, key []byte, consumer groups.ConsumerID) {
	if !c.Applying {
		return
	}
	claims := c.findClaims(o, p, &r.budget)
	from, more := p.g.LastID().Next()
	cur := p.s.Range(from, streams.MaxID)
	more = more && cur.Next()
	if len(claims) == 0 && !more {
		return
	}
	r.stream(c, key)
	h := openHeader(&c.Out, o.limit)
	n := c.claimIdle(r, p, claims, consumer)
	active := n > 0
	if more && n != o.limit {
		fresh := c.deliverNew(r, o, p, &cur, o.limit-n, consumer)
		active = active || fresh > 0 && !o.noAck
		n += fresh
	}
	h.close(&c.Out, '*', n)
	if active {
		p.g.SetActive(consumer, c.Now)
	}
}

// deliverNew delivers from the entry under the cursor on, at most most entries
// unless that is negative, and returns how many. The group moves once, behind the
// last of them.
func (c *Call) deliverNew(r *readReply, o *readOptions, p *groupPosition, cur *streams.Cursor, most int64, consumer groups.ConsumerID) (n int64) {
	first := cur.ID()
	last := first
	for more := true; more && r.budget.entry(c); more = n != most && cur.Next() {
		if o.claim {
			c.appendDelivered(cur, 0, 0)
		} else {
			c.appendEntry(cur)
		}
		last = cur.ID()
		if !o.noAck {
			p.g.Put(groups.Pending{ID: last, Owner: consumer, Time: c.Now, Count: 1})
		}
		n++
	}
	p.g.DeliverN(p.s.Stream, first, last, int(n))
	return n
}

// seeConsumer returns the consumer of that name, created if there is none, and
// notes that it was seen. A read that only finds out that there is nothing new
// must not change the group: its seen time goes beside the state.
func (c *Call) seeConsumer(g *groups.Group, key, group, name []byte) groups.ConsumerID {
	id, ok := g.Consumer(name)
	switch {
	case !c.Applying:
		if !c.Woken { // by itself a consumer that waits does nothing
			c.noteSeen(key, group, name)
		}
	case !ok:
		c.Notify(EventStream, consumerCreated, key)
		return g.CreateConsumer(name, c.Now)
	default:
		g.Touch(id, c.Now)
	}
	return id
}

// quietXReadGroup is true when a consumer that exists asks for new entries only,
// and no group has any; or when the command will end in an error.
func quietXReadGroup(c *Call) bool {
	o, err := parseRead(c.Args, true)
	if err != nil {
		return true
	}
	quiet := true
	for i, key := range o.keys {
		s, g, known := c.quietGroup(key, o.group)
		if !known {
			return false
		}
		if g == nil {
			return true
		}
		_, history, err := parseGroupID(o.ids[i])
		if err != nil {
			return true
		}
		_, ok := g.Consumer(o.consumer)
		last, any := s.LastEntryID()
		if !ok || history || any && g.LastID().Less(last) || o.claim && anyClaim(s, g, o.minIdle, c.Now) {
			quiet = false // unless a later key is wrong
		}
	}
	return quiet
}
