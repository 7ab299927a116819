package commands

import "strings"

// Arguments that many commands on keys document alike.
var (
	manyKeysArgument        = Argument{Name: "key", Type: "key", KeySpec: 1, Multiple: true}
	expireConditionArgument = Argument{Name: "condition", Type: "oneof", Optional: true, Since: "7.0.0", Args: []Argument{
		{Name: "nx", Type: "pure-token", Token: "NX"},
		{Name: "xx", Type: "pure-token", Token: "XX"},
		{Name: "gt", Type: "pure-token", Token: "GT"},
		{Name: "lt", Type: "pure-token", Token: "LT"},
	}}
)

func upper(name string) string { return strings.ToUpper(name) }
