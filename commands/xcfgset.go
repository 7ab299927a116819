package commands

import (
	"github.com/millrace-io/millrace/idmp"
	"github.com/millrace-io/millrace/resp/wire"
)

// XCFGSET key [IDMP-DURATION seconds] [IDMP-MAXSIZE count]: sets how long and how many
// idempotent IDs the stream remembers. A change forgets all of them.
// https://redis.io/docs/latest/commands/xcfgset/
var xcfgset = Command{
	Name:    "xcfgset",
	Syntax:  "XCFGSET key [IDMP-DURATION seconds] [IDMP-MAXSIZE count]",
	Summary: "Sets how long and how many idempotent IDs of each producer a stream remembers.",
	Since:   "8.6.0", Group: "stream", Complexity: "O(1)",
	Differences: "The limits may be higher than those of Redis: `IDMP-DURATION` up to 2592000 seconds (30 days; there 86400), `IDMP-MAXSIZE` up to 1000000 (there 10000). " +
		idmpMemory,
	Arguments: []Argument{
		keyArgument,
		{Name: "duration", Type: "integer", Token: "IDMP-DURATION", Optional: true},
		{Name: "maxsize", Type: "integer", Token: "IDMP-MAXSIZE", Optional: true},
	},
	Arity: -2, Flags: Write | Fast, Categories: CatWrite | CatStream | CatFast,
	Keys:  OneKey(1, "RW", "update"),
	Class: Log,
	Run:   runXCfgSet,
	Quiet: quietXCfgSet,
}

// idmpMemory says what remembering costs (TestMemoryPerIID of package idmp measures it).
const idmpMemory = "An idempotent ID that is remembered takes some 40 bytes beside its own, which makes 80 for a UUID: " +
	"80 MB for a producer with `IDMP-MAXSIZE 1000000` that has used it up. A producer takes some 300 bytes more. The number of producers is not limited: " +
	"each is forgotten `IDMP-DURATION` after its last entry. MEMORY USAGE counts all of it."

// parseLimits reads the options over the limits that the stream has now.
func parseLimits(args [][]byte, now idmp.Limits) (limits idmp.Limits, err error) {
	limits = now
	var duration, maxSize bool
	for i := 2; i < len(args); i += 2 {
		switch {
		case i+1 == len(args):
			return now, errSyntax
		case equalFold(args[i], "idmp-duration"):
			if duration {
				return now, errConfigDurationTwice
			}
			duration = true
			limits.Duration, err = parseLimit(args[i+1], idmp.MaxDuration, errConfigDuration)
		case equalFold(args[i], "idmp-maxsize"):
			if maxSize {
				return now, errConfigMaxSizeTwice
			}
			maxSize = true
			limits.MaxSize, err = parseLimit(args[i+1], idmp.MaxMaxSize, errConfigMaxSize)
		default:
			return now, errSyntax
		}
		if err != nil {
			return now, err
		}
	}
	if !duration && !maxSize {
		return now, errConfigNothing
	}
	return limits, nil
}

func parseLimit(arg []byte, most int64, outside error) (int, error) {
	n, err := parseInteger(arg)
	if err != nil {
		return 0, err
	}
	if n < 1 || n > most {
		return 0, outside
	}
	return int(n), nil
}

func runXCfgSet(c *Call) error {
	_, s, err := c.streamToChange(c.Args[1])
	if err != nil {
		return err
	}
	if s == nil {
		return errNoSuchKey
	}
	limits, err := parseLimits(c.Args, s.Producers().Limits())
	if err != nil {
		return err
	}
	if c.Applying {
		c.DB.SetIDMP(c.Args[1], s, limits)
	}
	c.Out = wire.AppendSimple(c.Out, "OK")
	return nil
}

// quietXCfgSet is true when the limits would be the same.
func quietXCfgSet(c *Call) bool {
	s, known := c.quietStream(c.Args[1])
	if s == nil {
		return known
	}
	now := s.Producers().Limits()
	limits, err := parseLimits(c.Args, now)
	return err != nil || limits == now
}
