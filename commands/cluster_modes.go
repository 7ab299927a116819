package commands

import "github.com/millrace-io/millrace/resp/wire"

// ASKING, of Redis Cluster. A slot never moves bit by bit here, so nobody is asked to
// send it; it changes nothing.
// https://redis.io/docs/latest/commands/asking/
var asking = Command{
	Name: "asking", Syntax: "ASKING",
	Summary: "Sent by cluster clients after an -ASK redirect.",
	Since:   "3.0.0", Group: "cluster", Complexity: "O(1)",
	Arity: 1, Flags: Fast, Categories: CatFast | CatConnection,
	Differences: "A node on its own answers with an error that cluster support is disabled. There is no -ASK, so in a cluster it changes nothing.",
	Class:       Own,
	Serve: asMember(func(c *ServeCall, _ Cluster) error {
		c.Out = wire.AppendSimple(c.Out, "OK")
		return nil
	}),
}

// READONLY: what this connection reads from now on comes from the node's own replica,
// which may be behind.
// https://redis.io/docs/latest/commands/readonly/
var readOnlyMode = Command{
	Name: "readonly", Syntax: "READONLY",
	Summary: "Enables read queries for a connection to a cluster replica node.",
	Since:   "3.0.0", Group: "cluster", Complexity: "O(1)",
	Arity: 1, Flags: Loading | Stale | Fast, Categories: CatFast | CatConnection,
	Differences: "A node on its own answers with an error that cluster support is disabled. In a cluster it holds with either `routing`, and also while " +
		"no leader is known.",
	Class: Own, Serve: asMember(serveReadOnly(true)),
}

// READWRITE ends READONLY.
// https://redis.io/docs/latest/commands/readwrite/
var readWriteMode = Command{
	Name: "readwrite", Syntax: "READWRITE",
	Summary: "Disables read queries for a connection to a cluster replica node.",
	Since:   "3.0.0", Group: "cluster", Complexity: "O(1)",
	Arity: 1, Flags: Loading | Stale | Fast, Categories: CatFast | CatConnection,
	Differences: "A node on its own answers with an error that cluster support is disabled.",
	Class:       Own, Serve: asMember(serveReadOnly(false)),
}

func serveReadOnly(on bool) func(*ServeCall, Cluster) error {
	return func(c *ServeCall, _ Cluster) error {
		c.Session.SetReadOnly(on)
		c.Out = wire.AppendSimple(c.Out, "OK")
		return nil
	}
}
