package commands

import "github.com/millrace-io/millrace/resp/wire"

const noTracking = "There is no tracking: it is always off."

// CLIENT GETREDIR: where invalidations go.
var clientGetRedir = Command{
	Name: "getredir", Syntax: "CLIENT GETREDIR",
	Summary: "Get tracking notifications redirection client ID if any.",
	Since:   "6.0.0", Group: "connection", Complexity: "O(1)",
	Arity: 2, Flags: NoScript | Loading | Stale, Categories: CatSlow | CatConnection,

	Differences: noTracking,
	Class:       Own,
	Serve: func(c *ServeCall) error {
		c.Out = wire.AppendInt(c.Out, -1)
		return nil
	},
}

// CLIENT TRACKINGINFO: what of its reads the connection has tracked.
var clientTrackingInfo = Command{
	Name: "trackinginfo", Syntax: "CLIENT TRACKINGINFO",
	Summary: "Return information about server assisted client side caching for the current connection.",
	Since:   "6.2.0", Group: "connection", Complexity: "O(1)",
	Arity: 2, Flags: NoScript | Loading | Stale, Categories: CatSlow | CatConnection,

	Differences: noTracking,
	Class:       Own,
	Serve: func(c *ServeCall) error {
		p := c.Session.Proto()
		c.Out = wire.AppendMap(c.Out, p, 3)
		c.Out = wire.AppendSet(wire.AppendBulkString(c.Out, "flags"), p, 1)
		c.Out = wire.AppendBulkString(c.Out, "off")
		c.Out = wire.AppendInt(wire.AppendBulkString(c.Out, "redirect"), -1)
		c.Out = wire.AppendArray(wire.AppendBulkString(c.Out, "prefixes"), 0)
		return nil
	},
}
