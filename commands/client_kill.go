package commands

import (
	"errors"
	"time"

	"github.com/millrace-io/millrace/resp/wire"
)

var (
	errNoSuchClient  = errors.New("ERR No such client")
	errKillID        = errors.New("ERR client-id should be greater than 0")
	errMaxAge        = errors.New("ERR maxage should be greater than 0")
	errMaxAgeInteger = errors.New("ERR maxage is not an integer or out of range")
)

// CLIENT KILL ip:port, or filters that all must match: ID, ADDR, LADDR, TYPE, USER,
// MAXAGE, SKIPME. Who kills itself gets the reply first.
var clientKill = Command{
	Name: "kill", Syntax: "CLIENT KILL <ip:port | <[ID client-id] | [TYPE <NORMAL | MASTER | SLAVE | REPLICA | PUBSUB>] | [USER username] | [ADDR ip:port] | [LADDR ip:port] | [SKIPME yes/no]> [<[ID client-id] | [TYPE <NORMAL | MASTER | SLAVE | REPLICA | PUBSUB>] | [USER username] | [ADDR ip:port] | [LADDR ip:port] | [SKIPME yes/no]> ...]>",
	Summary: "Kill the connection of a client.",
	Since:   "2.4.0", Group: "connection", Complexity: "O(N) where N is the number of client connections",
	Arguments: []Argument{{Name: "filter", Type: "oneof", Args: []Argument{{Name: "ip:port", Type: "string"}, {Name: "new-format", Type: "oneof", Multiple: true, Args: []Argument{{Name: "client-id", Type: "integer", Token: "ID", Optional: true, Since: "2.8.12"}, {Name: "normal_master_slave_pubsub", Type: "oneof", Token: "TYPE", Optional: true, Since: "2.8.12", Args: []Argument{{Name: "normal", Type: "pure-token", Token: "NORMAL"}, {Name: "master", Type: "pure-token", Token: "MASTER", Since: "3.2.0"}, {Name: "slave", Type: "pure-token", Token: "SLAVE"}, {Name: "replica", Type: "pure-token", Token: "REPLICA", Since: "5.0.0"}, {Name: "pubsub", Type: "pure-token", Token: "PUBSUB"}}}, {Name: "username", Type: "string", Token: "USER", Optional: true}, {Name: "ip:port", Type: "string", Token: "ADDR", Optional: true}, {Name: "ip:port", Type: "string", Token: "LADDR", Optional: true, Since: "6.2.0"}, {Name: "yes/no", Type: "string", Token: "SKIPME", Optional: true}}}}}},
	History:   [][2]string{{"2.8.12", "Added new filter format."}, {"2.8.12", "`ID` option."}, {"3.2.0", "Added `master` type in for `TYPE` option."}, {"5.0.0", "Replaced `slave` `TYPE` with `replica`. `slave` still supported for backward compatibility."}, {"6.2.0", "`LADDR` option."}},
	Arity:     -3, Flags: Admin | NoScript | Loading | Stale, Categories: CatAdmin | CatSlow | CatDangerous | CatConnection,

	Class: Barrier,
	Serve: func(c *ServeCall) error {
		if len(c.Args) == 3 {
			if killAll(c, &clientFilter{addr: string(c.Args[2]), hasAddr: true}) == 0 {
				return errNoSuchClient
			}
			c.Out = wire.AppendSimple(c.Out, "OK")
			return nil
		}
		filter, err := parseClientFilter(c.Args[2:])
		if err != nil {
			return err
		}
		c.Out = wire.AppendInt(c.Out, killAll(c, filter))
		return nil
	},
}

// killAll closes the connections that match.
func killAll(c *ServeCall, f *clientFilter) (killed int64) {
	own, now := c.Session.ID(), time.Now().UnixMilli()
	c.Node.EachClient(func(i ClientInfo) {
		switch {
		case !f.matches(&i, now) || f.skipMe && i.ID == own:
		case i.ID == own:
			c.Session.CloseAfterReply()
			killed++
		case c.Node.Kill(i.ID):
			killed++
		}
	})
	return killed
}

// clientFilter is what CLIENT KILL looks for. Zero values match everything.
type clientFilter struct {
	id          uint64
	addr, laddr string
	hasAddr     bool
	hasLaddr    bool
	kind, user  string
	maxAge      int64 // seconds
	skipMe      bool
}

func (f *clientFilter) matches(i *ClientInfo, now int64) bool {
	return (f.id == 0 || i.ID == f.id) &&
		(!f.hasAddr || i.Addr == f.addr) &&
		(!f.hasLaddr || i.LocalAddr == f.laddr) &&
		(f.kind == "" || f.kind == i.kind()) &&
		(f.user == "" || i.User == f.user) &&
		(f.maxAge == 0 || (now-i.Created)/1000 >= f.maxAge)
}

// parseClientFilter reads pairs of filter and value; a filter given again overwrites.
func parseClientFilter(args [][]byte) (*clientFilter, error) {
	f := &clientFilter{skipMe: true}
	for ; len(args) > 0; args = args[2:] {
		if len(args) == 1 {
			return nil, errSyntax
		}
		if err := f.set(args[0], args[1]); err != nil {
			return nil, err
		}
	}
	return f, nil
}

func (f *clientFilter) set(name, value []byte) error {
	switch {
	case equalFold(name, "id"):
		id, err := parseInteger(value)
		if err != nil || id <= 0 {
			return errKillID
		}
		f.id = uint64(id)
	case equalFold(name, "addr"):
		f.addr, f.hasAddr = string(value), true
	case equalFold(name, "laddr"):
		f.laddr, f.hasLaddr = string(value), true
	case equalFold(name, "type"):
		kind, err := parseClientKind(value)
		f.kind = kind
		return err
	case equalFold(name, "user"):
		if string(value) != defaultUser {
			return errors.New("ERR No such user '" + quoted(value) + "'")
		}
		f.user = defaultUser
	case equalFold(name, "maxage"):
		return f.setMaxAge(value)
	case equalFold(name, "skipme") && equalFold(value, "yes"):
		f.skipMe = true
	case equalFold(name, "skipme") && equalFold(value, "no"):
		f.skipMe = false
	default:
		return errSyntax
	}
	return nil
}

func (f *clientFilter) setMaxAge(value []byte) error {
	n, err := parseInteger(value)
	switch {
	case err != nil:
		return errMaxAgeInteger
	case n <= 0:
		return errMaxAge
	}
	f.maxAge = n
	return nil
}

// parseClientKind reads a type of clients.
func parseClientKind(arg []byte) (string, error) {
	for _, kind := range []string{"normal", "master", "replica", "slave", "pubsub"} {
		if equalFold(arg, kind) {
			return kind, nil
		}
	}
	return "", errors.New("ERR Unknown client type '" + quoted(arg) + "'")
}
