package commands

import "github.com/millrace-io/millrace/resp/wire"

// PING [message]: PONG, or the message. A client that has subscribed in RESP2 gets
// both in the form of a message.
// https://redis.io/docs/latest/commands/ping/
var ping = Command{
	Name: "ping", Syntax: "PING [message]",
	Summary: "Returns the server's liveliness response.",
	Since:   "1.0.0", Group: "connection", Complexity: "O(1)",
	Arguments: []Argument{{Name: "message", Type: "string", Optional: true}},
	Arity:     -1, Flags: Fast, Categories: CatFast | CatConnection,
	Tips:  []string{"request_policy:all_shards", "response_policy:all_succeeded"},
	Class: Own, InSubscribed: true,
	Serve: func(c *ServeCall) error {
		if c.Session.Proto() == wire.RESP2 && c.Session.Subscribed() && len(c.Args) <= 2 {
			c.Out = appendPongFrame(c.Out, c.Args[1:])
			return nil
		}
		switch len(c.Args) {
		case 1:
			c.Out = wire.AppendSimple(c.Out, "PONG")
		case 2:
			c.Out = wire.AppendBulk(c.Out, c.Args[1])
		default:
			return wrongArity(c.Command)
		}
		return nil
	},
}

func appendPongFrame(b []byte, message [][]byte) []byte {
	b = wire.AppendArray(b, 2)
	b = wire.AppendBulkString(b, "pong")
	if len(message) == 0 {
		return wire.AppendBulkString(b, "")
	}
	return wire.AppendBulk(b, message[0])
}
