package commands

import (
	"math"
	"strconv"

	"github.com/millrace-io/millrace/resp/wire"
)

// MSETEX numkeys key value [key value ...] [NX|XX] [EX|PX|EXAT|PXAT|KEEPTTL]: sets
// strings with one expiry, all or none.
// https://redis.io/docs/latest/commands/msetex/
var msetEx = Command{
	Name: "msetex",
	Syntax: "MSETEX numkeys key value [key value ...] [NX | XX]" +
		" [EX seconds | PX milliseconds | EXAT unix-time-seconds | PXAT unix-time-milliseconds | KEEPTTL]",
	Summary: "Atomically sets multiple string keys with a shared expiration in a single operation.",
	Since:   "8.4.0", Group: "string", Complexity: "O(N) where N is the number of keys to set.",
	Arguments: []Argument{
		{Name: "numkeys", Type: "integer"}, keyValueArgument,
		{Name: "condition", Type: "oneof", Optional: true, Args: existsConditionArgument.Args}, expirationArgument(keepTTLArgument),
	},
	Arity: -4, Flags: Write | DenyOOM, Categories: CatWrite | CatString | CatSlow,
	Tips:     []string{"request_policy:multi_shard", "response_policy:all_succeeded"},
	Keys:     []KeySpec{{Flags: []string{"OW", "update"}, Begin: 1, Counted: true, Step: 2}},
	FindKeys: msetExKeys,
	Class:    Log,
	Check:    func(args [][]byte) error { _, err := parseMSetEx(args, 0); return err },
	Run:      runMSetEx,
	Quiet: func(c *Call) bool {
		o, err := parseMSetEx(c.Args, c.Now)
		if err != nil {
			return true
		}
		some, all, known := c.quietlyPresent(o.pairs)
		return known && (o.nx && some || o.xx && !all)
	},
}

type msetExOptions struct {
	stringOptions
	pairs    [][]byte
	deadline int64
}

func parseMSetEx(args [][]byte, now int64) (o msetExOptions, err error) {
	n, ok := parseInt(args[1])
	switch {
	case !ok || n < 1 || n > math.MaxInt32:
		return o, errNumKeys
	case int(n) > (len(args)-2)/2:
		return o, errNumPairs
	}
	end := 2 + 2*int(n)
	o.pairs = args[2:end]
	if o.stringOptions, err = parseStringOptions(args[end:], optionsOfMSetEx); err != nil {
		return o, err
	}
	o.deadline, err = o.expiry.deadline(now, "msetex")
	return o, err
}

func runMSetEx(c *Call) error {
	o, err := parseMSetEx(c.Args, c.Now)
	if err != nil {
		return err
	}
	some, all, err := c.present(o.pairs)
	switch {
	case err != nil:
		return err
	case o.nx && some || o.xx && !all:
		c.Out = wire.AppendInt(c.Out, 0)
		return nil
	}
	for p := o.pairs; len(p) > 1; p = p[2:] {
		c.setUntil(p[0], p[1], o.deadline, o.keepTTL)
	}
	c.Out = wire.AppendInt(c.Out, 1)
	return nil
}

// msetExKeys finds the keys, as many as the first argument says; none when there are
// not so many arguments.
func msetExKeys(args [][]byte) (found []int) {
	n, err := strconv.Atoi(string(args[1]))
	if err != nil || n < 1 || n > (len(args)-2)/2 {
		return nil
	}
	for i := range n {
		found = append(found, 2+2*i)
	}
	return found
}
