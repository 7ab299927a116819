package commands

// GETDEL key: a string, which is deleted.
// https://redis.io/docs/latest/commands/getdel/
var getDel = Command{
	Name: "getdel", Syntax: "GETDEL key",
	Summary: "Returns the string value of a key after deleting the key.",
	Since:   "6.2.0", Group: "string", Complexity: "O(1)",
	Arguments: []Argument{keyArgument},
	Arity:     2, Flags: Write | Fast, Categories: CatWrite | CatString | CatFast,
	Keys:  OneKey(1, "RW", "access", "delete"),
	Class: Log,
	Run: func(c *Call) error {
		k, text, err := c.textOrMiss(c.Args[1])
		if err != nil {
			return err
		}
		c.appendText(k != nil, text)
		if k != nil {
			c.remove(c.Args[1])
		}
		return nil
	},
	Quiet: isMissing,
}
