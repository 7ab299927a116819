package commands

import (
	"errors"

	"github.com/millrace-io/millrace/resp/wire"
)

var (
	errTimeoutNumber  = errors.New("ERR timeout is not an integer or out of range")
	errTimeoutSign    = errors.New("ERR timeout is negative")
	errNumLocal       = errors.New("ERR value is out of range, value must between 0 and 1")
	errMustBePositive = errors.New("ERR value is out of range, must be positive")
)

// WAIT numreplicas timeout: how many other nodes have what this connection has
// written. A node on its own has none to wait for.
// https://redis.io/docs/latest/commands/wait/
var waitReplicas = Command{
	Name: "wait", Syntax: "WAIT numreplicas timeout",
	Summary: "Wait for the synchronous replication of all the write commands sent in the context of the current connection.",
	Since:   "3.0.0", Group: "generic", Complexity: "O(1)",
	Arguments: []Argument{{Name: "numreplicas", Type: "integer"}, {Name: "timeout", Type: "integer"}},
	Arity:     3, Flags: NoScript, Categories: CatSlow | CatConnection,
	Tips: []string{"request_policy:all_shards", "response_policy:agg_min"},

	Differences: "A reply to a write means already that it is durable. It answers at once: 0 on a node on its own, in a cluster how many other nodes are sure to have what was acknowledged, half of the voters, rounded down.",
	Class:       Barrier,
	Serve: func(c *ServeCall) error {
		if _, err := parseInteger(c.Args[1]); err != nil {
			return err
		}
		if err := checkMilliseconds(c.Args[2]); err != nil {
			return err
		}
		c.Out = wire.AppendInt(c.Out, c.copies())
		return nil
	},
}

// WAITAOF numlocal numreplicas timeout: whether this node, and how many others,
// have on disk what this connection has written. Where that is not so by itself, a
// sync is forced.
// https://redis.io/docs/latest/commands/waitaof/
var waitAOF = Command{
	Name: "waitaof", Syntax: "WAITAOF numlocal numreplicas timeout",
	Summary: "Blocks until all of the preceding write commands sent by the connection are written to the append-only file of the master and/or replicas.",
	Since:   "7.2.0", Group: "generic", Complexity: "O(1)",
	Differences: "The log is never off, so numlocal 1 is always possible; with `fsync` everysec or no the log is synced at once. The second number is that of [WAIT](#wait).",
	Arguments: []Argument{
		{Name: "numlocal", Type: "integer"}, {Name: "numreplicas", Type: "integer"}, {Name: "timeout", Type: "integer"},
	},
	Arity: 4, Flags: NoScript, Categories: CatSlow | CatConnection,
	Tips:  []string{"request_policy:all_shards", "response_policy:agg_min"},
	Class: Barrier,
	Serve: func(c *ServeCall) error {
		if err := checkWaitAOF(c.Args); err != nil {
			return err
		}
		node, copies, fill := c.Node, c.copies(), c.Later()
		go func() { // a sync takes its time, and the loop has others to serve
			if err := node.SyncLog(); err != nil {
				fill(AppendError(nil, errors.New("ERR "+err.Error())))
				return
			}
			fill(wire.AppendInt(wire.AppendInt(wire.AppendArray(nil, 2), 1), copies))
		}()
		return nil
	},
}

// copies is how many other nodes have what was acknowledged, for certain.
func (c *ServeCall) copies() int64 {
	if cluster := c.cluster(); cluster != nil {
		return int64(cluster.Topology().Copies())
	}
	return 0
}

func checkWaitAOF(args [][]byte) error {
	local, err := parseInteger(args[1])
	switch {
	case err != nil:
		return err
	case local < 0 || local > 1:
		return errNumLocal
	}
	replicas, err := parseInteger(args[2])
	if err != nil || replicas < 0 {
		return errMustBePositive
	}
	return checkMilliseconds(args[3])
}

// checkMilliseconds takes a time-out as Redis does.
func checkMilliseconds(arg []byte) error {
	ms, err := parseInteger(arg)
	switch {
	case err != nil:
		return errTimeoutNumber
	case ms < 0:
		return errTimeoutSign
	}
	return nil
}
