package commands

import (
	"github.com/millrace-io/millrace/resp/wire"
	"github.com/millrace-io/millrace/tracking"
)

// CLIENT GETREDIR: where invalidations go.
// https://redis.io/docs/latest/commands/client-getredir/
var clientGetRedir = Command{
	Name: "getredir", Syntax: "CLIENT GETREDIR",
	Summary: "Returns the client ID to which the connection's tracking notifications are redirected.",
	Since:   "6.0.0", Group: "connection", Complexity: "O(1)",
	Arity: 2, Flags: NoScript | Loading | Stale, Categories: CatSlow | CatConnection,
	Class: Own,
	Serve: func(c *ServeCall) error {
		c.Out = wire.AppendInt(c.Out, redirection(c.Session.Tracking()))
		return nil
	},
}

// redirection is the number that Redis shows: -1 when tracking is off, 0 when the
// client is told itself.
func redirection(s tracking.Status) int64 {
	if !s.On {
		return -1
	}
	return int64(s.Redirect)
}

// CLIENT TRACKINGINFO: how the connection tracks what it reads.
// https://redis.io/docs/latest/commands/client-trackinginfo/
var clientTrackingInfo = Command{
	Name: "trackinginfo", Syntax: "CLIENT TRACKINGINFO",
	Summary: "Returns information about server-assisted client-side caching for the connection.",
	Since:   "6.2.0", Group: "connection", Complexity: "O(1)",
	Arity: 2, Flags: NoScript | Loading | Stale, Categories: CatSlow | CatConnection,
	Class: Barrier,
	Serve: func(c *ServeCall) error {
		p, s := c.Session.Proto(), c.Session.Tracking()
		flags := trackingFlags(s)
		c.Out = wire.AppendMap(c.Out, p, 3)
		c.Out = wire.AppendSet(wire.AppendBulkString(c.Out, "flags"), p, len(flags))
		for _, f := range flags {
			c.Out = wire.AppendBulkString(c.Out, f)
		}
		c.Out = wire.AppendInt(wire.AppendBulkString(c.Out, "redirect"), redirection(s))
		c.Out = wire.AppendArray(wire.AppendBulkString(c.Out, "prefixes"), len(s.Prefixes))
		for _, prefix := range s.Prefixes {
			c.Out = wire.AppendBulkString(c.Out, prefix)
		}
		return nil
	},
}

// trackingFlags are the words of the status, in Redis' order.
func trackingFlags(s tracking.Status) (flags []string) {
	if !s.On {
		return []string{"off"}
	}
	add := func(holds bool, word string) {
		if holds {
			flags = append(flags, word)
		}
	}
	add(true, "on")
	add(s.BCast, "bcast")
	add(s.OptIn, "optin")
	add(s.OptIn && s.Caching, "caching-yes")
	add(s.OptOut, "optout")
	add(s.OptOut && s.Caching, "caching-no")
	add(s.NoLoop, "noloop")
	add(s.Broken, "broken_redirect")
	return flags
}
