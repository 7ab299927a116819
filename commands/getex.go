package commands

// GETEX key [EX|PX|EXAT|PXAT n|PERSIST]: a string, whose deadline may be changed.
// https://redis.io/docs/latest/commands/getex/
var getEx = Command{
	Name:    "getex",
	Syntax:  "GETEX key [EX seconds | PX milliseconds | EXAT unix-time-seconds | PXAT unix-time-milliseconds | PERSIST]",
	Summary: "Returns the string value of a key after setting its expiration time.",
	Since:   "6.2.0", Group: "string", Complexity: "O(1)",
	Arguments: []Argument{keyArgument, expirationArgument(Argument{Name: "persist", Type: "pure-token", Token: "PERSIST"})},
	Arity:     -2, Flags: Write | Fast, Categories: CatWrite | CatString | CatFast,
	Keys: []KeySpec{{
		Notes: "RW and UPDATE because it changes the TTL",
		Flags: []string{"RW", "access", "update"}, Begin: 1, Step: 1,
	}},
	Class: Log,
	Check: func(args [][]byte) error { _, err := parseStringOptions(args[2:], optionsOfGetEx); return err },
	Run:   runGetEx,
	Quiet: func(c *Call) bool {
		o, err := parseStringOptions(c.Args[2:], optionsOfGetEx)
		if err != nil {
			return true
		}
		k, known := c.quietKey(c.DB, c.Args[1])
		return known && (k == nil || o.expiry.number == nil && (!o.persist || k.Deadline() == 0))
	},
}

func runGetEx(c *Call) error {
	o, err := parseStringOptions(c.Args[2:], optionsOfGetEx)
	if err != nil {
		return err
	}
	k, text, err := c.textOrMiss(c.Args[1])
	if err != nil {
		return err
	}
	if k == nil {
		c.appendText(false, nil)
		return nil
	}
	// Only of a key that is there the number is looked at: as Redis does.
	deadline, err := o.expiry.deadline(c.Now, "getex")
	if err != nil {
		return err
	}
	c.appendText(true, text)
	switch {
	case deadline != 0 && deadline <= c.Now:
		c.remove(c.Args[1])
	case deadline != 0 || o.persist && k.Deadline() != 0:
		c.DB.SetDeadline(k, deadline)
		c.DB.Touch(k)
		event := "expire"
		if o.persist {
			event = "persist"
		}
		c.Notify(EventGeneric, event, c.Args[1])
	}
	return nil
}
