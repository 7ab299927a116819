//lint:file-ignore ST1005 Clients compare these texts: they are as Redis has them.

package commands

import (
	"errors"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/millrace-io/millrace/resp/wire"
)

// ErrDebugNotAllowed refuses DEBUG where enable-debug-command does not allow it.
var ErrDebugNotAllowed = errors.New(`ERR DEBUG command not allowed. If the enable-debug-command option is set to "local", you can run it from a local connection, otherwise you need to set this option in the configuration file, and then restart the server.`)

var errDebugReload = errors.New("ERR DEBUG RELOAD only supports the MERGE, NOFLUSH and NOSAVE options.")

// DEBUG: what test suites and authors of clients need.
// https://redis.io/docs/latest/commands/debug/
var debugging = Command{
	Name: "debug", Syntax: "DEBUG",
	Summary: "A container for debugging commands.",
	Since:   "1.0.0", Group: "server", Complexity: "Depends on subcommand.",
	Differences: "Only with `enable-debug-command`. SLEEP holds up the commands on keys, not the connections. RELOAD and LOADAOF build the state again from the " +
		"newest snapshot and the log behind it; RELOAD takes a snapshot first, unless there is NOSAVE. DIGEST is a hash of our own. What would tune parts of Redis " +
		"that are not here is accepted and does nothing; what would crash the server is unknown.",
	Arity: -2, Flags: Admin | NoScript | Loading | Stale, Categories: CatAdmin | CatSlow | CatDangerous,
	Class: Barrier, NeedsDebug: true,
	Serve: func(c *ServeCall) error {
		for i := range debugCommands() {
			if d := &debugCommands()[i]; equalFold(c.Args[1], d.name) && len(c.Args) >= d.least && (d.most == 0 || len(c.Args) <= d.most) {
				return d.serve(c)
			}
		}
		return wrongSubcommandShape("DEBUG", c.Args[1])
	},
}

// debugCommand is one subcommand. Redis has DEBUG as one command.
type debugCommand struct {
	name        string
	least, most int // of all arguments; most 0: no bound
	serve       func(c *ServeCall) error
}

func debugCommands() []debugCommand {
	return []debugCommand{
		{"change-repl-id", 2, 2, debugNothing},
		{"dict-resizing", 3, 3, debugNothing},
		{"digest", 2, 2, debugDigest},
		{"digest-value", 2, 0, debugDigestValue},
		{"error", 3, 3, debugError},
		{"help", 2, 2, debugHelp},
		{"htstats", 3, 4, debugTables},
		{"jemalloc", 3, 0, debugNothing},
		{"listpack-entries", 3, 3, debugNothing},
		{"loadaof", 2, 2, debugLoadAOF},
		{"log", 3, 3, debugLog},
		{"object", 3, 4, debugObject},
		{"pause-cron", 3, 3, debugNothing},
		{"protocol", 3, 3, debugProtocol},
		{"quicklist-packed-threshold", 3, 3, debugNothing},
		{"reload", 2, 0, debugReload},
		{"replybuffer", 3, 0, debugNothing},
		{"set-active-expire", 3, 3, debugActiveExpire},
		{"set-disable-deny-scripts", 3, 3, debugNothing},
		{"sleep", 3, 3, debugSleep},
	}
}

// debugNothing accepts what tunes a part of Redis that is not here.
func debugNothing(c *ServeCall) error {
	c.Out = wire.AppendSimple(c.Out, "OK")
	return nil
}

func debugHelp(c *ServeCall) error {
	c.Out = appendHelp(c.Out, "DEBUG", []string{
		"DIGEST", "    Return a hash of all databases, 40 zeros when they are empty.",
		"DIGEST-VALUE <key> [<key> ...]", "    Return a hash of each key's value.",
		"ERROR <string>", "    Return an error reply with <string> as its text.",
		"HTSTATS <dbid>", "    Return the number of keys and deadlines of a database.",
		"LOADAOF", "    Build the state again from the newest snapshot and the log behind it.",
		"LOG <message>", "    Write <message> to the server's log.",
		"OBJECT <key>", "    Show low level info about <key> and its value.",
		"PROTOCOL <type>", "    Reply with a value of the type, one of: string, integer, double, null, array,",
		"    set, map, attrib, push, verbatim, true, false, bignum.",
		"RELOAD [NOSAVE] [NOFLUSH] [MERGE]", "    Take a snapshot, then build the state again as LOADAOF does.",
		"SET-ACTIVE-EXPIRE <0|1>", "    Whether keys past their deadline are removed by themselves.",
		"SLEEP <seconds>", "    Hold up commands on keys. Fractions are allowed.",
	})
	return nil
}

// debugError replies with an error of the client's choice.
func debugError(c *ServeCall) error {
	c.Out = wire.AppendError(c.Out, string(c.Args[2]))
	return nil
}

func debugLog(c *ServeCall) error {
	c.Node.DebugLog(string(c.Args[2]))
	c.Out = wire.AppendSimple(c.Out, "OK")
	return nil
}

// debugActiveExpire takes any number, as C's atoi does.
func debugActiveExpire(c *ServeCall) error {
	n, _ := strconv.Atoi(string(c.Args[2]))
	c.Node.SetActiveExpire(n != 0)
	c.Out = wire.AppendSimple(c.Out, "OK")
	return nil
}

// debugSleep takes what is no number for 0, as C's strtod does.
func debugSleep(c *ServeCall) error {
	seconds, err := strconv.ParseFloat(string(c.Args[2]), 64)
	if err != nil || !(seconds > 0) {
		seconds = 0
	}
	d := time.Duration(min(seconds*float64(time.Second), math.MaxInt64/2))
	c.Asleep = d // people try out SLOWLOG and LATENCY with it
	return c.inBackground(func(n Node) error { n.HoldUp(d); return nil })
}

func debugReload(c *ServeCall) error {
	save := true
	for _, a := range c.Args[2:] {
		switch {
		case equalFold(a, "nosave"):
			save = false
		case equalFold(a, "noflush"), equalFold(a, "merge"): // what is merged is the same
		default:
			return errDebugReload
		}
	}
	return c.inBackground(func(n Node) error { return n.Reload(save) })
}

func debugLoadAOF(c *ServeCall) error {
	return c.inBackground(func(n Node) error { return n.Reload(false) })
}

// inBackground does what takes long elsewhere, and answers OK after it.
func (c *ServeCall) inBackground(do func(Node) error) error {
	node, fill := c.Node, c.Later()
	go func() {
		if err := do(node); err != nil {
			fill(wire.AppendError(nil, "ERR "+strings.ReplaceAll(err.Error(), "\n", " ")))
			return
		}
		fill(wire.AppendSimple(nil, "OK"))
	}()
	return nil
}

// debugProtocol gives a sample of a reply type.
func debugProtocol(c *ServeCall) error {
	p, name := c.Session.Proto(), c.Args[2]
	switch {
	case equalFold(name, "string"):
		c.Out = wire.AppendBulkString(c.Out, "Hello World")
	case equalFold(name, "integer"):
		c.Out = wire.AppendInt(c.Out, 12345)
	case equalFold(name, "double"):
		c.Out = wire.AppendDouble(c.Out, p, 3.141)
	case equalFold(name, "null"):
		c.Out = wire.AppendNull(c.Out, p)
	case equalFold(name, "verbatim"):
		c.Out = wire.AppendVerbatim(c.Out, p, "This is a verbatim\nstring")
	case equalFold(name, "true"), equalFold(name, "false"):
		c.Out = wire.AppendBool(c.Out, p, equalFold(name, "true"))
	case equalFold(name, "bignum"):
		c.Out = wire.AppendBigNumber(c.Out, p, "1234567999999999999999999999999999999")
	default:
		return debugProtocolNested(c, p, name)
	}
	return nil
}

// debugProtocolNested is debugProtocol for types that hold others. Attributes and
// pushes are no replies: one follows them.
func debugProtocolNested(c *ServeCall, p wire.Proto, name []byte) error {
	switch {
	case equalFold(name, "array"):
		c.Out = appendCount(wire.AppendArray(c.Out, 3), 3)
	case equalFold(name, "set"):
		c.Out = appendCount(wire.AppendSet(c.Out, p, 3), 3)
	case equalFold(name, "map"):
		c.Out = wire.AppendMap(c.Out, p, 3)
		for i := range int64(3) {
			c.Out = wire.AppendBool(wire.AppendInt(c.Out, i), p, i == 1)
		}
	case equalFold(name, "attrib"):
		if p == wire.RESP3 {
			c.Out = wire.AppendBulkString(wire.AppendAttribute(c.Out, 1), "key-popularity")
			c.Out = wire.AppendInt(wire.AppendBulkString(wire.AppendArray(c.Out, 2), "key:123"), 90)
		}
		c.Out = wire.AppendBulkString(c.Out, "Some real reply following the attribute")
	case equalFold(name, "push"):
		if p != wire.RESP3 {
			return errors.New("ERR RESP2 is not supported by this command")
		}
		c.Out = wire.AppendInt(wire.AppendBulkString(wire.AppendPush(c.Out, p, 2), "server-cpu-usage"), 42)
	default:
		return errors.New("ERR Wrong protocol type name. Please use one of the following: string|integer|double|bignum|null|array|set|map|attrib|push|verbatim|true|false")
	}
	return nil
}

func appendCount(out []byte, n int) []byte {
	for i := range n {
		out = wire.AppendInt(out, int64(i))
	}
	return out
}
