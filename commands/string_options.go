package commands

import (
	"errors"
	"math"
)

// stringOptions are the options of SET, GETEX and MSETEX, which share them.
type stringOptions struct {
	nx, xx, get, keepTTL, persist bool
	only                          comparison
	expiry                        expiry
}

// expiry is an expiry as it was given: EX, PX, EXAT or PXAT and a number.
type expiry struct {
	number []byte // nil: none was given
	unit   int64  // in milliseconds
	at     bool   // a point in time, not a span from now
}

// optionsOf names the command whose options are parsed.
type optionsOf uint8

const (
	optionsOfSet optionsOf = iota
	optionsOfGetEx
	optionsOfMSetEx
)

// parseStringOptions parses the options of a command. Any order is good, and saying
// the same thing twice; of what is said twice the last one counts.
func parseStringOptions(args [][]byte, of optionsOf) (o stringOptions, err error) {
	for i := 0; i < len(args); i++ {
		var next []byte
		if i+1 < len(args) {
			next = args[i+1]
		}
		used, err := o.option(args[i], next, i+1 < len(args), of)
		if err != nil {
			return o, err
		}
		i += used - 1
	}
	return o, nil
}

// option takes one option, with what stands behind it where it has a value, and
// returns how many arguments that were.
func (o *stringOptions) option(word, next []byte, hasNext bool, of optionsOf) (used int, err error) {
	sets := of != optionsOfGetEx
	switch {
	case sets && equalFold(word, "nx") && !o.xx && o.only.kind == noComparison:
		o.nx = true
	case sets && equalFold(word, "xx") && !o.nx && o.only.kind == noComparison:
		o.xx = true
	case of == optionsOfSet && equalFold(word, "get"):
		o.get = true
	case sets && equalFold(word, "keepttl") && o.expiry.number == nil:
		o.keepTTL = true
	case !sets && equalFold(word, "persist") && o.expiry.number == nil:
		o.persist = true
	case hasNext && o.expires(word, next):
		return 2, nil
	case hasNext && of == optionsOfSet && !o.nx && !o.xx && o.only.kind == noComparison:
		if o.only.kind = comparisonOf(word); o.only.kind == noComparison {
			return 0, errSyntax
		}
		o.only.value = next
		return 2, nil
	default:
		return 0, errSyntax
	}
	return 1, nil
}

// expires takes an option that sets an expiry; false when it is none, or does not go
// with those before.
func (o *stringOptions) expires(word, number []byte) bool {
	e := expiry{number: number}
	switch {
	case equalFold(word, "ex"):
		e.unit = 1000
	case equalFold(word, "px"):
		e.unit = 1
	case equalFold(word, "exat"):
		e.unit, e.at = 1000, true
	case equalFold(word, "pxat"):
		e.unit, e.at = 1, true
	default:
		return false
	}
	if before := o.expiry; o.keepTTL || o.persist || before.number != nil && (before.unit != e.unit || before.at != e.at) {
		return false
	}
	o.expiry = e
	return true
}

// deadline is the Unix time in ms that an expiry means, 0 when none was given. It may
// have passed. command is named in the error.
func (e expiry) deadline(now int64, command string) (int64, error) {
	if e.number == nil {
		return 0, nil
	}
	n, err := parseInteger(e.number)
	if err != nil {
		return 0, err
	}
	if n <= 0 || n > math.MaxInt64/e.unit {
		return 0, invalidExpire(command)
	}
	if n *= e.unit; e.at {
		return n, nil
	}
	if n > math.MaxInt64-now {
		return 0, invalidExpire(command)
	}
	return n + now, nil
}

func invalidExpire(command string) error {
	return errors.New("ERR invalid expire time in '" + command + "' command")
}

// Arguments of these options as COMMAND DOCS has them.
var (
	existsConditionArgument = Argument{Name: "condition", Type: "oneof", Optional: true, Since: "2.6.12", Args: []Argument{
		{Name: "nx", Type: "pure-token", Token: "NX"},
		{Name: "xx", Type: "pure-token", Token: "XX"},
	}}
	keepTTLArgument = Argument{Name: "keepttl", Type: "pure-token", Token: "KEEPTTL", Since: "6.0.0"}
)

// expirationArgument is the choice of expiries and of one thing more.
func expirationArgument(last Argument) Argument {
	return Argument{Name: "expiration", Type: "oneof", Optional: true, Args: []Argument{
		{Name: "seconds", Type: "integer", Token: "EX"},
		{Name: "milliseconds", Type: "integer", Token: "PX"},
		{Name: "unix-time-seconds", Type: "unix-time", Token: "EXAT"},
		{Name: "unix-time-milliseconds", Type: "unix-time", Token: "PXAT"},
		last,
	}}
}
