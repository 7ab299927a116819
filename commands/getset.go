package commands

// GETSET key value: sets a string and returns the one before.
// https://redis.io/docs/latest/commands/getset/
var getSet = Command{
	Name: "getset", Syntax: "GETSET key value",
	Summary: "Returns the previous string value of a key after setting it to a new value.",
	Since:   "1.0.0", Group: "string", Complexity: "O(1)",
	DeprecatedSince: "6.2.0", ReplacedBy: "`SET` with the `!GET` argument",
	Arguments: []Argument{keyArgument, {Name: "value", Type: "string"}},
	Arity:     3, Flags: Write | DenyOOM | Fast, Categories: CatWrite | CatString | CatFast,
	Keys:  OneKey(1, "RW", "access", "update"),
	Class: Log,
	Run: func(c *Call) error {
		k, text, err := c.textOrMiss(c.Args[1])
		if err != nil {
			return err
		}
		c.appendText(k != nil, text)
		c.setString(c.Args[1], c.Args[2], false)
		c.Notify(EventString, "set", c.Args[1])
		return nil
	},
}
