package commands

import "github.com/millrace-io/millrace/resp/wire"

// MOVE key db: puts a key into another database, unless there is one of that name.
// https://redis.io/docs/latest/commands/move/
var move = Command{
	Name: "move", Syntax: "MOVE key db",
	Summary: "Moves a key to another database.",
	Since:   "1.0.0", Group: "generic", Complexity: "O(1)",
	Arguments: []Argument{keyArgument, {Name: "db", Type: "integer"}},
	Arity:     3, Flags: Write | Fast, Categories: CatKeyspace | CatWrite | CatFast,
	Keys:  OneKey(1, "RW", "access", "update"),
	Class: Log,
	Check: func(args [][]byte) error { _, err := otherDB(args[2]); return err },
	Run:   runMove,
	Quiet: func(c *Call) bool {
		db, err := c.moveTarget()
		if err != nil {
			return true
		}
		k, known := c.quietKey(c.DB, c.Args[1])
		old, alsoKnown := c.quietKey(c.State.DB(db), c.Args[1])
		return known && alsoKnown && (k == nil || old != nil)
	},
}

func (c *Call) moveTarget() (int, error) {
	db, err := otherDB(c.Args[2])
	switch {
	case err != nil:
		return 0, err
	case !c.hasDB(db):
		return 0, errDBIndex
	case db == c.DBIndex:
		return 0, errSameObject
	}
	return db, nil
}

func runMove(c *Call) error {
	db, err := c.moveTarget()
	if err != nil {
		return err
	}
	name, to := c.Args[1], c.State.DB(db)
	k, err := c.keyToChange(c.DB, name)
	if err != nil {
		return err
	}
	old, err := c.keyToChange(to, name)
	switch {
	case err != nil:
		return err
	case k == nil, old != nil:
		c.Out = wire.AppendInt(c.Out, 0)
		return nil
	}
	c.DB.Rename(k, to, name)
	c.Signal(name)
	c.signalIn(db, name)
	c.Notify(EventGeneric, "move_from", name)
	c.notifyIn(EventGeneric, "move_to", db, name)
	c.Out = wire.AppendInt(c.Out, 1)
	return nil
}
