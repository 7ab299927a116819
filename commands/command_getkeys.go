package commands

import (
	"slices"

	"errors"

	"github.com/millrace-io/millrace/resp/wire"
)

var (
	errGetKeysCommand   = errors.New("ERR Invalid command specified")
	errGetKeysNone      = errors.New("ERR The command has no key arguments")
	errGetKeysArity     = errors.New("ERR Invalid number of arguments specified for command")
	errGetKeysArguments = errors.New("ERR Invalid arguments specified for command")
)

// COMMAND GETKEYS command [arg ...]: the keys of a command, as they would be
// routed.
var commandGetKeys = Command{
	Name: "getkeys", Syntax: "COMMAND GETKEYS command [arg [arg ...]]",
	Summary: "Extracts the key names from an arbitrary command.",
	Since:   "2.8.13", Group: "server", Complexity: "O(N) where N is the number of arguments to the command.",
	Arguments: fullCommandArguments,
	Arity:     -3, Flags: Loading | Stale, Categories: CatSlow | CatConnection,
	Class: Own,
	Serve: func(c *ServeCall) error {
		found, err := c.Table.getKeys(c.Args[2:])
		if err != nil {
			return err
		}
		c.Out = wire.AppendArray(c.Out, len(found))
		for _, k := range found {
			c.Out = wire.AppendBulk(c.Out, c.Args[2+k.index])
		}
		return nil
	},
}

// COMMAND GETKEYSANDFLAGS command [arg ...]: the keys of a command, each with what
// the command does to it.
var commandGetKeysAndFlags = Command{
	Name: "getkeysandflags", Syntax: "COMMAND GETKEYSANDFLAGS command [arg [arg ...]]",
	Summary: "Extracts the key names and access flags for an arbitrary command.",
	Since:   "7.0.0", Group: "server", Complexity: "O(N) where N is the number of arguments to the command.",
	Arguments: fullCommandArguments,
	Arity:     -3, Flags: Loading | Stale, Categories: CatSlow | CatConnection,
	Class: Own,
	Serve: func(c *ServeCall) error {
		found, err := c.Table.getKeys(c.Args[2:])
		if err != nil {
			return err
		}
		c.Out = wire.AppendArray(c.Out, len(found))
		for _, k := range found {
			c.Out = wire.AppendArray(c.Out, 2)
			c.Out = wire.AppendBulk(c.Out, c.Args[2+k.index])
			c.Out = appendSimpleSet(c.Out, c.Session.Proto(), "", k.spec.Flags)
		}
		return nil
	},
}

var fullCommandArguments = []Argument{
	{Name: "command", Type: "string"},
	{Name: "arg", Type: "string", Optional: true, Multiple: true},
}

// getKeys finds the keys of a command that is the argument of another one; the
// checks are in Redis' order.
func (t *Table) getKeys(args [][]byte) ([]keyAt, error) {
	cmd := t.Lookup(args[0])
	if cmd != nil && cmd.Sub != nil && len(args) > 1 {
		cmd = cmd.subcommand(args[1])
	}
	switch {
	case cmd == nil:
		return nil, errGetKeysCommand
	case !cmd.hasKeys():
		return nil, errGetKeysNone
	case !cmd.arityFits(len(args)):
		return nil, errGetKeysArity
	}
	found := cmd.keysOf(args)
	if len(found) == 0 {
		return nil, errGetKeysArguments
	}
	return found, nil
}

// hasKeys reports whether any of the specifications is of keys.
func (c *Command) hasKeys() bool {
	for _, k := range c.Keys {
		if !slices.Contains(k.Flags, notKey) {
			return true
		}
	}
	return false
}
