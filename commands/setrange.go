package commands

import (
	"github.com/millrace-io/millrace/keyspace"
	"github.com/millrace-io/millrace/resp/wire"
)

// SETRANGE key offset value: overwrites a part of a string, which grows as needed.
// https://redis.io/docs/latest/commands/setrange/
var setRange = Command{
	Name: "setrange", Syntax: "SETRANGE key offset value",
	Summary: "Overwrites a part of a string value with another by an offset. Creates the key if it doesn't exist.",
	Since:   "2.2.0", Group: "string", Complexity: "O(N) with N the length of the string, which is copied.",
	Arguments: []Argument{keyArgument, {Name: "offset", Type: "integer"}, {Name: "value", Type: "string"}},
	Arity:     4, Flags: Write | DenyOOM, Categories: CatWrite | CatString | CatSlow,
	Keys:  OneKey(1, "RW", "update"),
	Class: Log,
	Check: func(args [][]byte) error { _, err := rangeOffset(args); return err },
	Run:   runSetRange,
	Quiet: func(c *Call) bool {
		k, known := c.quietKey(c.DB, c.Args[1])
		return known && len(c.Args[3]) == 0 && (k == nil || k.Kind() == keyspace.StringKind)
	},
}

func rangeOffset(args [][]byte) (int64, error) {
	offset, err := parseInteger(args[2])
	if err == nil && offset < 0 {
		err = errOffset
	}
	return offset, err
}

func runSetRange(c *Call) error {
	offset, err := rangeOffset(c.Args)
	if err != nil {
		return err
	}
	name, value := c.Args[1], c.Args[3]
	k, text, err := c.textToChange(name)
	switch {
	case err != nil:
		return err
	case len(value) == 0:
		c.Out = wire.AppendInt(c.Out, int64(len(text)))
		return nil
	case offset > maxString-int64(len(value)):
		return errStringTooLong
	}
	end := int(offset) + len(value)
	changed := make([]byte, max(len(text), end))
	copy(changed, text)
	copy(changed[offset:], value)
	if k == nil {
		k = c.DB.PutString(name, nil)
	}
	c.DB.SetOwnedString(k, changed, keyspace.Edited)
	c.Notify(EventString, "setrange", name)
	c.Out = wire.AppendInt(c.Out, int64(len(changed)))
	return nil
}
