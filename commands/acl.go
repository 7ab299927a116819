package commands

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"

	"github.com/millrace-io/millrace/resp/wire"
)

// ACL: who may do what. There is one user, default, who may do everything.
// https://redis.io/docs/latest/commands/acl/
var acl = Command{
	Name: "acl", Syntax: "ACL",
	Summary: "A container for Access List Control commands .",
	Since:   "6.0.0", Group: "server", Complexity: "Depends on subcommand.",
	Arity: -2, Categories: CatSlow,

	Sub: []*Command{
		&aclCat, &aclDryRun, &aclGenPass, &aclGetUser,
		helpCommand("acl", "server", "6.0.0", 0,
			"CAT [<category>]", "    List all commands that belong to <category>, or all command categories", "    when no category is specified.",
			"DRYRUN <username> <command> [<arg> ...]", "    Return whether the user can execute the given command without executing the command.",
			"GENPASS [<bits>]", "    Generate a secure password of <bits> bits (default: 256).",
			"GETUSER <username>", "    Get the user's details.",
			"LIST", "    Show users details in config file format.",
			"LOAD", "    Reload users from the ACL file.",
			"LOG [<count> | RESET]", "    Show the ACL log entries.",
			"SAVE", "    Save the current config to the ACL file.",
			"USERS", "    List all the registered usernames.",
			"WHOAMI", "    Return the current connection username.",
		),
		&aclList, &aclLoad, &aclLog, &aclSave, &aclUsers, &aclWhoAmI,
	},
}

const oneUser = "There is one user, `default`."

// ACL WHOAMI.
var aclWhoAmI = Command{
	Name: "whoami", Syntax: "ACL WHOAMI",
	Summary: "Return the name of the user associated to the current connection.",
	Since:   "6.0.0", Group: "server", Complexity: "O(1)",
	Arity: 2, Flags: NoScript | Loading | Stale, Categories: CatSlow,

	Class: Own,
	Serve: func(c *ServeCall) error {
		c.Out = wire.AppendBulkString(c.Out, c.Session.User())
		return nil
	},
}

// ACL USERS.
var aclUsers = Command{
	Name: "users", Syntax: "ACL USERS",
	Summary: "List the username of all the configured ACL rules.",
	Since:   "6.0.0", Group: "server", Complexity: "O(N). Where N is the number of configured users.",
	Arity: 2, Flags: Admin | NoScript | Loading | Stale, Categories: CatAdmin | CatSlow | CatDangerous,

	Differences: oneUser,
	Class:       Own,
	Serve: func(c *ServeCall) error {
		c.Out = wire.AppendBulkString(wire.AppendArray(c.Out, 1), defaultUser)
		return nil
	},
}

// ACL LIST.
var aclList = Command{
	Name: "list", Syntax: "ACL LIST",
	Summary: "List the current ACL rules in ACL config file format.",
	Since:   "6.0.0", Group: "server", Complexity: "O(N). Where N is the number of configured users.",
	Arity: 2, Flags: Admin | NoScript | Loading | Stale, Categories: CatAdmin | CatSlow | CatDangerous,

	Differences: oneUser,
	Class:       Barrier,
	Serve: func(c *ServeCall) error {
		line := "user default on nopass sanitize-payload ~* &* +@all"
		if hash := passwordHash(c.Node); hash != "" {
			line = "user default on sanitize-payload #" + hash + " ~* &* +@all"
		}
		c.Out = wire.AppendBulkString(wire.AppendArray(c.Out, 1), line)
		return nil
	},
}

// ACL GETUSER username; null for one that is not there.
var aclGetUser = Command{
	Name: "getuser", Syntax: "ACL GETUSER username",
	Summary: "Get the rules for a specific ACL user.",
	Since:   "6.0.0", Group: "server", Complexity: "O(N). Where N is the number of password, command and pattern rules that the user has.",
	Arguments: []Argument{{Name: "username", Type: "string"}},
	History:   [][2]string{{"6.2.0", "Added Pub/Sub channel patterns."}, {"7.0.0", "Added selectors and changed the format of key and channel patterns from a list to their rule representation."}},
	Arity:     3, Flags: Admin | NoScript | Loading | Stale, Categories: CatAdmin | CatSlow | CatDangerous,

	Differences: oneUser,
	Class:       Barrier,
	Serve: func(c *ServeCall) error {
		if string(c.Args[2]) != defaultUser {
			c.Out = wire.AppendNull(c.Out, c.Session.Proto())
			return nil
		}
		c.Out = appendDefaultUser(c.Out, c.Session.Proto(), passwordHash(c.Node))
		return nil
	},
}

func appendDefaultUser(out []byte, p wire.Proto, hash string) []byte {
	flags, passwords := []string{"on", "sanitize-payload"}, []string{hash}
	if hash == "" {
		flags, passwords = []string{"on", "nopass", "sanitize-payload"}, nil
	}
	out = wire.AppendMap(out, p, 6)
	out = wire.AppendSet(wire.AppendBulkString(out, "flags"), p, len(flags))
	for _, f := range flags {
		out = wire.AppendBulkString(out, f)
	}
	out = wire.AppendArray(wire.AppendBulkString(out, "passwords"), len(passwords))
	for _, hash := range passwords {
		out = wire.AppendBulkString(out, hash)
	}
	for _, rule := range [][2]string{{"commands", "+@all"}, {"keys", "~*"}, {"channels", "&*"}} {
		out = wire.AppendBulkString(wire.AppendBulkString(out, rule[0]), rule[1])
	}
	return wire.AppendArray(wire.AppendBulkString(out, "selectors"), 0)
}

// passwordHash is the password of the default user as ACL shows it, "" for none.
func passwordHash(n Node) string {
	for _, pair := range n.Config().Match("requirepass") {
		if pair[1] != "" {
			sum := sha256.Sum256([]byte(pair[1]))
			return hex.EncodeToString(sum[:])
		}
	}
	return ""
}

// ACL CAT [category]: the categories, or the commands of one.
var aclCat = Command{
	Name: "cat", Syntax: "ACL CAT [categoryname]",
	Summary: "List the ACL categories or the commands inside a category.",
	Since:   "6.0.0", Group: "server", Complexity: "O(1) since the categories and commands are a fixed set.",
	Arguments: []Argument{{Name: "categoryname", Type: "string", Optional: true}},
	Arity:     -2, Flags: NoScript | Loading | Stale, Categories: CatSlow,

	Class: Own,
	Serve: func(c *ServeCall) error {
		var names []string
		switch len(c.Args) {
		case 2:
			names = namesOf(^Categories(0), categoryNames)
		case 3:
			category := categoryNamed(c.Args[2])
			if category == 0 {
				return errors.New("ERR Unknown category '" + quoted(c.Args[2]) + "'")
			}
			names = c.Table.inCategory(category)
		default:
			return wrongSubcommandShape("ACL", c.Args[1])
		}
		c.Out = wire.AppendArray(c.Out, len(names))
		for _, name := range names {
			c.Out = wire.AppendBulkString(c.Out, name)
		}
		return nil
	},
}

// inCategory are the full names of the commands of a category.
func (t *Table) inCategory(category Categories) (names []string) {
	for _, c := range t.list {
		if c.Categories&category != 0 {
			names = append(names, c.FullName())
		}
		for _, sub := range c.Sub {
			if sub.Categories&category != 0 {
				names = append(names, sub.FullName())
			}
		}
	}
	return names
}

// ACL DRYRUN username command [arg ...].
var aclDryRun = Command{
	Name: "dryrun", Syntax: "ACL DRYRUN username command [arg [arg ...]]",
	Summary: "Returns whether the user can execute the given command without executing the command.",
	Since:   "7.0.0", Group: "server", Complexity: "O(1).",
	Arguments: []Argument{{Name: "username", Type: "string"}, {Name: "command", Type: "string"}, {Name: "arg", Type: "string", Optional: true, Multiple: true}},
	Arity:     -4, Flags: Admin | NoScript | Loading | Stale, Categories: CatAdmin | CatSlow | CatDangerous,

	Differences: oneUser,
	Class:       Own,
	Serve: func(c *ServeCall) error {
		if string(c.Args[2]) != defaultUser {
			return errors.New("ERR User '" + quoted(c.Args[2]) + "' not found")
		}
		cmd, err := c.Table.Find(c.Args[3:])
		if cmd == nil && c.Table.findLoosely(c.Args[3:]) == nil {
			return errors.New("ERR Command '" + quoted(c.Args[3]) + "' not found")
		}
		if err != nil {
			return err
		}
		c.Out = wire.AppendSimple(c.Out, "OK")
		return nil
	},
}

// findLoosely is Find whatever the number of arguments.
func (t *Table) findLoosely(args [][]byte) *Command {
	c := t.Lookup(args[0])
	if c != nil && c.Sub != nil && len(args) > 1 {
		return c.subcommand(args[1])
	}
	return c
}

const maxPasswordBits = 4096

var errPasswordBits = errors.New("ERR ACL GENPASS argument must be the number of bits for the output password, a positive number up to 4096")

// ACL GENPASS [bits]: a password out of hex digits.
var aclGenPass = Command{
	Name: "genpass", Syntax: "ACL GENPASS [bits]",
	Summary: "Generate a pseudorandom secure password to use for ACL users.",
	Since:   "6.0.0", Group: "server", Complexity: "O(1)",
	Arguments: []Argument{{Name: "bits", Type: "integer", Optional: true}},
	Arity:     -2, Flags: NoScript | Loading | Stale, Categories: CatSlow,

	Class: Own,
	Serve: func(c *ServeCall) error {
		bits := int64(256)
		switch {
		case len(c.Args) > 3:
			return wrongSubcommandShape("ACL", c.Args[1])
		case len(c.Args) == 3:
			n, err := parseInteger(c.Args[2])
			if err != nil {
				return err
			}
			if n <= 0 || n > maxPasswordBits {
				return errPasswordBits
			}
			bits = n
		}
		var random [maxPasswordBits / 8]byte
		rand.Read(random[:]) // never fails, by its documentation
		c.Out = wire.AppendBulkString(c.Out, hex.EncodeToString(random[:])[:(bits+3)/4])
		return nil
	},
}
