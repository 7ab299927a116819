package commands

// GET key: a string, null when there is none.
// https://redis.io/docs/latest/commands/get/
var get = Command{
	Name: "get", Syntax: "GET key",
	Summary: "Returns the string value of a key.",
	Since:   "1.0.0", Group: "string", Complexity: "O(1)",
	Arguments: []Argument{keyArgument},
	Arity:     2, Flags: ReadOnly | Fast, Categories: CatRead | CatString | CatFast,
	Keys:  OneKey(1, "RO", "access"),
	Class: Read,
	Run: func(c *Call) error {
		text, err := c.text(c.Args[1])
		switch {
		case err != nil:
			return err
		case c.tooLong(len(text)):
			return ErrLong
		}
		c.appendText(text != nil, text)
		return nil
	},
}
