//lint:file-ignore ST1005 Clients compare these texts: they are as Redis has them.

package commands

import (
	"errors"
	"strings"
)

// What these do by hand in Redis Cluster, Millrace does by itself or by its own command.
// They are here since clients and tools know them: one that tries is told where to look.
// https://redis.io/docs/latest/commands/cluster-meet/
var (
	clusterAddSlots = managed(Command{
		Name: "addslots", Syntax: "CLUSTER ADDSLOTS slot [slot ...]",
		Summary: "Assign new hash slots to receiving node.",
		Since:   "3.0.0", Group: "cluster", Complexity: "O(N) where N is the total number of hash slot arguments",
		Arguments: []Argument{{Name: "slot", Type: "integer", Multiple: true}},
		Arity:     -3, Flags: Admin | Stale | NoAsyncLoading, Categories: CatAdmin | CatSlow | CatDangerous,
	})
	clusterAddSlotsRange = managed(Command{
		Name: "addslotsrange", Syntax: "CLUSTER ADDSLOTSRANGE start-slot end-slot [start-slot end-slot ...]",
		Summary: "Assign new hash slots to receiving node.",
		Since:   "7.0.0", Group: "cluster", Complexity: "O(N) where N is the total number of the slots between the start slot and end slot arguments.",
		Arguments: []Argument{{Name: "start-slot_end-slot", Type: "block", Multiple: true, Args: []Argument{{Name: "start-slot", Type: "integer"}, {Name: "end-slot", Type: "integer"}}}},
		Arity:     -4, Flags: Admin | Stale | NoAsyncLoading, Categories: CatAdmin | CatSlow | CatDangerous,
	})
	clusterBumpEpoch = managed(Command{
		Name: "bumpepoch", Syntax: "CLUSTER BUMPEPOCH",
		Summary: "Advance the cluster config epoch.",
		Since:   "3.0.0", Group: "cluster", Complexity: "O(1)",
		Arity: 2, Flags: Admin | Stale | NoAsyncLoading, Categories: CatAdmin | CatSlow | CatDangerous,
		Tips: []string{"nondeterministic_output"},
	})
	clusterDelSlots = managed(Command{
		Name: "delslots", Syntax: "CLUSTER DELSLOTS slot [slot ...]",
		Summary: "Set hash slots as unbound in receiving node.",
		Since:   "3.0.0", Group: "cluster", Complexity: "O(N) where N is the total number of hash slot arguments",
		Arguments: []Argument{{Name: "slot", Type: "integer", Multiple: true}},
		Arity:     -3, Flags: Admin | Stale | NoAsyncLoading, Categories: CatAdmin | CatSlow | CatDangerous,
	})
	clusterDelSlotsRange = managed(Command{
		Name: "delslotsrange", Syntax: "CLUSTER DELSLOTSRANGE start-slot end-slot [start-slot end-slot ...]",
		Summary: "Set hash slots as unbound in receiving node.",
		Since:   "7.0.0", Group: "cluster", Complexity: "O(N) where N is the total number of the slots between the start slot and end slot arguments.",
		Arguments: []Argument{{Name: "start-slot_end-slot", Type: "block", Multiple: true, Args: []Argument{{Name: "start-slot", Type: "integer"}, {Name: "end-slot", Type: "integer"}}}},
		Arity:     -4, Flags: Admin | Stale | NoAsyncLoading, Categories: CatAdmin | CatSlow | CatDangerous,
	})
	clusterFlushSlots = managed(Command{
		Name: "flushslots", Syntax: "CLUSTER FLUSHSLOTS",
		Summary: "Delete a node's own slots information.",
		Since:   "3.0.0", Group: "cluster", Complexity: "O(1)",
		Arity: 2, Flags: Admin | Stale | NoAsyncLoading, Categories: CatAdmin | CatSlow | CatDangerous,
	})
	clusterForget = managed(Command{
		Name: "forget", Syntax: "CLUSTER FORGET node-id",
		Summary: "Remove a node from the nodes table.",
		Since:   "3.0.0", Group: "cluster", Complexity: "O(1)",
		Arguments: []Argument{{Name: "node-id", Type: "string"}},
		Arity:     3, Flags: Admin | Stale | NoAsyncLoading, Categories: CatAdmin | CatSlow | CatDangerous,
	})
	clusterMeet = managed(Command{
		Name: "meet", Syntax: "CLUSTER MEET ip port [cluster_bus_port]",
		Summary: "Force a node cluster to handshake with another node.",
		Since:   "3.0.0", Group: "cluster", Complexity: "O(1)",
		Arguments: []Argument{{Name: "ip", Type: "string"}, {Name: "port", Type: "integer"}, {Name: "cluster_bus_port", Type: "integer", Optional: true, Since: "4.0.0"}},
		History:   [][2]string{{"4.0.0", "Added the optional `cluster_bus_port` argument."}},
		Arity:     -4, Flags: Admin | Stale | NoAsyncLoading, Categories: CatAdmin | CatSlow | CatDangerous,
	})
	clusterReplicate = managed(Command{
		Name: "replicate", Syntax: "CLUSTER REPLICATE node-id",
		Summary: "Reconfigure a node as a replica of the specified master node.",
		Since:   "3.0.0", Group: "cluster", Complexity: "O(1)",
		Arguments: []Argument{{Name: "node-id", Type: "string"}},
		Arity:     3, Flags: Admin | Stale | NoAsyncLoading, Categories: CatAdmin | CatSlow | CatDangerous,
	})
	clusterReset = managed(Command{
		Name: "reset", Syntax: "CLUSTER RESET [HARD | SOFT]",
		Summary: "Reset a Redis Cluster node.",
		Since:   "3.0.0", Group: "cluster", Complexity: "O(N) where N is the number of known nodes. The command may execute a FLUSHALL as a side effect.",
		Arguments: []Argument{{Name: "hard_soft", Type: "oneof", Optional: true, Args: []Argument{{Name: "hard", Type: "pure-token", Token: "HARD"}, {Name: "soft", Type: "pure-token", Token: "SOFT"}}}},
		Arity:     -2, Flags: Admin | NoScript | Stale, Categories: CatAdmin | CatSlow | CatDangerous,
	})
	clusterSaveConfig = managed(Command{
		Name: "saveconfig", Syntax: "CLUSTER SAVECONFIG",
		Summary: "Forces the node to save cluster state on disk.",
		Since:   "3.0.0", Group: "cluster", Complexity: "O(1)",
		Arity: 2, Flags: Admin | Stale | NoAsyncLoading, Categories: CatAdmin | CatSlow | CatDangerous,
	})
	clusterSetConfigEpoch = managed(Command{
		Name: "set-config-epoch", Syntax: "CLUSTER SET-CONFIG-EPOCH config-epoch",
		Summary: "Set the configuration epoch in a new node.",
		Since:   "3.0.0", Group: "cluster", Complexity: "O(1)",
		Arguments: []Argument{{Name: "config-epoch", Type: "integer"}},
		Arity:     3, Flags: Admin | Stale | NoAsyncLoading, Categories: CatAdmin | CatSlow | CatDangerous,
	})
	clusterSetSlot = managed(Command{
		Name: "setslot", Syntax: "CLUSTER SETSLOT slot <IMPORTING node-id | MIGRATING node-id | NODE node-id | STABLE>",
		Summary: "Bind a hash slot to a specific node.",
		Since:   "3.0.0", Group: "cluster", Complexity: "O(1)",
		Arguments: []Argument{{Name: "slot", Type: "integer"}, {Name: "subcommand", Type: "oneof", Args: []Argument{{Name: "node-id", Type: "string", Token: "IMPORTING"}, {Name: "node-id", Type: "string", Token: "MIGRATING"}, {Name: "node-id", Type: "string", Token: "NODE"}, {Name: "stable", Type: "pure-token", Token: "STABLE"}}}},
		Arity:     -4, Flags: Admin | Stale | NoAsyncLoading, Categories: CatAdmin | CatSlow | CatDangerous,
	})
)

// managed completes a subcommand that is refused in a cluster.
func managed(c Command) *Command {
	c.Class, c.Differences = Own, "Always refused: the cluster is managed by Millrace, see [MILLRACE](#millrace)."
	refusal := errors.New("ERR CLUSTER " + strings.ToUpper(c.Name) + " is not supported: the cluster is managed by Millrace, try MILLRACE HELP")
	c.Serve = inCluster(func(*ServeCall, Cluster) error { return refusal })
	return &c
}
