package commands

import (
	"github.com/millrace-io/millrace/idmp"
	"github.com/millrace-io/millrace/resp/wire"
	"github.com/millrace-io/millrace/streams"
)

// XADD key [NOMKSTREAM] [KEEPREF|DELREF|ACKED] [IDMPAUTO pid | IDMP pid iid]
// [MAXLEN|MINID [=|~] threshold [LIMIT n]] <*|id> field value [field value ...]:
// appends an entry, then trims; the new entry counts and may itself be trimmed. An
// entry that its producer has added before is not added again.
// https://redis.io/docs/latest/commands/xadd/
var xadd = Command{
	Name:    "xadd",
	Syntax:  "XADD key [NOMKSTREAM] [KEEPREF | DELREF | ACKED] [IDMPAUTO pid | IDMP pid iid] [<MAXLEN | MINID> [= | ~] threshold [LIMIT count]] <* | id> field value [field value ...]",
	Summary: "Appends an entry to a stream. Creates the key if it doesn't exist.",
	Since:   "5.0.0", Group: "stream",
	Complexity: "O(1) when adding a new entry, O(N) when trimming where N being the number of entries evicted.",
	History: [][2]string{
		{"6.2.0", "Added the `NOMKSTREAM` option, `MINID` trimming strategy and the `LIMIT` option."},
		{"7.0.0", "Added support for the `<ms>-*` explicit ID form."},
		{"8.2.0", "Added the `KEEPREF`, `DELREF` and `ACKED` options."},
		{"8.6.0", "Added the `IDMP` and `IDMPAUTO` options."},
	},
	Differences: "An idempotent ID is over at the very millisecond, `IDMP-DURATION` after the one in its entry's ID, where Redis takes it away in a periodic job: " +
		"the same pair then adds a new entry. An entry whose ID is ahead of the clock is remembered for that much longer, as in Redis. An XADD that fails leaves no producer behind in `pids-tracked`. The ID that `IDMPAUTO` makes of the fields is not that of Redis. " +
		"What is remembered of producers costs memory: see [XCFGSET](#xcfgset). " +
		"With `~` and `ACKED`, in a stream where 512 entries or more are pending, not every XADD trims: one in P/256 does, with P being how many are pending in all groups, " +
		"as a trim passes over all of them. XTRIM always trims, and so does XADD with `=`.",
	Arguments: []Argument{
		keyArgument,
		{Name: "nomkstream", Type: "pure-token", Token: "NOMKSTREAM", Optional: true, Since: "6.2.0"},
		refPolicyArgument,
		idmpArgument,
		{Name: "trim", Type: "block", Optional: true, Args: trimArguments},
		{Name: "id-selector", Type: "oneof", Args: []Argument{
			{Name: "auto-id", Type: "pure-token", Token: "*"},
			{Name: "id", Type: "string"},
		}},
		{Name: "data", Type: "block", Multiple: true, Args: []Argument{
			{Name: "field", Type: "string"},
			{Name: "value", Type: "string"},
		}},
	},
	Arity: -5, Flags: Write | DenyOOM | Fast, Categories: CatWrite | CatStream | CatFast,
	Tips: []string{"nondeterministic_output"},
	Keys: []KeySpec{{
		Flags: []string{"RW", "update"}, Begin: 1, Step: 1,
		Notes: "UPDATE instead of INSERT because of the optional trimming feature",
	}},
	Class: Log, Adds: addsForCertain,
	Check: func(args [][]byte) error { _, err := parseAdd(args); return err },
	Run:   runXAdd,
}

// idmpArgument is IDMPAUTO pid or IDMP pid iid.
var idmpArgument = Argument{
	Name: "idmp", Type: "oneof", Optional: true, Since: "8.6.0", Args: []Argument{
		{Name: "idmpauto-with-pid", Type: "block", Token: "IDMPAUTO", Args: []Argument{{Name: "pid", Type: "string"}}},
		{Name: "idmp-with-pid-iid", Type: "block", Token: "IDMP", Args: []Argument{
			{Name: "pid", Type: "string"}, {Name: "iid", Type: "string"},
		}},
	},
}

// addOptions are XADD's arguments.
type addOptions struct {
	trimOptions
	idmp       idmpOptions
	noMkStream bool
	id         addID
	fields     int // index of the first field
}

// addsForCertain reports whether the entry can't fail to be there for a reader that
// stands right behind: a waiter that is claimed for an entry which does not come
// would lose its place to the next in line.
func addsForCertain(args [][]byte) bool {
	o, err := parseAdd(args)
	return err == nil && o.id == addID{} && !o.noMkStream && !o.idmp.given() &&
		(o.Kind == streams.TrimNone || o.Kind == streams.TrimMaxLen && o.MaxLen > 0)
}

// maxEntryBytes is how much the fields and values of one entry may be.
const maxEntryBytes = 1 << 30

func parseAdd(args [][]byte) (o addOptions, err error) {
	i := 2
	for ; i < len(args); i++ {
		if a := args[i]; len(a) == 1 && a[0] == '*' {
			break
		}
		next, err := o.parse(args, i)
		if err == nil && next == i {
			next, err = o.idmp.parse(args, i)
		}
		if err != nil {
			return o, err
		}
		if next > i {
			i = next - 1
			continue
		}
		if equalFold(args[i], "nomkstream") {
			o.noMkStream = true
			continue
		}
		// Neither option nor '*': the ID, or something that fails as one.
		if o.id, err = parseAddID(args[i]); err != nil {
			return o, err
		}
		break
	}
	if err := o.check(false); err != nil {
		return o, err
	}
	if err := o.idmp.check(o.id); err != nil {
		return o, err
	}
	o.fields = i + 1
	if n := len(args) - o.fields; n < 2 || n%2 != 0 {
		return o, errXAddArity
	}
	if o.id.kind == addExplicit && o.id.id.IsZero() {
		return o, errIDZero
	}
	return o, nil
}

func runXAdd(c *Call) error {
	o, err := parseAdd(c.Args)
	if err != nil {
		return err
	}
	k, s, err := c.StreamForWrite(c.Args[1])
	if err != nil {
		return err
	}
	var last streams.ID
	if s != nil {
		last = s.LastID()
	} else if o.noMkStream {
		c.Out = wire.AppendNull(c.Out, c.Proto)
		return nil
	}
	fields := c.Args[o.fields:]
	var pair idmp.Pair
	if o.idmp.given() {
		pair = o.idmp.pair(fields)
		if id, known := c.findDuplicate(s, pair); known {
			c.Out = appendID(c.Out, id)
			return nil
		}
	}
	id, err := o.id.next(last, c.Now)
	if err != nil {
		return err
	}
	if tooLarge(fields) {
		return errTooLarge
	}

	if s == nil {
		s = c.DB.PutStream(c.Args[1])
	}
	s.Append(id, fields, c.Limits)
	if o.idmp.given() {
		c.record(s, pair, id)
	}
	c.Notify(EventStream, "xadd", c.Args[1])
	if trimsNow(s, &o.trimOptions) && c.trimStream(s, &o.trimOptions) > 0 {
		c.Notify(EventStream, "xtrim", c.Args[1])
	}
	c.DB.Touch(k)
	c.signalKey(k, c.Args[1])
	c.Out = appendID(c.Out, id)
	return nil
}

func tooLarge(fields [][]byte) bool {
	sum := 0
	for _, f := range fields {
		sum += len(f)
	}
	return sum > maxEntryBytes
}
