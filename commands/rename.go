package commands

import (
	"bytes"

	"github.com/millrace-io/millrace/resp/wire"
)

// RENAME key newkey and RENAMENX: give a key another name, with its deadline and its
// groups. What had that name is gone.
// https://redis.io/docs/latest/commands/rename/
var (
	rename = Command{
		Name: "rename", Syntax: "RENAME key newkey",
		Summary: "Renames a key and overwrites the destination.",
		Since:   "1.0.0", Group: "generic", Complexity: "O(1)",
		Arguments: renameArguments,
		Arity:     3, Flags: Write, Categories: CatKeyspace | CatWrite | CatSlow,
		Keys:  renameKeys("update"),
		Class: Log,
		Run: func(c *Call) error {
			if _, err := c.rename(false); err != nil {
				return err
			}
			c.Out = wire.AppendSimple(c.Out, "OK")
			return nil
		},
		Quiet: func(c *Call) bool { return c.quietRename(false) },
	}
	renameNX = Command{
		Name: "renamenx", Syntax: "RENAMENX key newkey",
		Summary: "Renames a key only when the target key name doesn't exist.",
		Since:   "1.0.0", Group: "generic", Complexity: "O(1)",
		History:   [][2]string{{"3.2.0", "The command no longer returns an error when source and destination names are the same."}},
		Arguments: renameArguments,
		Arity:     3, Flags: Write | Fast, Categories: CatKeyspace | CatWrite | CatFast,
		Keys:  renameKeys("insert"),
		Class: Log,
		Run: func(c *Call) error {
			renamed, err := c.rename(true)
			if err != nil {
				return err
			}
			n := int64(0)
			if renamed {
				n = 1
			}
			c.Out = wire.AppendInt(c.Out, n)
			return nil
		},
		Quiet: func(c *Call) bool { return c.quietRename(true) },
	}
)

var renameArguments = []Argument{keyArgument, {Name: "newkey", Type: "key", KeySpec: 2}}

func renameKeys(does string) []KeySpec {
	return []KeySpec{
		{Flags: []string{"RW", "access", "delete"}, Begin: 1, Step: 1},
		{Flags: []string{"OW", does}, Begin: 2, Step: 1},
	}
}

// rename gives the key its other name, unless that is its own, or is taken and
// onlyNew.
func (c *Call) rename(onlyNew bool) (bool, error) {
	from, to := c.Args[1], c.Args[2]
	k, err := c.keyToChange(c.DB, from)
	switch {
	case err != nil:
		return false, err
	case k == nil:
		return false, errNoSuchKey
	case bytes.Equal(from, to):
		return false, nil
	}
	old, err := c.keyToChange(c.DB, to)
	if err != nil || old != nil && onlyNew {
		return false, err
	}
	c.DB.Rename(k, c.DB, to)
	c.Signal(from)
	c.Signal(to)
	c.Notify(EventGeneric, "rename_from", from)
	c.Notify(EventGeneric, "rename_to", to)
	return true, nil
}

func (c *Call) quietRename(onlyNew bool) bool {
	k, known := c.quietKey(c.DB, c.Args[1])
	old, alsoKnown := c.quietKey(c.DB, c.Args[2])
	return known && alsoKnown && (k == nil || bytes.Equal(c.Args[1], c.Args[2]) || onlyNew && old != nil)
}
