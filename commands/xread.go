package commands

import (
	"errors"

	"github.com/millrace-io/millrace/blocking"
	"github.com/millrace-io/millrace/keyspace"
	"github.com/millrace-io/millrace/resp/wire"
	"github.com/millrace-io/millrace/streams"
)

// XREAD [COUNT n] [MAXCOUNT n] [MAXSIZE bytes] [BLOCK ms] STREAMS key [key ...] id
// [id ...]: the entries behind an ID, from several streams at once.
// https://redis.io/docs/latest/commands/xread/
var xread = Command{
	Name:    "xread",
	Syntax:  "XREAD [COUNT count] [MAXCOUNT count] [MAXSIZE bytes] [BLOCK milliseconds] STREAMS key [key ...] id [id ...]",
	Summary: "Returns entries of several streams with IDs greater than those given. Can wait for the next one.",
	Since:   "5.0.0", Group: "stream",
	Complexity: "O(M) with M being the number of entries returned.",
	History: [][2]string{
		{"7.4.0", "Added the `+` ID: the last entry."},
		{"8.10.0", "Added the `MAXCOUNT` and `MAXSIZE` options."},
	},
	Differences: readDifferences,
	Arguments: []Argument{
		countArgument, maxCountArgument, maxSizeArgument,
		{Name: "milliseconds", Type: "integer", Token: "BLOCK", Optional: true},
		streamsArgument,
	},
	Arity: -4, Flags: ReadOnly | Blocking | MovableKeys,
	Categories: CatRead | CatStream | CatSlow | CatBlocking,
	Keys:       []KeySpec{{Flags: []string{"RO", "access"}, Keyword: "STREAMS", Begin: 1, Last: -1, Step: 1, Limit: 2}},
	FindKeys:   findReadKeys,
	Class:      Read,
	Spread:     spreadRead,
	MayBlock:   mayBlock,
	Check:      func(args [][]byte) error { _, err := parseRead(args, false); return err },
	Run:        runXRead,
}

// readPosition is a stream and where to read it from.
type readPosition struct {
	s     *keyspace.StreamValue // nil: no such key
	after streams.ID
}

func runXRead(c *Call) error {
	o, err := parseRead(c.Args, false)
	if err != nil {
		return err
	}
	var few [8]readPosition
	list := few[:0]
	for i, key := range o.keys {
		s, err := c.Stream(key)
		if err != nil && !(c.Woken && errors.Is(err, keyspace.ErrWrongType)) {
			return err // one that waits goes on waiting when something else comes instead of a stream
		}
		after, err := readAfter(o.ids[i], s)
		if err != nil {
			return err
		}
		list = append(list, readPosition{s, after})
	}
	for i := range list {
		if list[i].s == nil {
			c.miss(o.keys[i]) // Redis looks them up once for the IDs and once to read
		}
	}
	if served, err := c.readStreams(&o, list); served || err != nil {
		return err
	}
	if !o.block || c.InExec {
		c.Out = wire.AppendNullArray(c.Out, c.Proto)
		return nil
	}
	c.Wait = o.wait(c.DBIndex)
	c.Wait.Shared = true
	c.Wait.Args = pinIDs(c.Args, o.firstID, list)
	return nil
}

// readAfter resolves an ID argument of XREAD: what is read lies behind it. s is
// nil when the key is missing.
func readAfter(b []byte, s *keyspace.StreamValue) (streams.ID, error) {
	if len(b) != 1 {
		return parseID(b)
	}
	switch b[0] {
	case '$':
		if s == nil {
			return streams.ID{}, nil
		}
		return s.LastID(), nil
	case '+':
		// From the last live entry, not from the last ID: Redis 7.4.0 took that
		// and found nothing after an XDEL of the top entry (redis#13388).
		return beforeLast(s), nil
	case '>':
		return streams.ID{}, errNewIDInRead
	}
	return parseID(b)
}

// beforeLast is the ID behind which only the last entry lies, 0-0 when there is
// none: then whatever comes first.
func beforeLast(s *keyspace.StreamValue) streams.ID {
	if s == nil {
		return streams.ID{}
	}
	last, ok := s.LastEntryID()
	if !ok {
		return streams.ID{}
	}
	before, _ := last.Prev() // no entry has the lowest ID
	return before
}

// readStreams appends what the streams of list have, and reports whether that
// was anything; if not c.Out is as it was. Its only error is ErrLong.
func (c *Call) readStreams(o *readOptions, list []readPosition) (bool, error) {
	r := openReadReply(c, o)
	for i := range list {
		from, more := list[i].after.Next()
		if list[i].s == nil || !more {
			continue
		}
		if last, ok := list[i].s.LastEntryID(); !ok || last.Less(from) {
			continue
		}
		if !r.budget.stream(c, o.keys[i]) {
			break
		}
		r.stream(c, o.keys[i])
		cur := list[i].s.Range(from, streams.MaxID)
		if err := c.appendEntries(&cur, o.limit, &r.budget); err != nil {
			return false, err
		}
	}
	return r.close(c), nil
}

// wait is a wait for any of the keys.
func (o *readOptions) wait(db int) *blocking.Wait {
	w := &blocking.Wait{Timeout: o.timeout, Keys: make([]blocking.Key, len(o.keys))}
	for i, key := range o.keys {
		w.Keys[i] = blocking.Key{DB: db, Name: string(key)}
	}
	return w
}

// pinIDs is the command to run again when a wait ends: args with '$' and '+', the
// IDs that depend on the moment, as they were when the wait began. It returns nil
// when there are none.
func pinIDs(args [][]byte, firstID int, list []readPosition) [][]byte {
	var pinned [][]byte
	for i := range list {
		if id := args[firstID+i]; len(id) != 1 || id[0] != '$' && id[0] != '+' {
			continue
		}
		if pinned == nil {
			pinned = append([][]byte(nil), args...)
		}
		pinned[firstID+i] = list[i].after.AppendText(nil)
	}
	return pinned
}

// readReply is the outer level of an XREAD's reply: an array of pairs in RESP2, a
// map in RESP3, of streams that have something.
type readReply struct {
	header
	streams int64
	budget  readBudget
}

func openReadReply(c *Call, o *readOptions) readReply {
	h := openHeader(&c.Out, 1)
	return readReply{header: h, budget: readBudget{count: o.maxCount, size: o.maxSize, start: len(c.Out)}}
}

// stream begins the next stream; its entries follow.
func (r *readReply) stream(c *Call, key []byte) {
	r.streams++
	if c.Proto == wire.RESP2 {
		c.Out = wire.AppendArray(c.Out, 2)
	}
	c.Out = wire.AppendBulk(c.Out, key)
}

// close ends the reply and reports whether there is one.
func (r *readReply) close(c *Call) bool {
	if r.streams == 0 {
		c.Out = c.Out[:r.at]
		return false
	}
	kind := byte('*')
	if c.Proto == wire.RESP3 {
		kind = '%'
	}
	r.header.close(&c.Out, kind, r.streams)
	return true
}
