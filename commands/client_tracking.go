//lint:file-ignore ST1005 Clients compare these texts: they are as Redis has them.

package commands

import (
	"errors"

	"github.com/millrace-io/millrace/resp/wire"
	"github.com/millrace-io/millrace/tracking"
)

var (
	errOneRedirect  = errors.New("ERR A client can only redirect to a single other client")
	errNoRedirect   = errors.New("ERR The client ID you want redirect to does not exist")
	errPrefixAlone  = errors.New("ERR PREFIX option requires BCAST mode to be enabled")
	errBCastOptions = errors.New("ERR OPTIN and OPTOUT are not compatible with BCAST")
	errOptBoth      = errors.New("ERR You can't specify both OPTIN mode and OPTOUT mode")
	errSwitchBCast  = errors.New("ERR You can't switch BCAST mode on/off before disabling tracking for this client, and then re-enabling it with a different mode.")
	errSwitchOpt    = errors.New("ERR You can't switch OPTIN/OPTOUT mode before disabling tracking for this client, and then re-enabling it with a different mode.")
	errCachingOff   = errors.New("ERR CLIENT CACHING can be called only when the client is in tracking mode with OPTIN or OPTOUT mode enabled")
	errCachingYes   = errors.New("ERR CLIENT CACHING YES is only valid when tracking is enabled in OPTIN mode.")
	errCachingNo    = errors.New("ERR CLIENT CACHING NO is only valid when tracking is enabled in OPTOUT mode.")
)

// CLIENT TRACKING ON|OFF and options. It is a barrier, so that what it changes holds
// from its place in the pipeline on.
// https://redis.io/docs/latest/commands/client-tracking/
var clientTracking = Command{
	Name: "tracking", Syntax: "CLIENT TRACKING <ON | OFF> [REDIRECT client-id] [PREFIX prefix [PREFIX prefix ...]] [BCAST] [OPTIN] [OPTOUT] [NOLOOP]",
	Summary: "Controls server-assisted client-side caching for the connection.",
	Since:   "6.0.0", Group: "connection", Complexity: "O(1). Some options may introduce additional complexity.",
	Differences: "An invalidation that the connection has caused itself comes before the reply of the command, not behind it, unless that reply still shows the old value. " +
		"SWAPDB invalidates everything. BCAST gathers the keys of one command, not of all that a loop has run. " +
		"Inside MULTI it holds from behind EXEC on. Nothing remembers keys once tracking is off.",
	Arguments: []Argument{
		{Name: "status", Type: "oneof", Args: []Argument{
			{Name: "on", Type: "pure-token", Token: "ON"},
			{Name: "off", Type: "pure-token", Token: "OFF"},
		}},
		{Name: "client-id", Type: "integer", Token: "REDIRECT", Optional: true},
		{Name: "prefix", Type: "string", Token: "PREFIX", Optional: true, Multiple: true, MultipleToken: true},
		{Name: "bcast", Type: "pure-token", Token: "BCAST", Optional: true},
		{Name: "optin", Type: "pure-token", Token: "OPTIN", Optional: true},
		{Name: "optout", Type: "pure-token", Token: "OPTOUT", Optional: true},
		{Name: "noloop", Type: "pure-token", Token: "NOLOOP", Optional: true},
	},
	Arity: -3, Flags: clientFlags, Categories: CatSlow | CatConnection,
	Class: Barrier,
	Serve: func(c *ServeCall) error {
		o, err := c.parseTracking()
		if err != nil {
			return err
		}
		switch {
		case equalFold(c.Args[2], "on"):
			if err := checkTracking(o, c.Session.Tracking()); err != nil {
				return err
			}
			c.Session.Track(o)
		case equalFold(c.Args[2], "off"):
			c.Session.StopTracking()
		default:
			return errSyntax
		}
		c.Out = wire.AppendSimple(c.Out, "OK")
		return nil
	},
}

// parseTracking reads the options.
func (c *ServeCall) parseTracking() (o tracking.Options, err error) {
	for args := c.Args[3:]; len(args) > 0; args = args[1:] {
		switch word := args[0]; {
		case equalFold(word, "redirect") && len(args) > 1:
			if o.Redirect != 0 {
				return o, errOneRedirect
			}
			args = args[1:]
			if o.Redirect, err = c.redirect(args[0]); err != nil {
				return o, err
			}
		case equalFold(word, "prefix") && len(args) > 1:
			args = args[1:]
			o.Prefixes = append(o.Prefixes, string(args[0]))
		case equalFold(word, "bcast"):
			o.BCast = true
		case equalFold(word, "optin"):
			o.OptIn = true
		case equalFold(word, "optout"):
			o.OptOut = true
		case equalFold(word, "noloop"):
			o.NoLoop = true
		default:
			return o, errSyntax
		}
	}
	return o, nil
}

// redirect reads the ID of a client that is there right now; it may go later.
func (c *ServeCall) redirect(arg []byte) (uint64, error) {
	id, err := parseInteger(arg)
	if err != nil {
		return 0, err
	}
	if id <= 0 || !c.Node.HasClient(uint64(id)) {
		return 0, errNoRedirect
	}
	return uint64(id), nil
}

// checkTracking checks the options among each other and against what holds.
func checkTracking(o tracking.Options, now tracking.Status) error {
	switch {
	case !o.BCast && len(o.Prefixes) > 0:
		return errPrefixAlone
	case now.On && now.BCast != o.BCast:
		return errSwitchBCast
	case o.BCast && (o.OptIn || o.OptOut):
		return errBCastOptions
	case o.OptIn && o.OptOut:
		return errOptBoth
	case o.OptIn && now.OptOut, o.OptOut && now.OptIn:
		return errSwitchOpt
	}
	if prefix, other, provided, found := tracking.Overlapping(o.Prefixes, now.Prefixes); found {
		which := "an existing"
		if provided {
			which = "another provided"
		}
		return errors.New("ERR Prefix '" + prefix + "' overlaps with " + which + " prefix '" + other + "'. Prefixes for a single client must not overlap.")
	}
	return nil
}

// CLIENT CACHING YES|NO: whether the keys of the next command, or of the transaction
// that begins with it, are tracked.
// https://redis.io/docs/latest/commands/client-caching/
var clientCaching = Command{
	Name: "caching", Syntax: "CLIENT CACHING <YES | NO>",
	Summary: "Instructs the server whether to track the keys in the next request.",
	Since:   "6.0.0", Group: "connection", Complexity: "O(1)",
	Arguments: []Argument{{Name: "mode", Type: "oneof", Args: []Argument{
		{Name: "yes", Type: "pure-token", Token: "YES"},
		{Name: "no", Type: "pure-token", Token: "NO"},
	}}},
	Arity: 3, Flags: clientFlags, Categories: CatSlow | CatConnection,
	Class: Own, SetsCaching: true,
	Serve: func(c *ServeCall) error {
		if err := CheckCaching(c.Args, c.Session.Tracking()); err != nil {
			return err
		}
		c.Session.SetCaching()
		c.Out = wire.AppendSimple(c.Out, "OK")
		return nil
	},
}

// CheckCaching is what is wrong with a CLIENT CACHING of a client with that status.
func CheckCaching(args [][]byte, s tracking.Status) error {
	yes := equalFold(args[2], "yes")
	switch {
	case !s.On:
		return errCachingOff
	case !yes && !equalFold(args[2], "no"):
		return errSyntax
	case yes && !s.OptIn:
		return errCachingYes
	case !yes && !s.OptOut:
		return errCachingNo
	}
	return nil
}

// TrackedKeys returns the keys of a command that a client with tracking is told of
// when they change: all that a command reads.
func (c *Command) TrackedKeys(args [][]byte) (keys [][]byte) {
	for _, k := range c.keysOf(args) {
		keys = append(keys, args[k.index])
	}
	return keys
}
