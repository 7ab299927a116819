package commands

import (
	"math"

	"github.com/millrace-io/millrace/resp/wire"
)

// RESTORE key ttl value [REPLACE] [ABSTTL] [IDLETIME s] [FREQ f]: makes a key of what
// DUMP gave, here or, for strings and streams, on a Redis.
// https://redis.io/docs/latest/commands/restore/
var restore = Command{
	Name: "restore", Syntax: "RESTORE key ttl serialized-value [REPLACE] [ABSTTL] [IDLETIME seconds] [FREQ frequency]",
	Summary: "Creates a key from the serialized representation of a value.",
	Since:   "2.6.0", Group: "generic", Complexity: "O(N) with N the size of the value.",
	History: [][2]string{
		{"3.0.0", "Added the `REPLACE` modifier."},
		{"5.0.0", "Added the `ABSTTL` modifier."},
		{"5.0.0", "Added the `IDLETIME` and `FREQ` options."},
	},
	Differences: "IDLETIME and FREQ are checked and have no effect. What DUMP of a Redis gave is taken up to version 12 of its format, strings and streams.",
	Arguments: []Argument{
		keyArgument, {Name: "ttl", Type: "integer"}, {Name: "serialized-value", Type: "string"},
		{Name: "replace", Type: "pure-token", Token: "REPLACE", Optional: true, Since: "3.0.0"},
		{Name: "absttl", Type: "pure-token", Token: "ABSTTL", Optional: true, Since: "5.0.0"},
		{Name: "seconds", Type: "integer", Token: "IDLETIME", Optional: true, Since: "5.0.0"},
		{Name: "frequency", Type: "integer", Token: "FREQ", Optional: true, Since: "5.0.0"},
	},
	Arity: -4, Flags: Write | DenyOOM, Categories: CatKeyspace | CatWrite | CatSlow | CatDangerous,
	Keys:  OneKey(1, "OW", "update"),
	Class: Log,
	Check: func(args [][]byte) error { _, err := parseRestore(args); return err },
	Run:   runRestore,
	Quiet: func(c *Call) bool {
		o, err := parseRestore(c.Args)
		if err != nil {
			return true
		}
		k, _ := c.quietKey(c.DB, c.Args[1])
		return k != nil && !o.replace
	},
}

type restoreOptions struct {
	replace, absolute bool
	idle, frequent    bool // given
}

func parseRestore(args [][]byte) (o restoreOptions, err error) {
	for i := 4; i < len(args); i++ {
		hasNext := i+1 < len(args)
		switch {
		case equalFold(args[i], "replace"):
			o.replace = true
		case equalFold(args[i], "absttl"):
			o.absolute = true
		case equalFold(args[i], "idletime") && hasNext && !o.frequent:
			i++
			o.idle = true
			err = checkWithin(args[i], math.MaxInt64, errRestoreIdle)
		case equalFold(args[i], "freq") && hasNext && !o.idle:
			i++
			o.frequent = true
			err = checkWithin(args[i], math.MaxUint8, errRestoreFreq)
		default:
			err = errSyntax
		}
		if err != nil {
			return o, err
		}
	}
	return o, nil
}

// checkWithin checks for an integer from 0 to most.
func checkWithin(arg []byte, most int64, otherwise error) error {
	n, err := parseInteger(arg)
	if err == nil && (n < 0 || n > most) {
		err = otherwise
	}
	return err
}

func runRestore(c *Call) error {
	o, err := parseRestore(c.Args)
	if err != nil {
		return err
	}
	name := c.Args[1]
	k, err := c.keyToChange(c.DB, name)
	if err != nil {
		return err
	}
	if k != nil && !o.replace {
		return errBusyKey
	}
	ttl, err := parseInteger(c.Args[2])
	switch {
	case err != nil:
		return err
	case ttl < 0:
		return errRestoreTTL
	}
	value, err := parseRestored(c.Args[3])
	if err != nil {
		return err
	}
	deadline, err := o.deadline(ttl, c.Now)
	if err != nil {
		return err
	}
	if deadline != 0 && deadline <= c.Now {
		c.remove(name)
	} else {
		value.put(c, name, deadline)
		c.Signal(name)
		c.Notify(EventGeneric, "restore", name)
	}
	c.Out = wire.AppendSimple(c.Out, "OK")
	return nil
}

// deadline is the Unix time in ms that a TTL means, 0 for none.
func (o restoreOptions) deadline(ttl, now int64) (int64, error) {
	switch {
	case ttl == 0 || o.absolute:
		return ttl, nil
	case ttl > math.MaxInt64-now:
		return 0, errRestoreTTL
	}
	return ttl + now, nil
}
