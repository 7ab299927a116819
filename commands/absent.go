package commands

import (
	"errors"

	"github.com/millrace-io/millrace/resp/wire"
)

// What tools ask about and Millrace has not: modules, functions, scripts. There is
// nothing to list and nothing to flush.
// https://redis.io/docs/latest/commands/module-list/
// https://redis.io/docs/latest/commands/function-list/
// https://redis.io/docs/latest/commands/script-flush/
var (
	module = Command{
		Name: "module", Syntax: "MODULE",
		Summary: "A container for module commands.",
		Since:   "4.0.0", Group: "server", Complexity: "Depends on subcommand.",
		Arity: -2, Categories: CatSlow,

		Sub: []*Command{&moduleList, helpCommand("module", "server", "5.0.0", 0, "LIST", "    Return a list of loaded modules.")},
	}
	function = Command{
		Name: "function", Syntax: "FUNCTION",
		Summary: "A container for function commands.",
		Since:   "7.0.0", Group: "scripting", Complexity: "Depends on subcommand.",
		Arity: -2, Categories: CatSlow,

		Sub: []*Command{&functionFlush, &functionList, helpCommand("function", "scripting", "7.0.0", CatScripting,
			"FLUSH [ASYNC|SYNC]", "    Delete all the libraries.",
			"LIST [LIBRARYNAME PATTERN] [WITHCODE]", "    Return general information on all the libraries.")},
	}
	script = Command{
		Name: "script", Syntax: "SCRIPT",
		Summary: "A container for Lua scripts management commands.",
		Since:   "2.6.0", Group: "scripting", Complexity: "Depends on subcommand.",
		Arity: -2, Categories: CatSlow,

		Sub: []*Command{&scriptFlush, helpCommand("script", "scripting", "5.0.0", CatScripting,
			"FLUSH [ASYNC|SYNC]", "    Flush the Lua scripts cache.")},
	}
)

// MODULE LIST.
var moduleList = Command{
	Name: "list", Syntax: "MODULE LIST",
	Summary: "List all modules loaded by the server.",
	Since:   "4.0.0", Group: "server", Complexity: "O(N) where N is the number of loaded modules.",
	Arity: 2, Flags: Admin | NoScript, Categories: CatAdmin | CatSlow | CatDangerous,
	Tips: []string{"nondeterministic_output_order"},

	Differences: "There are no modules.",
	Class:       Own,
	Serve: func(c *ServeCall) error {
		c.Out = wire.AppendArray(c.Out, 0)
		return nil
	},
}

// FUNCTION LIST [LIBRARYNAME pattern] [WITHCODE].
var functionList = Command{
	Name: "list", Syntax: "FUNCTION LIST [LIBRARYNAME library-name-pattern] [WITHCODE]",
	Summary: "List information about all the functions.",
	Since:   "7.0.0", Group: "scripting", Complexity: "O(N) where N is the number of functions",
	Arguments: []Argument{{Name: "library-name-pattern", Type: "string", Token: "LIBRARYNAME", Optional: true}, {Name: "withcode", Type: "pure-token", Token: "WITHCODE", Optional: true}},
	Arity:     -2, Flags: NoScript, Categories: CatSlow | CatScripting,
	Tips: []string{"nondeterministic_output_order"},

	Differences: "There are no functions.",
	Class:       Own,
	Serve: func(c *ServeCall) error {
		if err := checkFunctionList(c.Args); err != nil {
			return err
		}
		c.Out = wire.AppendArray(c.Out, 0)
		return nil
	},
}

func checkFunctionList(args [][]byte) error {
	named, code := false, false
	for i := 2; i < len(args); i++ {
		switch {
		case !code && equalFold(args[i], "withcode"):
			code = true
		case !named && equalFold(args[i], "libraryname"):
			if i+1 == len(args) {
				return errors.New("ERR library name argument was not given")
			}
			named = true
			i++
		default:
			return errors.New("ERR Unknown argument " + quoted(args[i]))
		}
	}
	return nil
}

// FUNCTION FLUSH [ASYNC|SYNC].
var functionFlush = Command{
	Name: "flush", Syntax: "FUNCTION FLUSH [ASYNC | SYNC]",
	Summary: "Deleting all functions.",
	Since:   "7.0.0", Group: "scripting", Complexity: "O(N) where N is the number of functions deleted",
	Arguments: []Argument{{Name: "async", Type: "oneof", Optional: true, Args: []Argument{{Name: "async", Type: "pure-token", Token: "ASYNC"}, {Name: "sync", Type: "pure-token", Token: "SYNC"}}}},
	Arity:     -2, Flags: Write | NoScript, Categories: CatWrite | CatSlow | CatScripting,
	Tips: []string{"request_policy:all_shards", "response_policy:all_succeeded"},

	Differences: "There is nothing to flush.",
	Class:       Own,
	Serve: func(c *ServeCall) error {
		if len(c.Args) > 3 {
			return wrongSubcommandShape("FUNCTION", c.Args[1])
		}
		return flushNothing(c, "ERR FUNCTION FLUSH only supports SYNC|ASYNC option")
	},
}

// SCRIPT FLUSH [ASYNC|SYNC].
var scriptFlush = Command{
	Name: "flush", Syntax: "SCRIPT FLUSH [ASYNC | SYNC]",
	Summary: "Remove all the scripts from the script cache.",
	Since:   "2.6.0", Group: "scripting", Complexity: "O(N) with N being the number of scripts in cache",
	Arguments: []Argument{{Name: "async", Type: "oneof", Optional: true, Since: "6.2.0", Args: []Argument{{Name: "async", Type: "pure-token", Token: "ASYNC"}, {Name: "sync", Type: "pure-token", Token: "SYNC"}}}},
	History:   [][2]string{{"6.2.0", "Added the `ASYNC` and `SYNC` flushing mode modifiers."}},
	Arity:     -2, Flags: NoScript, Categories: CatSlow | CatScripting,
	Tips: []string{"request_policy:all_nodes", "response_policy:all_succeeded"},

	Differences: "There is nothing to flush.",
	Class:       Own,
	Serve: func(c *ServeCall) error {
		return flushNothing(c, "ERR SCRIPT FLUSH only support SYNC|ASYNC option")
	},
}

// flushNothing answers OK to a flush with at most one option.
func flushNothing(c *ServeCall, otherwise string) error {
	if n := len(c.Args); n > 3 || n == 3 && !equalFold(c.Args[2], "async") && !equalFold(c.Args[2], "sync") {
		return errors.New(otherwise)
	}
	c.Out = wire.AppendSimple(c.Out, "OK")
	return nil
}
