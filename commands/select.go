package commands

import (
	"errors"

	"github.com/millrace-io/millrace/resp/wire"
)

var (
	errDBIndex = errors.New("ERR DB index is out of range")
	errInt32   = errors.New("ERR value is out of range, value must between -2147483648 and 2147483647")
)

// SELECT index: chooses the connection's database.
// https://redis.io/docs/latest/commands/select/
var selectDB = Command{
	Name: "select", Syntax: "SELECT index",
	Summary: "Changes the selected database.",
	Since:   "1.0.0", Group: "connection", Complexity: "O(1)",
	Arguments: []Argument{{Name: "index", Type: "integer"}},
	Arity:     2, Flags: Loading | Stale | Fast, Categories: CatFast | CatConnection,
	Class: Own,
	Foresee: func(args [][]byte, db int, proto wire.Proto, node Node) (int, wire.Proto) {
		if n, ok := parseInt(args[1]); ok && n >= 0 && n < int64(node.Databases()) && (n == 0 || !redirects(node)) {
			return int(n), proto
		}
		return db, proto
	},
	Serve: func(c *ServeCall) error {
		n, err := parseInteger(c.Args[1])
		switch {
		case err != nil:
			return err
		case n != int64(int32(n)):
			return errInt32
		case n != 0 && redirects(c.Node):
			return errSelectInCluster
		case n < 0 || n >= int64(c.Node.Databases()):
			return errDBIndex
		}
		c.Session.SelectDB(int(n))
		c.Out = wire.AppendSimple(c.Out, "OK")
		return nil
	},
}
