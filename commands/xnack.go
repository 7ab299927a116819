package commands

import (
	"math"

	"github.com/millrace-io/millrace/groups"
	"github.com/millrace-io/millrace/keyspace"
	"github.com/millrace-io/millrace/resp/wire"
	"github.com/millrace-io/millrace/streams"
)

// XNACK key group <SILENT | FAIL | FATAL> IDS numids id [id ...] [RETRYCOUNT n]
// [FORCE]: releases pending entries, whoever owns them. They wait in the NACK zone,
// where anybody may claim them at once.
// https://redis.io/docs/latest/commands/xnack/
var xnack = Command{
	Name:    "xnack",
	Syntax:  "XNACK key group <SILENT | FAIL | FATAL> IDS numids id [id ...] [RETRYCOUNT count] [FORCE]",
	Summary: "Releases pending entries of a consumer group for another consumer to claim, and returns how many there were.",
	Since:   "8.8.0", Group: "stream",
	Complexity: "O(log N) for each ID, with N being the number of entries in the PEL of the consumer group.",
	Arguments: []Argument{
		keyArgument, groupArgument,
		{Name: "mode", Type: "oneof", Args: []Argument{
			{Name: "silent", Type: "pure-token", Token: "SILENT"},
			{Name: "fail", Type: "pure-token", Token: "FAIL"},
			{Name: "fatal", Type: "pure-token", Token: "FATAL"},
		}},
		idsArgument,
		{Name: "count", Type: "integer", Token: "RETRYCOUNT", Optional: true},
		{Name: "force", Type: "pure-token", Token: "FORCE", Optional: true},
	},
	Arity: -7, Flags: Write | Fast, Categories: CatWrite | CatStream | CatFast,
	Keys:  OneKey(1, "RW", "update"),
	Class: Log,
	Run:   runXNack,
	Quiet: quietXNack,
}

type nackMode uint8

const (
	nackSilent nackMode = iota // as if the entry had not been delivered
	nackFail                   // the delivery counts
	nackFatal                  // no delivery can help: the count goes to its maximum
)

// nackOptions are XNACK's arguments.
type nackOptions struct {
	mode       nackMode
	ids        [][]byte
	retryCount int64 // negative: as the mode has it
	force      bool
}

func parseNack(args [][]byte) (o nackOptions, err error) {
	o.retryCount = -1
	switch {
	case equalFold(args[3], "silent"):
		o.mode = nackSilent
	case equalFold(args[3], "fail"):
		o.mode = nackFail
	case equalFold(args[3], "fatal"):
		o.mode = nackFatal
	default:
		return o, errNackMode
	}
	for i := 4; i < len(args); {
		n, err := o.parseOption(args[i:])
		if err != nil {
			return o, err
		}
		i += n
	}
	if o.ids == nil {
		return o, errNackNoIDs
	}
	return o, checkIDs(o.ids)
}

// parseOption parses the option that args begin with and returns how many of them
// it takes.
func (o *nackOptions) parseOption(args [][]byte) (n int, err error) {
	switch {
	case equalFold(args[0], "force"):
		o.force = true
		return 1, nil
	case len(args) == 1:
	case equalFold(args[0], "ids"):
		count, ok := parseInt(args[1])
		if !ok || count <= 0 {
			return 0, errNackNumIDs
		}
		if count > int64(len(args)-2) {
			return 0, errNackTooFewIDs
		}
		o.ids = args[2 : 2+count]
		return 2 + int(count), nil
	case equalFold(args[0], "retrycount"):
		if o.retryCount, err = parseInteger(args[1]); err == nil && o.retryCount < 0 {
			err = errNackRetryCount
		}
		return 2, err
	}
	return 0, unrecognizedNackOption(args[0])
}

// count is the delivery count of an entry once it is released.
func (o *nackOptions) count(count int64) int64 {
	switch {
	case o.retryCount >= 0:
		return o.retryCount
	case o.mode == nackFatal:
		return math.MaxInt64
	case o.mode == nackSilent:
		return max(0, count-1)
	}
	return count
}

// released returns the pending entry of that ID as XNACK leaves it. FORCE makes
// one where there is none, if the stream has the entry.
func (o *nackOptions) released(s *keyspace.StreamValue, g *groups.Group, id streams.ID) (p groups.Pending, ok bool) {
	p, ok = g.Get(id)
	if !ok {
		if !o.force || !s.Has(id) {
			return p, false
		}
		p.ID = id
	}
	return p.Released(o.count(p.Count)), true
}

func runXNack(c *Call) error {
	k, s, err := c.streamToChange(c.Args[1])
	if err != nil {
		return err
	}
	g := c.groupToChange(s, c.Args[2])
	if g == nil {
		return noSuchKeyOrGroup(c.Args[1], c.Args[2])
	}
	o, err := parseNack(c.Args)
	if err != nil {
		return err
	}
	released := int64(0)
	if c.Applying {
		for _, a := range o.ids {
			id, _ := streams.ParseID(a, 0)
			if p, ok := o.released(s, g, id); ok {
				g.Put(p) // also one that was released before: it goes to the end of the zone
				released++
			}
		}
	}
	if released > 0 {
		c.signalKey(k, c.Args[1])
	}
	c.Out = wire.AppendInt(c.Out, released)
	return nil
}

func quietXNack(c *Call) bool {
	s, g, known := c.quietGroup(c.Args[1], c.Args[2])
	if g == nil {
		return known
	}
	o, err := parseNack(c.Args)
	if err != nil {
		return true
	}
	for _, a := range o.ids {
		id, _ := streams.ParseID(a, 0)
		if _, ok := o.released(s, g, id); ok {
			return false
		}
	}
	return true
}
