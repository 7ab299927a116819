package commands

import (
	"errors"
	"math"

	"github.com/millrace-io/millrace/keyspace"
	"github.com/millrace-io/millrace/resp/wire"
)

// The EXPIRE family sets a key's deadline. They differ in the unit of their number
// and in whether it counts from now.
// https://redis.io/docs/latest/commands/expire/
var (
	expire    = expireCommand("expire", "seconds", "1.0.0", 1000, true, "Sets the expiration time of a key in seconds.")
	pexpire   = expireCommand("pexpire", "milliseconds", "2.6.0", 1, true, "Sets the expiration time of a key in milliseconds.")
	expireAt  = expireCommand("expireat", "unix-time-seconds", "1.2.0", 1000, false, "Sets the expiration time of a key to a Unix timestamp.")
	pexpireAt = expireCommand("pexpireat", "unix-time-milliseconds", "2.6.0", 1, false, "Sets the expiration time of a key to a Unix milliseconds timestamp.")
)

func expireCommand(name, unit, since string, ms int64, fromNow bool, summary string) Command {
	parse := func(args [][]byte, now int64) (expireOptions, error) {
		return parseExpire(args, name, ms, fromNow, now)
	}
	kind := "integer"
	if !fromNow {
		kind = "unix-time"
	}
	return Command{
		Name: name, Syntax: upper(name) + " key " + unit + " [NX | XX | GT | LT]",
		Summary: summary, Since: since, Group: "generic", Complexity: "O(1)",
		History:   [][2]string{{"7.0.0", "Added options: `NX`, `XX`, `GT` and `LT`."}},
		Arguments: []Argument{keyArgument, {Name: unit, Type: kind}, expireConditionArgument},
		Arity:     -3, Flags: Write | Fast, Categories: CatKeyspace | CatWrite | CatFast,
		Keys:  OneKey(1, "RW", "update"),
		Class: Log,
		Check: func(args [][]byte) error { _, err := parse(args, 0); return err },
		Run: func(c *Call) error {
			o, err := parse(c.Args, c.Now)
			if err != nil {
				return err
			}
			return o.run(c)
		},
		Quiet: func(c *Call) bool {
			k, expired := c.DB.Get(c.Args[1], c.Now)
			return k == nil && !expired
		},
	}
}

// expireOptions are the arguments of an EXPIRE.
type expireOptions struct {
	deadline       int64 // Unix ms
	nx, xx, gt, lt bool
}

var (
	errExpireNX   = errors.New("ERR NX and XX, GT or LT options at the same time are not compatible")
	errExpireGTLT = errors.New("ERR GT and LT options at the same time are not compatible")
)

func parseExpire(args [][]byte, name string, ms int64, fromNow bool, now int64) (o expireOptions, err error) {
	for _, option := range args[3:] {
		switch {
		case equalFold(option, "nx"):
			o.nx = true
		case equalFold(option, "xx"):
			o.xx = true
		case equalFold(option, "gt"):
			o.gt = true
		case equalFold(option, "lt"):
			o.lt = true
		default:
			return o, errors.New("ERR Unsupported option " + quoted(option))
		}
	}
	switch {
	case o.nx && (o.xx || o.gt || o.lt):
		return o, errExpireNX
	case o.gt && o.lt:
		return o, errExpireGTLT
	}
	n, err := parseInteger(args[2])
	if err != nil {
		return o, err
	}
	invalid := errors.New("ERR invalid expire time in '" + name + "' command")
	if n > math.MaxInt64/ms || n < math.MinInt64/ms {
		return o, invalid
	}
	o.deadline = n * ms
	if fromNow {
		if o.deadline > math.MaxInt64-now {
			return o, invalid
		}
		o.deadline += now
	}
	return o, nil
}

func (o *expireOptions) run(c *Call) error {
	k := c.DB.GetForWrite(c.Args[1], c.Now)
	if k == nil || !o.allowed(k) {
		c.Out = wire.AppendInt(c.Out, 0)
		return nil
	}
	if o.deadline <= c.Now {
		c.remove(c.Args[1])
	} else {
		c.DB.SetDeadline(k, o.deadline)
		c.DB.Touch(k)
		c.Notify(EventGeneric, "expire", c.Args[1])
	}
	c.Out = wire.AppendInt(c.Out, 1)
	return nil
}

// allowed applies NX, XX, GT and LT. No deadline counts as one infinitely far away.
func (o *expireOptions) allowed(k *keyspace.Key) bool {
	has := k.Deadline() != 0
	switch {
	case o.nx && has, o.xx && !has:
		return false
	case o.gt:
		return has && o.deadline > k.Deadline()
	case o.lt:
		return !has || o.deadline < k.Deadline()
	}
	return true
}
