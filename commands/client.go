package commands

import (
	"errors"

	"github.com/millrace-io/millrace/resp/wire"
)

// CLIENT: what concerns the connections of clients.
// https://redis.io/docs/latest/commands/client/
var client = Command{
	Name: "client", Syntax: "CLIENT", Summary: "A container for client connection commands.",
	Since: "2.4.0", Group: "connection", Complexity: "Depends on subcommand.",
	Arity: -2, Categories: CatSlow,
	Class: Own,
	Sub: []*Command{
		&clientCaching, &clientGetName, &clientGetRedir, clientHelp, &clientID, &clientInfo, &clientKill, &clientList,
		&clientNoEvict, &clientNoTouch, &clientPause, &clientReply, &clientSetInfo, &clientSetName, &clientTracking, &clientTrackingInfo,
		&clientUnblock, &clientUnpause,
	},
}

var clientHelp = helpCommand("client", "connection", "5.0.0", CatConnection,
	"CACHING (YES|NO)", "    Enable/disable tracking of the keys for next command in OPTIN/OPTOUT modes.",
	"GETNAME", "    Return the name of the current connection.",
	"GETREDIR", "    Return the client ID we are redirecting to when tracking is enabled.",
	"ID", "    Return the ID of the current connection.",
	"INFO", "    Return information about the current connection.",
	"KILL <ip:port>", "    Kill connection made from <ip:port>.",
	"KILL <option> <value> [<option> <value> [...]]", "    Kill connections. Options are:",
	"    * ADDR (<ip:port>|<unixsocket>:0)", "      Kill connections made from the specified address",
	"    * LADDR (<ip:port>|<unixsocket>:0)", "      Kill connections made to specified local address",
	"    * TYPE (NORMAL|MASTER|REPLICA|PUBSUB)", "      Kill connections by type.",
	"    * USER <username>", "      Kill connections authenticated by <username>.",
	"    * SKIPME (YES|NO)", "      Skip killing current connection (default: yes).",
	"    * ID <client-id>", "      Kill connections by client id.",
	"    * MAXAGE <maxage>", "      Kill connections older than the specified age.",
	"LIST [options ...]", "    Return information about client connections. Options:",
	"    * TYPE (NORMAL|MASTER|REPLICA|PUBSUB)", "      Return clients of specified type.",
	"    * ID <client-id> [<client-id> ...]", "      Return clients of specified IDs.",
	"NO-EVICT (ON|OFF)", "    Protect current client connection from eviction.",
	"NO-TOUCH (ON|OFF)", "    Will not touch LRU/LFU stats when this mode is on.",
	"PAUSE <timeout> [WRITE|ALL]", "    Suspend all, or just write, clients for <timeout> milliseconds.",
	"REPLY (ON|OFF|SKIP)", "    Control the replies sent to the current connection.",
	"SETINFO <option> <value>", "    Set client meta attr. Options are:",
	"    * LIB-NAME: the client lib name.", "    * LIB-VER: the client lib version.",
	"SETNAME <name>", "    Assign the name <name> to the current connection.",
	"TRACKING (ON|OFF) [REDIRECT <id>] [BCAST] [PREFIX <prefix> [...]]",
	"         [OPTIN] [OPTOUT] [NOLOOP]", "    Control server assisted client side caching.",
	"TRACKINGINFO", "    Report tracking status for the current connection.",
	"UNBLOCK <clientid> [TIMEOUT|ERROR]", "    Unblock the specified blocked client.",
	"UNPAUSE", "    Stop the current client pause, resuming traffic.",
)

// clientFlags are those of most subcommands.
const clientFlags = NoScript | Loading | Stale

// CLIENT ID.
var clientID = Command{
	Name: "id", Syntax: "CLIENT ID",
	Summary: "Returns the unique client ID of the connection.",
	Since:   "5.0.0", Group: "connection", Complexity: "O(1)",
	Arity: 2, Flags: clientFlags, Categories: CatSlow | CatConnection,
	Class: Own,
	Serve: func(c *ServeCall) error {
		c.Out = wire.AppendInt(c.Out, int64(c.Session.ID()))
		return nil
	},
}

// CLIENT SETNAME name; an empty one takes the name away.
var clientSetName = Command{
	Name: "setname", Syntax: "CLIENT SETNAME connection-name",
	Summary: "Sets the connection name.",
	Since:   "2.6.9", Group: "connection", Complexity: "O(1)",
	Arguments: []Argument{{Name: "connection-name", Type: "string"}},
	Arity:     3, Flags: clientFlags, Categories: CatSlow | CatConnection,
	Class: Own,
	Serve: func(c *ServeCall) error {
		if !plainText(c.Args[2]) {
			return errClientName
		}
		c.Session.SetName(string(c.Args[2]))
		c.Out = wire.AppendSimple(c.Out, "OK")
		return nil
	},
}

// CLIENT GETNAME.
var clientGetName = Command{
	Name: "getname", Syntax: "CLIENT GETNAME",
	Summary: "Returns the name of the connection.",
	Since:   "2.6.9", Group: "connection", Complexity: "O(1)",
	Arity: 2, Flags: clientFlags, Categories: CatSlow | CatConnection,
	Class: Own,
	Serve: func(c *ServeCall) error {
		if name := c.Session.Name(); name != "" {
			c.Out = wire.AppendBulkString(c.Out, name)
		} else {
			c.Out = wire.AppendNull(c.Out, c.Session.Proto())
		}
		return nil
	},
}

// CLIENT SETINFO LIB-NAME|LIB-VER value: every client library sends it.
var clientSetInfo = Command{
	Name: "setinfo", Syntax: "CLIENT SETINFO <LIB-NAME libname | LIB-VER libver>",
	Summary: "Sets information specific to the client or connection.",
	Since:   "7.2.0", Group: "connection", Complexity: "O(1)",
	Arguments: []Argument{{Name: "attr", Type: "oneof", Args: []Argument{
		{Name: "libname", Type: "string", Token: "LIB-NAME"},
		{Name: "libver", Type: "string", Token: "LIB-VER"},
	}}},
	Arity: 4, Flags: clientFlags, Categories: CatSlow | CatConnection,
	Class: Own,
	Serve: func(c *ServeCall) error {
		attribute := ""
		switch {
		case equalFold(c.Args[2], "lib-name"):
			attribute = "lib-name"
		case equalFold(c.Args[2], "lib-ver"):
			attribute = "lib-ver"
		default:
			return errors.New("ERR Unrecognized option '" + quoted(c.Args[2]) + "'")
		}
		if !plainText(c.Args[3]) {
			return errors.New("ERR " + quoted(c.Args[2]) + " cannot contain spaces, newlines or special characters.")
		}
		c.Session.SetLib(attribute, string(c.Args[3]))
		c.Out = wire.AppendSimple(c.Out, "OK")
		return nil
	},
}

// CLIENT REPLY ON|OFF|SKIP: OFF and SKIP have no reply themselves.
var clientReply = Command{
	Name: "reply", Syntax: "CLIENT REPLY <ON | OFF | SKIP>",
	Summary: "Instructs the server whether to reply to commands.",
	Since:   "3.2.0", Group: "connection", Complexity: "O(1)",
	Arguments: []Argument{{Name: "action", Type: "oneof", Args: []Argument{
		{Name: "on", Type: "pure-token", Token: "ON"},
		{Name: "off", Type: "pure-token", Token: "OFF"},
		{Name: "skip", Type: "pure-token", Token: "SKIP"},
	}}},
	Arity: 3, Flags: clientFlags, Categories: CatSlow | CatConnection,
	Class: Own,
	Serve: func(c *ServeCall) error {
		switch {
		case equalFold(c.Args[2], "on"):
			c.Session.SetReplyMode(ReplyOn)
			c.Out = wire.AppendSimple(c.Out, "OK")
		case equalFold(c.Args[2], "off"):
			c.Session.SetReplyMode(ReplyOff)
		case equalFold(c.Args[2], "skip"):
			c.Session.SetReplyMode(ReplySkip)
		default:
			return errSyntax
		}
		return nil
	},
}

var errUnblockReason = errors.New("ERR CLIENT UNBLOCK reason should be TIMEOUT or ERROR")

// CLIENT UNBLOCK id [TIMEOUT|ERROR]. Whether the client was blocked may be known
// only once an entry on its way has been applied.
var clientUnblock = Command{
	Name: "unblock", Syntax: "CLIENT UNBLOCK client-id [TIMEOUT | ERROR]",
	Summary: "Unblocks a client blocked by a blocking command from a different connection.",
	Since:   "5.0.0", Group: "connection", Complexity: "O(log N) where N is the number of waiting clients.",
	Arguments: []Argument{
		{Name: "client-id", Type: "integer"},
		{Name: "unblock-type", Type: "oneof", Optional: true, Args: []Argument{
			{Name: "timeout", Type: "pure-token", Token: "TIMEOUT"},
			{Name: "error", Type: "pure-token", Token: "ERROR"},
		}},
	},
	Arity: -3, Flags: Admin | clientFlags, Categories: CatAdmin | CatSlow | CatDangerous | CatConnection,
	Class: Barrier,
	Serve: func(c *ServeCall) error {
		withError := false
		switch {
		case len(c.Args) > 4:
			return wrongSubcommandShape("CLIENT", c.Args[1])
		case len(c.Args) == 4 && equalFold(c.Args[3], "error"):
			withError = true
		case len(c.Args) == 4 && !equalFold(c.Args[3], "timeout"):
			return errUnblockReason
		}
		id, err := parseInteger(c.Args[2])
		if err != nil {
			return err
		}
		fill := c.Later()
		c.Node.Unblock(uint64(id), withError, func(unblocked bool) {
			n := int64(0)
			if unblocked {
				n = 1
			}
			fill(wire.AppendInt(nil, n))
		})
		return nil
	},
}
