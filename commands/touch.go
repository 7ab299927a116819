package commands

// TOUCH key [key ...]: how many of the names are keys. Nothing is evicted by the
// time of its last access, so there is no such time to move, and TOUCH is EXISTS.
// https://redis.io/docs/latest/commands/touch/
var touch = Command{
	Name: "touch", Syntax: "TOUCH key [key ...]",
	Summary: "Returns the number of existing keys out of those specified.",
	Since:   "3.2.1", Group: "generic", Complexity: "O(N) where N is the number of keys.",
	Differences: "Does not change a time of last access: Millrace keeps none.",
	Arguments:   exists.Arguments,
	Arity:       -2, Flags: ReadOnly | Fast, Categories: CatKeyspace | CatRead | CatFast,
	Tips: exists.Tips, Keys: exists.Keys,
	Class: Read, Run: runExists, Spread: spreadSum,
}
