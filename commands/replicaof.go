//lint:file-ignore ST1005 Clients compare these texts: they are as Redis has them.

package commands

import (
	"errors"

	"github.com/millrace-io/millrace/resp/wire"
)

var (
	errMasterPort      = errors.New("ERR Invalid master port")
	errReplicaOf       = errors.New("ERR REPLICAOF of another server is not supported: replication is Millrace's own")
	errNoReplicas      = errors.New("ERR FAILOVER requires connected replicas.")
	errNoFailover      = errors.New("ERR No failover in progress.")
	errFailoverTimeout = errors.New("ERR FAILOVER timeout must be greater than 0")
)

const replicaOfDifferences = "A node follows no Redis: NO ONE is what it is already, and a host is refused."

var replicaOfArguments = []Argument{{Name: "args", Type: "oneof", Args: []Argument{
	{Name: "host-port", Type: "block", Args: []Argument{{Name: "host", Type: "string"}, {Name: "port", Type: "integer"}}},
	{Name: "no-one", Type: "block", Args: []Argument{
		{Name: "no", Type: "pure-token", Token: "NO"}, {Name: "one", Type: "pure-token", Token: "ONE"},
	}},
}}}

// REPLICAOF host port | NO ONE: nobody's replica, for tools that make sure of it.
// https://redis.io/docs/latest/commands/replicaof/
var replicaOf = Command{
	Name: "replicaof", Syntax: "REPLICAOF <host port | NO ONE>",
	Summary: "Make the server a replica of another instance, or promote it as master.",
	Since:   "5.0.0", Group: "server", Complexity: "O(1)",
	Differences: replicaOfDifferences, Arguments: replicaOfArguments,
	Arity: 3, Flags: Admin | NoScript | Stale | NoAsyncLoading, Categories: CatAdmin | CatSlow | CatDangerous,
	Class: Own, Serve: serveReplicaOf,
}

// SLAVEOF is the old name of REPLICAOF.
// https://redis.io/docs/latest/commands/slaveof/
var slaveOf = Command{
	Name: "slaveof", Syntax: "SLAVEOF <host port | NO ONE>",
	Summary: "Make the server a replica of another instance, or promote it as master.",
	Since:   "1.0.0", Group: "server", Complexity: "O(1)",
	DeprecatedSince: "5.0.0", ReplacedBy: "`REPLICAOF`",
	Differences: replicaOfDifferences, Arguments: replicaOfArguments,
	Arity: 3, Flags: Admin | NoScript | Stale | NoAsyncLoading, Categories: CatAdmin | CatSlow | CatDangerous,
	Class: Own, Serve: serveReplicaOf,
}

func serveReplicaOf(c *ServeCall) error {
	if equalFold(c.Args[1], "no") && equalFold(c.Args[2], "one") {
		c.Out = wire.AppendSimple(c.Out, "OK")
		return nil
	}
	if port, err := parseInteger(c.Args[2]); err != nil || port < 0 || port > 65535 {
		return errMasterPort
	}
	return errReplicaOf
}

// FAILOVER [TO host port [FORCE]] [ABORT] [TIMEOUT ms]: there is nobody to take over.
// https://redis.io/docs/latest/commands/failover/
var failover = Command{
	Name: "failover", Syntax: "FAILOVER [TO host port [FORCE]] [ABORT] [TIMEOUT milliseconds]",
	Summary: "Start a coordinated failover between this server and one of its replicas.",
	Since:   "6.2.0", Group: "server", Complexity: "O(1)",
	Differences: "A node on its own has nobody to hand over to: always an error, which is that of Redis without replicas.",
	Arguments: []Argument{
		{Name: "target", Type: "block", Token: "TO", Optional: true, Args: []Argument{
			{Name: "host", Type: "string"}, {Name: "port", Type: "integer"},
			{Name: "force", Type: "pure-token", Token: "FORCE", Optional: true},
		}},
		{Name: "abort", Type: "pure-token", Token: "ABORT", Optional: true},
		{Name: "milliseconds", Type: "integer", Token: "TIMEOUT", Optional: true},
	},
	Arity: -1, Flags: Admin | NoScript | Stale, Categories: CatAdmin | CatSlow | CatDangerous,
	Class: Own,
	Serve: func(c *ServeCall) error {
		aborts, err := parseFailover(c.Args)
		switch {
		case err != nil:
			return err
		case aborts:
			return errNoFailover
		}
		return errNoReplicas
	},
}

// parseFailover checks the options, each of which may stand there once.
func parseFailover(args [][]byte) (aborts bool, err error) {
	var to, force, timeout bool
	for i := 1; i < len(args); i++ {
		switch left := len(args) - 1 - i; {
		case !timeout && left >= 1 && equalFold(args[i], "timeout"):
			timeout, i = true, i+1
			ms, err := parseInteger(args[i])
			if err != nil {
				return false, err
			}
			if ms <= 0 {
				return false, errFailoverTimeout
			}
		case !to && left >= 2 && equalFold(args[i], "to"):
			to, i = true, i+2
			if _, err := parseInteger(args[i]); err != nil {
				return false, err
			}
		case !force && equalFold(args[i], "force"):
			force = true
		case equalFold(args[i], "abort") && len(args) == 2:
			aborts = true
		default:
			return false, errSyntax
		}
	}
	return aborts, nil
}
