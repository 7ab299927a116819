package commands

import (
	"bytes"

	"github.com/millrace-io/millrace/resp/wire"
)

// COPY source destination [DB n] [REPLACE]: a second key with the same value, deadline
// and groups.
// https://redis.io/docs/latest/commands/copy/
var copyKey = Command{
	Name: "copy", Syntax: "COPY source destination [DB destination-db] [REPLACE]",
	Summary: "Copies the value of a key to a new key.",
	Since:   "6.2.0", Group: "generic",
	Complexity: "O(G) with G the number of consumer groups: entries are shared until one of the two changes.",
	Arguments: []Argument{
		{Name: "source", Type: "key", KeySpec: 1}, {Name: "destination", Type: "key", KeySpec: 2},
		{Name: "destination-db", Type: "integer", Token: "DB", Optional: true},
		{Name: "replace", Type: "pure-token", Token: "REPLACE", Optional: true},
	},
	Arity: -3, Flags: Write | DenyOOM, Categories: CatKeyspace | CatWrite | CatSlow,
	Keys: []KeySpec{
		{Flags: []string{"RO", "access"}, Begin: 1, Step: 1},
		{Flags: []string{"OW", "update"}, Begin: 2, Step: 1},
	},
	Class: Log, Run: runCopy,
	Quiet: func(c *Call) bool {
		o, err := c.parseCopy()
		if err != nil {
			return true
		}
		k, known := c.quietKey(c.DB, c.Args[1])
		old, alsoKnown := c.quietKey(c.State.DB(o.db), c.Args[2])
		return known && alsoKnown && (k == nil || old != nil && !o.replace)
	},
}

type copyOptions struct {
	db      int
	replace bool
}

func (c *Call) parseCopy() (o copyOptions, err error) {
	o.db = c.DBIndex
	for i := 3; i < len(c.Args); i++ {
		switch {
		case equalFold(c.Args[i], "replace"):
			o.replace = true
		case equalFold(c.Args[i], "db") && i+1 < len(c.Args):
			i++
			if o.db, err = otherDB(c.Args[i]); err != nil {
				return o, err
			}
			if !c.hasDB(o.db) {
				return o, errDBIndex
			}
		default:
			return o, errSyntax
		}
	}
	if o.db == c.DBIndex && bytes.Equal(c.Args[1], c.Args[2]) {
		return o, errSameObject
	}
	return o, nil
}

func runCopy(c *Call) error {
	o, err := c.parseCopy()
	if err != nil {
		return err
	}
	to := c.State.DB(o.db)
	k, err := c.keyToChange(c.DB, c.Args[1])
	if err != nil {
		return err
	}
	c.count(k)
	if k == nil {
		c.miss(c.Args[1])
	}
	old, err := c.keyToChange(to, c.Args[2])
	switch {
	case err != nil:
		return err
	case k == nil, old != nil && !o.replace:
		c.Out = wire.AppendInt(c.Out, 0)
		return nil
	}
	c.DB.Copy(k, to, c.Args[2])
	c.signalIn(o.db, c.Args[2])
	c.notifyIn(EventGeneric, "copy_to", o.db, c.Args[2])
	c.Out = wire.AppendInt(c.Out, 1)
	return nil
}
