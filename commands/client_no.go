package commands

import "github.com/millrace-io/millrace/resp/wire"

// CLIENT NO-EVICT on|off. No client is ever closed to make room for keys.
var clientNoEvict = Command{
	Name: "no-evict", Syntax: "CLIENT NO-EVICT <ON | OFF>",
	Summary: "Set client eviction mode for the current connection.",
	Since:   "7.0.0", Group: "connection", Complexity: "O(1)",
	Arguments: []Argument{{Name: "enabled", Type: "oneof", Args: []Argument{{Name: "on", Type: "pure-token", Token: "ON"}, {Name: "off", Type: "pure-token", Token: "OFF"}}}},
	Arity:     3, Flags: Admin | NoScript | Loading | Stale, Categories: CatAdmin | CatSlow | CatDangerous | CatConnection,

	Differences: "No client is closed to make room, so it makes no difference.",
	Class:       Own, Serve: onOrOff(Session.SetNoEvict),
}

// CLIENT NO-TOUCH on|off. No account is kept of when keys were looked at.
var clientNoTouch = Command{
	Name: "no-touch", Syntax: "CLIENT NO-TOUCH <ON | OFF>",
	Summary: "Controls whether commands sent by the client affect the LRU/LFU of accessed keys.",
	Since:   "7.2.0", Group: "connection", Complexity: "O(1)",
	Differences: "No account is kept of when a key was looked at, so it makes no difference.",
	Arguments: []Argument{{Name: "enabled", Type: "oneof", Args: []Argument{
		{Name: "on", Type: "pure-token", Token: "ON"}, {Name: "off", Type: "pure-token", Token: "OFF"},
	}}},
	Arity: 3, Flags: clientFlags, Categories: CatSlow | CatConnection,
	Class: Own, Serve: onOrOff(Session.SetNoTouch),
}

// onOrOff takes ON or OFF, which CLIENT LIST shows.
func onOrOff(set func(Session, bool)) func(*ServeCall) error {
	return func(c *ServeCall) error {
		on := equalFold(c.Args[2], "on")
		if !on && !equalFold(c.Args[2], "off") {
			return errSyntax
		}
		set(c.Session, on)
		c.Out = wire.AppendSimple(c.Out, "OK")
		return nil
	}
}
