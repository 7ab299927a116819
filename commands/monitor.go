//lint:file-ignore ST1005 Clients compare these texts: they are as Redis has them.

package commands

import (
	"errors"
	"slices"
	"strconv"
	"time"

	"github.com/millrace-io/millrace/resp/wire"
)

// ErrMonitorReads is the session's answer to a monitor that wants to look at keys.
var ErrMonitorReads = errors.New("ERR Replica can't interact with the keyspace")

var errMonitorInExec = errors.New("ERR MONITOR isn't allowed for DENY BLOCKING client")

// MONITOR: from now on the connection gets a line for each command that any
// connection runs.
// https://redis.io/docs/latest/commands/monitor/
var monitor = Command{
	Name: "monitor", Syntax: "MONITOR",
	Summary: "Listens for all requests received by the server in real-time.",
	Since:   "1.0.0", Group: "server", Complexity: "O(N) for each command of any client, where N is the number of monitors.",
	Differences: "A line is written when the command is taken up, so the lines of different connections stand in the order in which their commands " +
		"came, which need not be that of the log. A monitor that does not read is closed at the `pubsub` limits of `client-output-buffer-limit`. " +
		"A second MONITOR of a connection is answered.",
	Arity: 1, Flags: Admin | NoScript | Loading | Stale, Categories: CatAdmin | CatSlow | CatDangerous,
	Class: Barrier,
	Serve: func(c *ServeCall) error {
		if !c.Session.Monitor() {
			return errMonitorInExec
		}
		c.Out = wire.AppendSimple(c.Out, "OK")
		return nil
	},
}

// Monitored reports whether monitors get to see the command.
func (c *Command) Monitored() bool { return c.Flags&(Admin|SkipMonitor) == 0 }

// AppendMonitorLine appends what monitors see of a command: when and by whom, with
// which database selected, and the arguments, secrets apart.
func AppendMonitorLine(out []byte, now time.Time, db int, client string, c *Command, args [][]byte) []byte {
	us := now.UnixMicro()
	out = append(out, '+')
	out = strconv.AppendInt(out, us/1e6, 10)
	out = append(out, '.')
	fraction := strconv.AppendInt(nil, us%1e6+1e6, 10)
	out = append(out, fraction[1:]...)
	out = append(out, " ["...)
	out = strconv.AppendInt(out, int64(db), 10)
	out = append(out, ' ')
	out = append(out, client...)
	out = append(out, ']')
	secrets := c.secretsOf(args)
	for i, a := range args {
		out = append(out, ' ')
		if slices.Contains(secrets, i) {
			a = redacted
		}
		out = appendQuoted(out, a)
	}
	return append(out, '\r', '\n')
}

// redacted stands in the place of an argument that nobody is to see.
var redacted = []byte("(redacted)")

// secretsOf are the indexes of the arguments that stand in no log.
func (c *Command) secretsOf(args [][]byte) []int {
	if c.Secrets == nil {
		return nil
	}
	return c.Secrets(args)
}

// appendQuoted appends b as Redis quotes it for people.
func appendQuoted(out, b []byte) []byte {
	const hex = "0123456789abcdef"
	out = append(out, '"')
	for _, ch := range b {
		switch ch {
		case '\\', '"':
			out = append(out, '\\', ch)
		case '\n':
			out = append(out, '\\', 'n')
		case '\r':
			out = append(out, '\\', 'r')
		case '\t':
			out = append(out, '\\', 't')
		case '\a':
			out = append(out, '\\', 'a')
		case '\b':
			out = append(out, '\\', 'b')
		default:
			if ch < ' ' || ch > '~' {
				out = append(out, '\\', 'x', hex[ch>>4], hex[ch&15])
			} else {
				out = append(out, ch)
			}
		}
	}
	return append(out, '"')
}
