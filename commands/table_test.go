package commands_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/millrace-io/millrace/commands"
)

// eachCommand calls fn for all commands, containers, and subcommands.
func eachCommand(fn func(c *commands.Command)) {
	for _, c := range commands.NewTable().Commands() {
		fn(c)
		for _, sub := range c.Sub {
			fn(sub)
		}
	}
}

func TestNamesAreUniqueAndLower(t *testing.T) {
	seen := map[string]bool{}
	eachCommand(func(c *commands.Command) {
		name := c.FullName()
		if seen[name] || name != strings.ToLower(name) || strings.ContainsAny(c.Name, "| ") || c.Name == "" {
			t.Errorf("%q: a name twice, not in lower case, or with a blank", name)
		}
		seen[name] = true
	})
}

func TestEveryCommandIsFound(t *testing.T) {
	table := commands.NewTable()
	for _, c := range table.Commands() {
		if got := table.Lookup([]byte(strings.ToUpper(c.Name))); got != c {
			t.Errorf("%s: Lookup finds %v", c.Name, got)
		}
	}
}

func TestEveryCommandIsDocumented(t *testing.T) {
	groups := []string{"stream", "generic", "string", "transactions", "pubsub", "connection", "server", "cluster", "scripting"}
	eachCommand(func(c *commands.Command) {
		name := strings.ToUpper(strings.ReplaceAll(c.FullName(), "|", " "))
		switch {
		case !strings.HasSuffix(c.Summary, "."):
			t.Errorf("%s: Summary %q is not a sentence", name, c.Summary)
		case strings.Count(c.Since, ".") != 2:
			t.Errorf("%s: Since %q is not a version", name, c.Since)
		case !slices.Contains(groups, c.Group):
			t.Errorf("%s: Group %q is not a chapter of the page", name, c.Group)
		case c.Complexity == "":
			t.Errorf("%s: no Complexity", name)
		case c.Syntax != name && !strings.HasPrefix(c.Syntax, name+" "):
			t.Errorf("%s: Syntax %q does not begin with its name", name, c.Syntax)
		case len(c.Sub) == 0 && (c.Syntax == name) != (len(c.Arguments) == 0):
			t.Errorf("%s: Syntax %q and Arguments do not agree", name, c.Syntax)
		case (c.DeprecatedSince == "") != (c.ReplacedBy == ""):
			t.Errorf("%s: deprecated without what replaces it", name)
		}
		for _, h := range c.History {
			if strings.Count(h[0], ".") != 2 || h[1] == "" {
				t.Errorf("%s: History %q", name, h)
			}
		}
		checkArguments(t, c, c.Arguments)
	})
}

func checkArguments(t *testing.T, c *commands.Command, list []commands.Argument) {
	types := []string{"string", "integer", "double", "key", "pattern", "unix-time", "pure-token", "oneof", "block"}
	for _, a := range list {
		nested := a.Type == "oneof" || a.Type == "block"
		switch {
		case a.Name == "" || !slices.Contains(types, a.Type):
			t.Errorf("%s: argument %q of type %q", c.FullName(), a.Name, a.Type)
		case nested != (len(a.Args) > 0):
			t.Errorf("%s: argument %q of type %s has %d inner ones", c.FullName(), a.Name, a.Type, len(a.Args))
		case a.Type == "pure-token" && a.Token == "":
			t.Errorf("%s: argument %q has no token", c.FullName(), a.Name)
		case (a.Type == "key") != (a.KeySpec > 0) || a.KeySpec > len(c.Keys):
			t.Errorf("%s: argument %q of type %s names key specification %d of %d", c.FullName(), a.Name, a.Type, a.KeySpec, len(c.Keys))
		}
		checkArguments(t, c, a.Args)
	}
}

// A command has the code that its class calls, and no other.
func TestEveryCommandHasItsCode(t *testing.T) {
	eachCommand(func(c *commands.Command) {
		run, serve := c.Run != nil, c.Serve != nil
		if len(c.Sub) > 0 {
			if run || serve != (c.Arity == -1) {
				t.Errorf("%s: a container has no Run, and Serve only when it can be called alone", c.FullName())
			}
			return
		}
		switch c.Class {
		case commands.Log, commands.Read:
			if !run || serve {
				t.Errorf("%s: a command on keys has Run: %v, Serve: %v", c.FullName(), run, serve)
			}
		case commands.Own, commands.Deferred, commands.Barrier:
			if run || !serve {
				t.Errorf("%s: a command of the connection has Run: %v, Serve: %v", c.FullName(), run, serve)
			}
		}
		if c.Class != commands.Log && (c.Quiet != nil || c.Adds != nil) {
			t.Errorf("%s: Quiet or Adds, and not logged", c.FullName())
		}
	})
}

// Flags, categories and keys tell the same story.
// adminWithoutFlag are in @admin and have no such flag, as in Redis.
var adminWithoutFlag = map[string]bool{"role": true, "lastsave": true}

func TestFlagsAgree(t *testing.T) {
	eachCommand(func(c *commands.Command) {
		for _, row := range []struct {
			why       string
			one, that bool
		}{
			{"Write, and in @write", c.Flags&commands.Write != 0, c.Categories&commands.CatWrite != 0},
			{"ReadOnly, and in @read", c.Flags&commands.ReadOnly != 0, c.Categories&commands.CatRead != 0},
			{"Fast, and in @fast", c.Flags&commands.Fast != 0, c.Categories&commands.CatFast != 0},
			{"not Fast, and in @slow", c.Flags&commands.Fast == 0, c.Categories&commands.CatSlow != 0},
			{"Blocking, and in @blocking", c.Flags&commands.Blocking != 0, c.Categories&commands.CatBlocking != 0},
			{"Blocking, and has MayBlock", c.Flags&commands.Blocking != 0, c.MayBlock != nil},
			{"Admin, and in @admin", c.Flags&commands.Admin != 0 || adminWithoutFlag[c.Name], c.Categories&commands.CatAdmin != 0},
			{"of class Log, and Write", c.Run != nil && c.Class == commands.Log, c.Run != nil && c.Flags&commands.Write != 0},
		} {
			if row.one != row.that {
				t.Errorf("%s: one of these and not the other: %s", c.FullName(), row.why)
			}
		}
		if c.Class == commands.Read && c.Flags&(commands.Write|commands.DenyOOM) != 0 {
			t.Errorf("%s: of class Read, and flagged as a write", c.FullName())
		}
		if c.Flags&commands.Admin != 0 && c.Categories&commands.CatDangerous == 0 {
			t.Errorf("%s: Admin and not in @dangerous", c.FullName())
		}
	})
}

// Keys stand where a command of the least length has them.
func TestKeySpecsAreInRange(t *testing.T) {
	flags := []string{"RO", "RW", "OW", "RM", "access", "update", "insert", "delete", "variable_flags", "not_key"}
	eachCommand(func(c *commands.Command) {
		least := max(c.Arity, -c.Arity)
		for _, k := range c.Keys {
			if k.Begin == least && k.Last < 0 && slices.Contains(k.Flags, "not_key") {
				continue // SUNSUBSCRIBE takes any number of channels, also none
			}
			if k.Begin < 1 || k.Begin >= least || k.Step < 1 || k.Last >= 0 && k.Begin+k.Last >= least {
				t.Errorf("%s: keys from %d, last %d, step %d of at least %d words", c.FullName(), k.Begin, k.Last, k.Step, least)
			}
			if len(k.Flags) == 0 {
				t.Errorf("%s: a key without flags", c.FullName())
			}
			for _, f := range k.Flags {
				if !slices.Contains(flags, f) {
					t.Errorf("%s: key flag %q", c.FullName(), f)
				}
			}
		}
		if c.FindKeys != nil && len(c.Keys) == 0 {
			t.Errorf("%s: FindKeys without a specification that says what is done to the keys", c.FullName())
		}
	})
}

// Whatever the arguments, the checks before a command do not panic, and keys are
// among the arguments.
func TestCheckTakesAnything(t *testing.T) {
	words := [][]byte{nil, []byte("streams"), []byte("group"), []byte("block"), []byte("count"), []byte("-1"), []byte("0"), []byte("limit"), []byte("maxlen")}
	eachCommand(func(c *commands.Command) {
		for n := max(c.Arity, -c.Arity); n < max(c.Arity, -c.Arity)+6; n++ {
			if c.Arity > 0 && n > c.Arity {
				break
			}
			for shift := range words {
				args := make([][]byte, n)
				for i := range args {
					args[i] = words[(i*(shift+1)+shift)%len(words)]
				}
				if c.Check != nil {
					_ = c.Check(args)
				}
				if c.MayBlock != nil {
					_ = c.MayBlock(args)
				}
				if c.FindKeys == nil {
					continue
				}
				for _, i := range c.FindKeys(args) {
					if i < 1 || i >= n {
						t.Fatalf("%s: key at %d of %q", c.FullName(), i, args)
					}
				}
			}
		}
	})
}
