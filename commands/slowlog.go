package commands

import (
	"errors"
	"math"
	"slices"
	"strconv"
	"time"

	"github.com/millrace-io/millrace/resp/wire"
)

// SLOWLOG: commands that took longer than slowlog-log-slower-than.
// https://redis.io/docs/latest/commands/slowlog/
var slowlog = Command{
	Name: "slowlog", Syntax: "SLOWLOG",
	Summary: "A container for slow log commands.",
	Since:   "2.2.12", Group: "server", Complexity: "Depends on subcommand.",
	Arity: -2, Categories: CatSlow,

	Sub: []*Command{
		&slowlogGet,
		helpCommand("slowlog", "server", "6.2.0", 0,
			"GET [<count>]", "    Return top <count> entries from the slowlog (default: 10, -1 mean all).",
			"    Entries are made of:", "    id, timestamp, time in microseconds, arguments array, client IP and port,", "    client name",
			"LEN", "    Return the length of the slowlog.",
			"RESET", "    Reset the slowlog."),
		&slowlogLen, &slowlogReset,
	},
}

// SlowLog keeps commands that took long.
type SlowLog interface {
	// Newest returns up to n of them, newest first.
	Newest(n int) []SlowCommand
	Len() int
	Reset()
}

// SlowCommand is an entry of SLOWLOG.
type SlowCommand struct {
	ID           uint64
	At           time.Time
	Took         time.Duration
	Args         [][]byte // cut as SlowArguments does
	Client, Name string
}

const (
	maxSlowArguments     = 32
	maxSlowArgumentBytes = 128
)

// SlowArguments are a command's arguments as SLOWLOG shows them: not too many, none
// too long, no secrets. The copies are the caller's.
func SlowArguments(c *Command, args [][]byte) [][]byte {
	secrets := c.secretsOf(args)
	shown := make([][]byte, 0, min(len(args), maxSlowArguments))
	for i, a := range args {
		if i == maxSlowArguments-1 && len(args) > maxSlowArguments {
			more := strconv.Itoa(len(args) - i)
			return append(shown, []byte("... ("+more+" more arguments)"))
		}
		if slices.Contains(secrets, i) {
			a = redacted
		}
		kept := append([]byte(nil), a[:min(len(a), maxSlowArgumentBytes)]...)
		if more := len(a) - len(kept); more > 0 {
			kept = append(kept, "... ("+strconv.Itoa(more)+" more bytes)"...)
		}
		shown = append(shown, kept)
	}
	return shown
}

var errSlowCount = errors.New("ERR count should be greater than or equal to -1")

// SLOWLOG GET [count].
var slowlogGet = Command{
	Name: "get", Syntax: "SLOWLOG GET [count]",
	Summary: "Get the slow log's entries.",
	Since:   "2.2.12", Group: "server", Complexity: "O(N) where N is the number of entries returned",
	Arguments: []Argument{{Name: "count", Type: "integer", Optional: true}},
	History:   [][2]string{{"4.0.0", "Added client IP address, port and name to the reply."}},
	Arity:     -2, Flags: Admin | Loading | Stale, Categories: CatAdmin | CatSlow | CatDangerous,
	Tips: []string{"request_policy:all_nodes", "nondeterministic_output"},

	Differences: "The time is that of the run alone: neither what the command waited for nor the sync of the log counts.",
	Class:       Barrier,
	Serve: func(c *ServeCall) error {
		n := int64(10)
		switch {
		case len(c.Args) > 3:
			return wrongSubcommandShape("SLOWLOG", c.Args[1])
		case len(c.Args) == 3:
			var err error
			if n, err = parseInteger(c.Args[2]); err != nil || n < -1 {
				return errSlowCount
			}
		}
		if n < 0 {
			n = math.MaxInt32
		}
		list := c.Node.SlowLog().Newest(int(min(n, math.MaxInt32)))
		c.Out = wire.AppendArray(c.Out, len(list))
		for i := range list {
			c.Out = list[i].append(c.Out)
		}
		return nil
	},
}

func (s *SlowCommand) append(out []byte) []byte {
	out = wire.AppendArray(out, 6)
	out = wire.AppendInt(out, int64(s.ID))
	out = wire.AppendInt(out, s.At.Unix())
	out = wire.AppendInt(out, s.Took.Microseconds())
	out = wire.AppendArray(out, len(s.Args))
	for _, a := range s.Args {
		out = wire.AppendBulk(out, a)
	}
	return wire.AppendBulkString(wire.AppendBulkString(out, s.Client), s.Name)
}

// SLOWLOG LEN.
var slowlogLen = Command{
	Name: "len", Syntax: "SLOWLOG LEN",
	Summary: "Get the slow log's length.",
	Since:   "2.2.12", Group: "server", Complexity: "O(1)",
	Arity: 2, Flags: Admin | Loading | Stale, Categories: CatAdmin | CatSlow | CatDangerous,
	Tips: []string{"request_policy:all_nodes", "response_policy:agg_sum", "nondeterministic_output"},

	Class: Barrier,
	Serve: func(c *ServeCall) error {
		c.Out = wire.AppendInt(c.Out, int64(c.Node.SlowLog().Len()))
		return nil
	},
}

// SLOWLOG RESET.
var slowlogReset = Command{
	Name: "reset", Syntax: "SLOWLOG RESET",
	Summary: "Clear all entries from the slow log.",
	Since:   "2.2.12", Group: "server", Complexity: "O(N) where N is the number of entries in the slowlog",
	Arity: 2, Flags: Admin | Loading | Stale, Categories: CatAdmin | CatSlow | CatDangerous,
	Tips: []string{"request_policy:all_nodes", "response_policy:all_succeeded"},

	Class: Barrier,
	Serve: func(c *ServeCall) error {
		c.Node.SlowLog().Reset()
		c.Out = wire.AppendSimple(c.Out, "OK")
		return nil
	},
}
