package commands

import "github.com/millrace-io/millrace/resp/wire"

// SETEX and PSETEX set a string that expires. They differ in the unit.
// https://redis.io/docs/latest/commands/setex/
var (
	setEx = setExCommand("setex", "seconds", "2.0.0", 1000,
		"Sets the string value and expiration time of a key. Creates the key if it doesn't exist.")
	psetEx = setExCommand("psetex", "milliseconds", "2.6.0", 1,
		"Sets both string value and expiration time in milliseconds of a key. The key is created if it doesn't exist.")
)

func setExCommand(name, unit, since string, ms int64, summary string) Command {
	parse := func(args [][]byte, now int64) (int64, error) {
		return expiry{number: args[2], unit: ms}.deadline(now, name)
	}
	return Command{
		Name: name, Syntax: upper(name) + " key " + unit + " value",
		Summary: summary, Since: since, Group: "string", Complexity: "O(1)",
		Arguments: []Argument{keyArgument, {Name: unit, Type: "integer"}, {Name: "value", Type: "string"}},
		Arity:     4, Flags: Write | DenyOOM, Categories: CatWrite | CatString | CatSlow,
		Keys:  OneKey(1, "OW", "update"),
		Class: Log,
		Check: func(args [][]byte) error { _, err := parse(args, 0); return err },
		Run: func(c *Call) error {
			deadline, err := parse(c.Args, c.Now)
			if err != nil {
				return err
			}
			c.setUntil(c.Args[1], c.Args[3], deadline, false)
			c.Out = wire.AppendSimple(c.Out, "OK")
			return nil
		},
	}
}
