//lint:file-ignore ST1005 Clients compare these texts: they are as Redis has them.

package commands

import "errors"

var (
	errNoShutdown = errors.New("ERR No shutdown in progress.")
	errShutdown   = errors.New("ERR Errors trying to SHUTDOWN. Check logs.")
)

// SHUTDOWN [NOSAVE|SAVE] [NOW] [FORCE] [ABORT] stops the node as a signal does: what
// was read is answered first. The client that asks gets no reply; its connection is
// closed.
// https://redis.io/docs/latest/commands/shutdown/
var shutdown = Command{
	Name: "shutdown", Syntax: "SHUTDOWN [NOSAVE | SAVE] [NOW] [FORCE] [ABORT]",
	Summary: "Synchronously save the dataset to disk and then shut down the server.",
	Since:   "1.0.0", Group: "server", Complexity: "O(N) when saving, where N is the total number of keys in all databases when saving data, otherwise O(1)",
	Arguments: []Argument{{Name: "nosave_save", Type: "oneof", Optional: true, Args: []Argument{{Name: "nosave", Type: "pure-token", Token: "NOSAVE"}, {Name: "save", Type: "pure-token", Token: "SAVE"}}}, {Name: "now", Type: "pure-token", Token: "NOW", Optional: true, Since: "7.0.0"}, {Name: "force", Type: "pure-token", Token: "FORCE", Optional: true, Since: "7.0.0"}, {Name: "abort", Type: "pure-token", Token: "ABORT", Optional: true, Since: "7.0.0"}},
	History:   [][2]string{{"7.0.0", "Added the `NOW`, `FORCE` and `ABORT` modifiers."}},
	Arity:     -1, Flags: Admin | NoScript | Loading | Stale | NoMulti | AllowBusy, Categories: CatAdmin | CatSlow | CatDangerous,

	Differences: "SAVE takes a snapshot first; without it none is taken, as all data is in the log. NOW makes no difference, as no replica is waited for. " +
		"A stop can't be called off: ABORT finds none in progress.",
	Class: Barrier,
	Serve: func(c *ServeCall) error {
		o, err := parseShutdown(c.Args[1:])
		switch {
		case err != nil:
			return err
		case o.abort:
			return errNoShutdown
		}
		node, fill := c.Node, c.Later()
		stop := func() {
			node.Shutdown()
			fill(nil) // closes the connection
		}
		if !o.save {
			stop()
			return nil
		}
		started := node.StartSnapshot(func(err error) {
			if err != nil && !o.force {
				fill(AppendError(nil, errShutdown))
				return
			}
			stop()
		})
		switch {
		case started:
		case o.force:
			stop()
		default: // the one being taken may be older than the last write
			fill(AppendError(nil, errShutdown))
		}
		return nil
	},
}

type shutdownOptions struct{ save, noSave, now, force, abort bool }

func parseShutdown(args [][]byte) (o shutdownOptions, err error) {
	for _, a := range args {
		switch {
		case equalFold(a, "save"):
			o.save = true
		case equalFold(a, "nosave"):
			o.noSave = true
		case equalFold(a, "now"):
			o.now = true
		case equalFold(a, "force"):
			o.force = true
		case equalFold(a, "abort"):
			o.abort = true
		default:
			return o, errSyntax
		}
	}
	if o.save && o.noSave || o.abort && (o.save || o.noSave || o.now || o.force) {
		return o, errSyntax
	}
	return o, nil
}
