package commands

import (
	"slices"

	"github.com/millrace-io/millrace/keyspace"
	"github.com/millrace-io/millrace/resp/wire"
)

// SET key value [NX|XX|IFEQ|IFNE|IFDEQ|IFDNE] [GET] [EX|PX|EXAT|PXAT|KEEPTTL]: sets a
// string, whatever the key held before.
// https://redis.io/docs/latest/commands/set/
var set = Command{
	Name: "set",
	Syntax: "SET key value [NX | XX | IFEQ ifeq-value | IFNE ifne-value | IFDEQ ifdeq-digest | IFDNE ifdne-digest] [GET]" +
		" [EX seconds | PX milliseconds | EXAT unix-time-seconds | PXAT unix-time-milliseconds | KEEPTTL]",
	Summary: "Sets the string value of a key, ignoring its type. The key is created if it doesn't exist.",
	Since:   "1.0.0", Group: "string", Complexity: "O(1); O(N) for IFEQ, IFNE, IFDEQ and IFDNE, with N the length of the value.",
	History: [][2]string{
		{"2.6.12", "Added the `EX`, `PX`, `NX` and `XX` options."},
		{"6.0.0", "Added the `KEEPTTL` option."},
		{"6.2.0", "Added the `GET`, `EXAT` and `PXAT` option."},
		{"7.0.0", "Allowed the `NX` and `GET` options to be used together."},
		{"8.4.0", "Added the `IFEQ`, `IFNE`, `IFDEQ` and `IFDNE` options."},
	},
	Arguments: []Argument{
		keyArgument, {Name: "value", Type: "string"},
		{Name: "condition", Type: "oneof", Optional: true, Since: "2.6.12", Args: slices.Concat(existsConditionArgument.Args, comparisonArguments)},
		{Name: "get", Type: "pure-token", Token: "GET", Optional: true, Since: "6.2.0"},
		expirationArgument(keepTTLArgument),
	},
	Arity: -3, Flags: Write | DenyOOM, Categories: CatWrite | CatString | CatSlow,
	Keys: []KeySpec{{
		Notes: "RW and ACCESS due to the optional `GET` argument",
		Flags: []string{"RW", "access", "update", "variable_flags"}, Begin: 1, Step: 1,
	}},
	Class: Log,
	Check: func(args [][]byte) error { _, _, err := parseSet(args, 0); return err },
	Run:   runSet,
	Quiet: func(c *Call) bool {
		o, _, err := parseSet(c.Args, c.Now)
		if err != nil {
			return true // an error, and nothing else
		}
		k, known := c.quietKey(c.DB, c.Args[1])
		if !known {
			return false
		}
		sets, err := o.allowed(k != nil, func() (bool, error) { return o.only.holds(k) })
		return err != nil || !sets
	},
}

func parseSet(args [][]byte, now int64) (o stringOptions, deadline int64, err error) {
	if o, err = parseStringOptions(args[3:], optionsOfSet); err != nil {
		return o, 0, err
	}
	deadline, err = o.expiry.deadline(now, "set")
	return o, deadline, err
}

// allowed applies NX, XX and the comparison.
func (o *stringOptions) allowed(exists bool, compared func() (bool, error)) (bool, error) {
	if o.nx && exists || o.xx && !exists {
		return false, nil
	}
	return compared()
}

func runSet(c *Call) error {
	o, deadline, err := parseSet(c.Args, c.Now)
	if err != nil {
		return err
	}
	name := c.Args[1]
	k, err := c.keyToChange(c.DB, name)
	if err != nil {
		return err
	}
	var old []byte
	if o.get {
		if old, err = c.read(k, name); err != nil {
			return err
		}
	}
	sets, err := o.allowed(k != nil, func() (bool, error) { return o.only.holds(k) })
	if err != nil {
		return err
	}
	switch {
	case o.get:
		c.appendText(k != nil, old)
	case sets:
		c.Out = wire.AppendSimple(c.Out, "OK")
	default:
		c.Out = wire.AppendNull(c.Out, c.Proto)
	}
	if sets {
		c.setUntil(name, c.Args[2], deadline, o.keepTTL)
	}
	return nil
}

// setUntil sets a key to a string with a deadline, 0 for none. A deadline that has
// passed removes the key; the events are those of one that was there for a moment.
func (c *Call) setUntil(name, value []byte, deadline int64, keepDeadline bool) {
	passed := deadline != 0 && deadline <= c.Now
	var k *keyspace.Key
	switch {
	case !passed:
		k = c.setString(name, value, keepDeadline)
	case c.DB.Delete(name):
		c.Signal(name)
	default:
		c.Notify(EventNew, "new", name)
	}
	c.Notify(EventString, "set", name)
	if deadline == 0 {
		return
	}
	if k != nil {
		c.DB.SetDeadline(k, deadline)
	}
	c.Notify(EventGeneric, "expire", name)
	if passed {
		c.Notify(EventExpired, "expired", name)
	}
}

// appendText appends a string, or null for none.
func (c *Call) appendText(found bool, text []byte) {
	if found {
		c.Out = wire.AppendBulk(c.Out, text)
	} else {
		c.Out = wire.AppendNull(c.Out, c.Proto)
	}
}
