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
	slotArguments  = []Argument{{Name: "slot", Type: "integer", Multiple: true}}
	rangeArguments = []Argument{{Name: "start-slot_end-slot", Type: "block", Multiple: true, Args: []Argument{{Name: "start-slot", Type: "integer"}, {Name: "end-slot", Type: "integer"}}}}

	clusterAddSlots = managed(Command{
		Name: "addslots", Syntax: "CLUSTER ADDSLOTS slot [slot ...]",
		Summary: "Assign new hash slots to receiving node.",
		Since:   "3.0.0", Complexity: "O(N) where N is the total number of hash slot arguments",
		Arguments: slotArguments,
		Arity:     -3,
	})
	clusterAddSlotsRange = managed(Command{
		Name: "addslotsrange", Syntax: "CLUSTER ADDSLOTSRANGE start-slot end-slot [start-slot end-slot ...]",
		Summary: "Assign new hash slots to receiving node.",
		Since:   "7.0.0", Complexity: "O(N) where N is the total number of the slots between the start slot and end slot arguments.",
		Arguments: rangeArguments,
		Arity:     -4,
	})
	clusterBumpEpoch = managed(Command{
		Name: "bumpepoch", Syntax: "CLUSTER BUMPEPOCH",
		Summary: "Advance the cluster config epoch.",
		Since:   "3.0.0", Complexity: "O(1)",
		Arity: 2,
		Tips:  []string{"nondeterministic_output"},
	})
	clusterDelSlots = managed(Command{
		Name: "delslots", Syntax: "CLUSTER DELSLOTS slot [slot ...]",
		Summary: "Set hash slots as unbound in receiving node.",
		Since:   "3.0.0", Complexity: "O(N) where N is the total number of hash slot arguments",
		Arguments: slotArguments,
		Arity:     -3,
	})
	clusterDelSlotsRange = managed(Command{
		Name: "delslotsrange", Syntax: "CLUSTER DELSLOTSRANGE start-slot end-slot [start-slot end-slot ...]",
		Summary: "Set hash slots as unbound in receiving node.",
		Since:   "7.0.0", Complexity: "O(N) where N is the total number of the slots between the start slot and end slot arguments.",
		Arguments: rangeArguments,
		Arity:     -4,
	})
	clusterFlushSlots = managed(Command{
		Name: "flushslots", Syntax: "CLUSTER FLUSHSLOTS",
		Summary: "Delete a node's own slots information.",
		Since:   "3.0.0", Complexity: "O(1)",
		Arity: 2,
	})
	clusterForget = managed(Command{
		Name: "forget", Syntax: "CLUSTER FORGET node-id",
		Summary: "Remove a node from the nodes table.",
		Since:   "3.0.0", Complexity: "O(1)",
		Arguments: nodeArgument,
		Arity:     3,
	})
	clusterMeet = managed(Command{
		Name: "meet", Syntax: "CLUSTER MEET ip port [cluster_bus_port]",
		Summary: "Force a node cluster to handshake with another node.",
		Since:   "3.0.0", Complexity: "O(1)",
		Arguments: []Argument{{Name: "ip", Type: "string"}, {Name: "port", Type: "integer"}, {Name: "cluster_bus_port", Type: "integer", Optional: true, Since: "4.0.0"}},
		History:   [][2]string{{"4.0.0", "Added the optional `cluster_bus_port` argument."}},
		Arity:     -4,
	})
	clusterReplicate = managed(Command{
		Name: "replicate", Syntax: "CLUSTER REPLICATE node-id",
		Summary: "Reconfigure a node as a replica of the specified master node.",
		Since:   "3.0.0", Complexity: "O(1)",
		Arguments: nodeArgument,
		Arity:     3,
	})
	clusterReset = managed(Command{
		Name: "reset", Syntax: "CLUSTER RESET [HARD | SOFT]",
		Summary: "Reset a Redis Cluster node.",
		Since:   "3.0.0", Complexity: "O(N) where N is the number of known nodes. The command may execute a FLUSHALL as a side effect.",
		Arguments: []Argument{{Name: "hard_soft", Type: "oneof", Optional: true, Args: []Argument{{Name: "hard", Type: "pure-token", Token: "HARD"}, {Name: "soft", Type: "pure-token", Token: "SOFT"}}}},
		Arity:     -2, Flags: Admin | NoScript | Stale,
	})
	clusterSaveConfig = managed(Command{
		Name: "saveconfig", Syntax: "CLUSTER SAVECONFIG",
		Summary: "Forces the node to save cluster state on disk.",
		Since:   "3.0.0", Complexity: "O(1)",
		Arity: 2,
	})
	clusterSetConfigEpoch = managed(Command{
		Name: "set-config-epoch", Syntax: "CLUSTER SET-CONFIG-EPOCH config-epoch",
		Summary: "Set the configuration epoch in a new node.",
		Since:   "3.0.0", Complexity: "O(1)",
		Arguments: []Argument{{Name: "config-epoch", Type: "integer"}},
		Arity:     3,
	})
	clusterSetSlot = managed(Command{
		Name: "setslot", Syntax: "CLUSTER SETSLOT slot <IMPORTING node-id | MIGRATING node-id | NODE node-id | STABLE>",
		Summary: "Bind a hash slot to a specific node.",
		Since:   "3.0.0", Complexity: "O(1)",
		Arguments: []Argument{{Name: "slot", Type: "integer"}, {Name: "subcommand", Type: "oneof", Args: []Argument{{Name: "node-id", Type: "string", Token: "IMPORTING"}, {Name: "node-id", Type: "string", Token: "MIGRATING"}, {Name: "node-id", Type: "string", Token: "NODE"}, {Name: "stable", Type: "pure-token", Token: "STABLE"}}}},
		Arity:     -4,
	})
)

// managed completes a subcommand that is refused in a cluster.
func managed(c Command) *Command {
	c.Differences = "Always refused: the cluster is managed by Millrace, see [MILLRACE](#millrace)."
	if c.Flags == 0 {
		c.Flags = Admin | Stale | NoAsyncLoading
	}
	c.Categories = CatAdmin | CatSlow | CatDangerous
	refusal := errors.New("ERR CLUSTER " + strings.ToUpper(c.Name) + " is not supported: the cluster is managed by Millrace, try MILLRACE HELP")
	return shown(c, func(*ServeCall, Cluster) error { return refusal })
}
