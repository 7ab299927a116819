//lint:file-ignore ST1005 Clients compare these texts: they are as Redis has them.

package commands

import (
	"errors"

	"github.com/millrace-io/millrace/resp/wire"
)

var (
	errWrongPass      = errors.New("WRONGPASS invalid username-password pair or user is disabled.")
	errAuthNoPassword = errors.New("ERR AUTH <password> called without any password configured for the default user. Are you sure your configuration is correct?")
)

// defaultUser is the one user there is.
const defaultUser = "default"

// AUTH [username] password.
// https://redis.io/docs/latest/commands/auth/
var auth = Command{
	Name: "auth", Syntax: "AUTH [username] password",
	Summary: "Authenticates the connection.",
	Since:   "1.0.0", Group: "connection", Complexity: "O(1)",
	Differences: "The only user is `default`.",
	History:     [][2]string{{"6.0.0", "Added ACL style (username and password)."}},
	Arguments: []Argument{
		{Name: "username", Type: "string", Optional: true, Since: "6.0.0"},
		{Name: "password", Type: "string"},
	},
	Arity: -2, Flags: NoScript | Loading | Stale | Fast | NoAuth | AllowBusy, Categories: CatFast | CatConnection,
	Secrets: func(args [][]byte) (secret []int) {
		for i := range args[1:] {
			secret = append(secret, i+1)
		}
		return secret
	},
	Class: Own,
	Serve: func(c *ServeCall) error {
		user, password := []byte(defaultUser), c.Args[len(c.Args)-1]
		switch {
		case len(c.Args) > 3:
			return errSyntax
		case len(c.Args) == 3:
			user = c.Args[1]
		case c.Node.NoPassword():
			return errAuthNoPassword
		}
		if !c.Node.CheckPassword(user, password) {
			c.noteFailedLogin(user)
			return errWrongPass
		}
		c.Session.Login(string(user))
		c.Out = wire.AppendSimple(c.Out, "OK")
		return nil
	},
}
