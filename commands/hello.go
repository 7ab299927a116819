//lint:file-ignore ST1005 Clients compare these texts: they are as Redis has them.

package commands

import (
	"errors"

	"github.com/millrace-io/millrace/resp/wire"
)

var (
	errNoProto      = errors.New("NOPROTO unsupported protocol version")
	errProtoVersion = errors.New("ERR Protocol version is not an integer or out of range")
	errHelloNoAuth  = errors.New("NOAUTH HELLO must be called with the client already authenticated, otherwise the HELLO <proto> AUTH <user> <pass> option can be used to authenticate the client and select the RESP protocol version at the same time")
	errClientName   = errors.New("ERR Client names cannot contain spaces, newlines or special characters.")
)

// HELLO [protover [AUTH username password] [SETNAME clientname]]: the handshake. An
// error leaves everything as it was.
// https://redis.io/docs/latest/commands/hello/
var hello = Command{
	Name: "hello", Syntax: "HELLO [protover [AUTH username password] [SETNAME clientname]]",
	Summary: "Handshakes with the server.",
	Since:   "6.0.0", Group: "connection", Complexity: "O(1)",
	Differences: "The version is that of the setting `redis-version`; Millrace's own is in INFO.",
	History:     [][2]string{{"6.2.0", "`protover` made optional; when called without arguments the command reports the current connection's context."}},
	Arguments: []Argument{{Name: "arguments", Type: "block", Optional: true, Args: []Argument{
		{Name: "protover", Type: "integer"},
		{Name: "auth", Type: "block", Token: "AUTH", Optional: true, Args: []Argument{
			{Name: "username", Type: "string"}, {Name: "password", Type: "string"},
		}},
		{Name: "clientname", Type: "string", Token: "SETNAME", Optional: true},
	}}},
	Arity: -1, Flags: NoScript | Loading | Stale | Fast | NoAuth | AllowBusy, Categories: CatFast | CatConnection,
	Class: Own, Settles: true, Secrets: helloSecrets,
	Foresee: func(args [][]byte, db int, proto wire.Proto, node Node) (int, wire.Proto) {
		o, err := parseHello(args)
		if err != nil || o.proto == 0 || o.user != nil && !node.CheckPassword(o.user, o.password) {
			return db, proto
		}
		return db, o.proto
	},
	Serve: serveHello,
}

type helloOptions struct {
	proto          wire.Proto // 0: as it is
	user, password []byte     // nil: as it is
	name           []byte     // nil: as it is
}

func parseHello(args [][]byte) (o helloOptions, err error) {
	if len(args) == 1 {
		return o, nil
	}
	version, err := parseIntOr(args[1], errProtoVersion)
	if err != nil {
		return o, err
	}
	if version != int64(wire.RESP2) && version != int64(wire.RESP3) {
		return o, errNoProto
	}
	o.proto = wire.Proto(version)
	for i := 2; i < len(args); {
		switch {
		case equalFold(args[i], "auth") && i+2 < len(args):
			o.user, o.password = args[i+1], args[i+2]
			i += 3
		case equalFold(args[i], "setname") && i+1 < len(args):
			o.name = args[i+1]
			if !plainText(o.name) {
				return o, errClientName
			}
			i += 2
		default:
			return o, errors.New("ERR Syntax error in HELLO option '" + quoted(args[i]) + "'")
		}
	}
	return o, nil
}

// helloSecrets finds user and password of the option AUTH.
func helloSecrets(args [][]byte) (secret []int) {
	for i := 2; i+2 < len(args); i++ {
		switch {
		case equalFold(args[i], "auth"):
			secret = append(secret, i+1, i+2)
			i += 2
		case equalFold(args[i], "setname"):
			i++
		}
	}
	return secret
}

func serveHello(c *ServeCall) error {
	o, err := parseHello(c.Args)
	if err != nil {
		return err
	}
	if o.user != nil {
		if !c.Node.CheckPassword(o.user, o.password) {
			c.noteFailedLogin(o.user)
			return errWrongPass
		}
		c.Session.Login(string(o.user))
	} else if !c.Session.Authenticated() {
		return errHelloNoAuth
	}
	if o.name != nil {
		c.Session.SetName(string(o.name))
	}
	if o.proto != 0 {
		c.Session.SetProto(o.proto)
	}
	proto := c.Session.Proto()
	c.Out = wire.AppendMap(c.Out, proto, 7)
	for _, pair := range [][2]string{{"server", "redis"}, {"version", c.Node.RedisVersion()}} {
		c.Out = wire.AppendBulkString(c.Out, pair[0])
		c.Out = wire.AppendBulkString(c.Out, pair[1])
	}
	c.Out = wire.AppendBulkString(c.Out, "proto")
	c.Out = wire.AppendInt(c.Out, int64(proto))
	c.Out = wire.AppendBulkString(c.Out, "id")
	c.Out = wire.AppendInt(c.Out, int64(c.Session.ID()))
	mode, role := "standalone", "master"
	if redirects(c.Node) {
		mode = "cluster" // otherwise a client needs to know nothing of the cluster
	}
	if _, follows := Follows(c.cluster()); follows {
		role = "replica"
	}
	for _, pair := range [][2]string{{"mode", mode}, {"role", role}} {
		c.Out = wire.AppendBulkString(c.Out, pair[0])
		c.Out = wire.AppendBulkString(c.Out, pair[1])
	}
	c.Out = wire.AppendBulkString(c.Out, "modules")
	c.Out = wire.AppendArray(c.Out, 0)
	return nil
}

// plainText is what Redis allows in client and library names: '!' to '~'.
func plainText(b []byte) bool {
	for _, ch := range b {
		if ch < '!' || ch > '~' {
			return false
		}
	}
	return true
}
