//lint:file-ignore ST1005 Clients compare these texts: they are as Redis has them.

package commands

import (
	"errors"
	"math"
	"time"

	"github.com/millrace-io/millrace/resp/wire"
)

var (
	errPauseTimeout  = errors.New("ERR timeout is not an integer or out of range")
	errPauseNegative = errors.New("ERR timeout is negative")
	errPauseRange    = errors.New("ERR timeout is out of range")
	errPauseMode     = errors.New("ERR CLIENT PAUSE mode must be WRITE or ALL")
)

// CLIENT PAUSE milliseconds [WRITE|ALL]: holds back what clients send, all of it or
// what changes keys; no key expires meanwhile. When it is answered, all that was on
// its way to the log has its place there.
// https://redis.io/docs/latest/commands/client-pause/
var clientPause = Command{
	Name: "pause", Syntax: "CLIENT PAUSE timeout [WRITE | ALL]",
	Summary: "Suspends commands processing.",
	Since:   "2.9.50", Group: "connection", Complexity: "O(1)",
	History: [][2]string{{"6.2.0", "`CLIENT PAUSE WRITE` mode added along with the `mode` option."}},
	Arguments: []Argument{
		{Name: "timeout", Type: "integer"},
		{Name: "mode", Type: "oneof", Optional: true, Since: "6.2.0", Args: []Argument{
			{Name: "write", Type: "pure-token", Token: "WRITE"},
			{Name: "all", Type: "pure-token", Token: "ALL"},
		}},
	},
	Arity: -3, Flags: Admin | clientFlags, Categories: CatAdmin | CatSlow | CatDangerous | CatConnection,
	Class: Barrier,
	Serve: func(c *ServeCall) error {
		writes := false
		switch {
		case len(c.Args) > 4:
			return wrongSubcommandShape("CLIENT", c.Args[1])
		case len(c.Args) == 4 && equalFold(c.Args[3], "write"):
			writes = true
		case len(c.Args) == 4 && !equalFold(c.Args[3], "all"):
			return errPauseMode
		}
		until, err := pauseEnd(c.Args[2], time.Now())
		if err != nil {
			return err
		}
		fill := c.Later()
		c.Node.Pause(until, writes, func() { fill(wire.AppendSimple(nil, "OK")) })
		return nil
	},
}

func pauseEnd(arg []byte, now time.Time) (time.Time, error) {
	ms, err := parseInteger(arg)
	switch {
	case err != nil:
		return now, errPauseTimeout
	case ms < 0:
		return now, errPauseNegative
	case ms > math.MaxInt64-now.UnixMilli():
		return now, errPauseRange
	}
	// A Duration ends after 292 years; so does the pause.
	return now.Add(time.Duration(min(ms, math.MaxInt64/int64(time.Millisecond))) * time.Millisecond), nil
}

// CLIENT UNPAUSE: ends a pause. During one of ALL it is held back as all others.
// https://redis.io/docs/latest/commands/client-unpause/
var clientUnpause = Command{
	Name: "unpause", Syntax: "CLIENT UNPAUSE",
	Summary: "Resumes processing commands from paused clients.",
	Since:   "6.2.0", Group: "connection", Complexity: "O(N) Where N is the number of paused clients",
	Arity: 2, Flags: Admin | clientFlags, Categories: CatAdmin | CatSlow | CatDangerous | CatConnection,
	Class: Barrier,
	Serve: func(c *ServeCall) error {
		c.Node.Unpause()
		c.Out = wire.AppendSimple(c.Out, "OK")
		return nil
	},
}
