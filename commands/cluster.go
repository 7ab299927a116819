package commands

import "errors"

var errClusterDisabled = errors.New("ERR This instance has cluster support disabled")

// clusterDisabled answers all that concerns Redis Cluster, on a node on its own.
func clusterDisabled(*ServeCall) error { return errClusterDisabled }

// CLUSTER: the cluster, had the node one. Clients ask to find out.
// https://redis.io/docs/latest/commands/cluster-info/
var cluster = Command{
	Name: "cluster", Syntax: "CLUSTER",
	Summary: "A container for cluster commands.",
	Since:   "3.0.0", Group: "cluster", Complexity: "Depends on subcommand.",
	Arity: -2, Categories: CatSlow,
	Differences: "A node on its own answers each subcommand with an error that cluster support is disabled.",
	Sub:         clusterCommands(),
}

func clusterCommands() []*Command {
	commands := []*Command{
		{
			Name: "addslots", Syntax: "CLUSTER ADDSLOTS slot [slot ...]",
			Summary: "Assign new hash slots to receiving node.",
			Since:   "3.0.0", Group: "cluster", Complexity: "O(N) where N is the total number of hash slot arguments",
			Arguments: []Argument{{Name: "slot", Type: "integer", Multiple: true}},
			Arity:     -3, Flags: Admin | Stale | NoAsyncLoading, Categories: CatAdmin | CatSlow | CatDangerous,
		},
		{
			Name: "addslotsrange", Syntax: "CLUSTER ADDSLOTSRANGE start-slot end-slot [start-slot end-slot ...]",
			Summary: "Assign new hash slots to receiving node.",
			Since:   "7.0.0", Group: "cluster", Complexity: "O(N) where N is the total number of the slots between the start slot and end slot arguments.",
			Arguments: []Argument{{Name: "start-slot_end-slot", Type: "block", Multiple: true, Args: []Argument{{Name: "start-slot", Type: "integer"}, {Name: "end-slot", Type: "integer"}}}},
			Arity:     -4, Flags: Admin | Stale | NoAsyncLoading, Categories: CatAdmin | CatSlow | CatDangerous,
		},
		{
			Name: "bumpepoch", Syntax: "CLUSTER BUMPEPOCH",
			Summary: "Advance the cluster config epoch.",
			Since:   "3.0.0", Group: "cluster", Complexity: "O(1)",
			Arity: 2, Flags: Admin | Stale | NoAsyncLoading, Categories: CatAdmin | CatSlow | CatDangerous,
			Tips: []string{"nondeterministic_output"},
		},
		{
			Name: "count-failure-reports", Syntax: "CLUSTER COUNT-FAILURE-REPORTS node-id",
			Summary: "Return the number of failure reports active for a given node.",
			Since:   "3.0.0", Group: "cluster", Complexity: "O(N) where N is the number of failure reports",
			Arguments: []Argument{{Name: "node-id", Type: "string"}},
			Arity:     3, Flags: Admin | Stale, Categories: CatAdmin | CatSlow | CatDangerous,
			Tips: []string{"nondeterministic_output"},
		},
		{
			Name: "countkeysinslot", Syntax: "CLUSTER COUNTKEYSINSLOT slot",
			Summary: "Return the number of local keys in the specified hash slot.",
			Since:   "3.0.0", Group: "cluster", Complexity: "O(1)",
			Arguments: []Argument{{Name: "slot", Type: "integer"}},
			Arity:     3, Flags: Stale, Categories: CatSlow,
		},
		{
			Name: "delslots", Syntax: "CLUSTER DELSLOTS slot [slot ...]",
			Summary: "Set hash slots as unbound in receiving node.",
			Since:   "3.0.0", Group: "cluster", Complexity: "O(N) where N is the total number of hash slot arguments",
			Arguments: []Argument{{Name: "slot", Type: "integer", Multiple: true}},
			Arity:     -3, Flags: Admin | Stale | NoAsyncLoading, Categories: CatAdmin | CatSlow | CatDangerous,
		},
		{
			Name: "delslotsrange", Syntax: "CLUSTER DELSLOTSRANGE start-slot end-slot [start-slot end-slot ...]",
			Summary: "Set hash slots as unbound in receiving node.",
			Since:   "7.0.0", Group: "cluster", Complexity: "O(N) where N is the total number of the slots between the start slot and end slot arguments.",
			Arguments: []Argument{{Name: "start-slot_end-slot", Type: "block", Multiple: true, Args: []Argument{{Name: "start-slot", Type: "integer"}, {Name: "end-slot", Type: "integer"}}}},
			Arity:     -4, Flags: Admin | Stale | NoAsyncLoading, Categories: CatAdmin | CatSlow | CatDangerous,
		},
		{
			Name: "failover", Syntax: "CLUSTER FAILOVER [FORCE | TAKEOVER]",
			Summary: "Forces a replica to perform a manual failover of its master.",
			Since:   "3.0.0", Group: "cluster", Complexity: "O(1)",
			Arguments: []Argument{{Name: "options", Type: "oneof", Optional: true, Args: []Argument{{Name: "force", Type: "pure-token", Token: "FORCE"}, {Name: "takeover", Type: "pure-token", Token: "TAKEOVER"}}}},
			Arity:     -2, Flags: Admin | Stale | NoAsyncLoading, Categories: CatAdmin | CatSlow | CatDangerous,
		},
		{
			Name: "flushslots", Syntax: "CLUSTER FLUSHSLOTS",
			Summary: "Delete a node's own slots information.",
			Since:   "3.0.0", Group: "cluster", Complexity: "O(1)",
			Arity: 2, Flags: Admin | Stale | NoAsyncLoading, Categories: CatAdmin | CatSlow | CatDangerous,
		},
		{
			Name: "forget", Syntax: "CLUSTER FORGET node-id",
			Summary: "Remove a node from the nodes table.",
			Since:   "3.0.0", Group: "cluster", Complexity: "O(1)",
			Arguments: []Argument{{Name: "node-id", Type: "string"}},
			Arity:     3, Flags: Admin | Stale | NoAsyncLoading, Categories: CatAdmin | CatSlow | CatDangerous,
		},
		{
			Name: "getkeysinslot", Syntax: "CLUSTER GETKEYSINSLOT slot count",
			Summary: "Return local key names in the specified hash slot.",
			Since:   "3.0.0", Group: "cluster", Complexity: "O(log(N)) where N is the number of requested keys",
			Arguments: []Argument{{Name: "slot", Type: "integer"}, {Name: "count", Type: "integer"}},
			Arity:     4, Flags: Stale, Categories: CatSlow,
			Tips: []string{"nondeterministic_output"},
		},
		{
			Name: "help", Syntax: "CLUSTER HELP",
			Summary: "Show helpful text about the different subcommands.",
			Since:   "5.0.0", Group: "cluster", Complexity: "O(1)",
			Arity: 2, Flags: Loading | Stale, Categories: CatSlow,
		},
		{
			Name: "info", Syntax: "CLUSTER INFO",
			Summary: "Provides info about Redis Cluster node state.",
			Since:   "3.0.0", Group: "cluster", Complexity: "O(1)",
			Arity: 2, Flags: Stale, Categories: CatSlow,
			Tips: []string{"nondeterministic_output"},
		},
		{
			Name: "keyslot", Syntax: "CLUSTER KEYSLOT key",
			Summary: "Returns the hash slot of the specified key.",
			Since:   "3.0.0", Group: "cluster", Complexity: "O(N) where N is the number of bytes in the key",
			Arguments: []Argument{{Name: "key", Type: "string"}},
			Arity:     3, Flags: Stale, Categories: CatSlow,
		},
		{
			Name: "links", Syntax: "CLUSTER LINKS",
			Summary: "Returns a list of all TCP links to and from peer nodes in cluster.",
			Since:   "7.0.0", Group: "cluster", Complexity: "O(N) where N is the total number of Cluster nodes",
			Arity: 2, Flags: Stale, Categories: CatSlow,
			Tips: []string{"nondeterministic_output"},
		},
		{
			Name: "meet", Syntax: "CLUSTER MEET ip port [cluster_bus_port]",
			Summary: "Force a node cluster to handshake with another node.",
			Since:   "3.0.0", Group: "cluster", Complexity: "O(1)",
			Arguments: []Argument{{Name: "ip", Type: "string"}, {Name: "port", Type: "integer"}, {Name: "cluster_bus_port", Type: "integer", Optional: true, Since: "4.0.0"}},
			History:   [][2]string{{"4.0.0", "Added the optional `cluster_bus_port` argument."}},
			Arity:     -4, Flags: Admin | Stale | NoAsyncLoading, Categories: CatAdmin | CatSlow | CatDangerous,
		},
		{
			Name: "myid", Syntax: "CLUSTER MYID",
			Summary: "Return the node id.",
			Since:   "3.0.0", Group: "cluster", Complexity: "O(1)",
			Arity: 2, Flags: Stale, Categories: CatSlow,
		},
		{
			Name: "myshardid", Syntax: "CLUSTER MYSHARDID",
			Summary: "Returns the shard ID of a node.",
			Since:   "7.2.0", Group: "cluster", Complexity: "O(1)",
			Arity: 2, Flags: Stale, Categories: CatSlow,
			Tips: []string{"nondeterministic_output"},
		},
		{
			Name: "nodes", Syntax: "CLUSTER NODES",
			Summary: "Get Cluster config for the node.",
			Since:   "3.0.0", Group: "cluster", Complexity: "O(N) where N is the total number of Cluster nodes",
			Arity: 2, Flags: Stale, Categories: CatSlow,
			Tips: []string{"nondeterministic_output"},
		},
		{
			Name: "replicas", Syntax: "CLUSTER REPLICAS node-id",
			Summary: "List replica nodes of the specified master node.",
			Since:   "5.0.0", Group: "cluster", Complexity: "O(1)",
			Arguments: []Argument{{Name: "node-id", Type: "string"}},
			Arity:     3, Flags: Admin | Stale, Categories: CatAdmin | CatSlow | CatDangerous,
			Tips: []string{"nondeterministic_output"},
		},
		{
			Name: "replicate", Syntax: "CLUSTER REPLICATE node-id",
			Summary: "Reconfigure a node as a replica of the specified master node.",
			Since:   "3.0.0", Group: "cluster", Complexity: "O(1)",
			Arguments: []Argument{{Name: "node-id", Type: "string"}},
			Arity:     3, Flags: Admin | Stale | NoAsyncLoading, Categories: CatAdmin | CatSlow | CatDangerous,
		},
		{
			Name: "reset", Syntax: "CLUSTER RESET [HARD | SOFT]",
			Summary: "Reset a Redis Cluster node.",
			Since:   "3.0.0", Group: "cluster", Complexity: "O(N) where N is the number of known nodes. The command may execute a FLUSHALL as a side effect.",
			Arguments: []Argument{{Name: "hard_soft", Type: "oneof", Optional: true, Args: []Argument{{Name: "hard", Type: "pure-token", Token: "HARD"}, {Name: "soft", Type: "pure-token", Token: "SOFT"}}}},
			Arity:     -2, Flags: Admin | NoScript | Stale, Categories: CatAdmin | CatSlow | CatDangerous,
		},
		{
			Name: "saveconfig", Syntax: "CLUSTER SAVECONFIG",
			Summary: "Forces the node to save cluster state on disk.",
			Since:   "3.0.0", Group: "cluster", Complexity: "O(1)",
			Arity: 2, Flags: Admin | Stale | NoAsyncLoading, Categories: CatAdmin | CatSlow | CatDangerous,
		},
		{
			Name: "set-config-epoch", Syntax: "CLUSTER SET-CONFIG-EPOCH config-epoch",
			Summary: "Set the configuration epoch in a new node.",
			Since:   "3.0.0", Group: "cluster", Complexity: "O(1)",
			Arguments: []Argument{{Name: "config-epoch", Type: "integer"}},
			Arity:     3, Flags: Admin | Stale | NoAsyncLoading, Categories: CatAdmin | CatSlow | CatDangerous,
		},
		{
			Name: "setslot", Syntax: "CLUSTER SETSLOT slot <IMPORTING node-id | MIGRATING node-id | NODE node-id | STABLE>",
			Summary: "Bind a hash slot to a specific node.",
			Since:   "3.0.0", Group: "cluster", Complexity: "O(1)",
			Arguments: []Argument{{Name: "slot", Type: "integer"}, {Name: "subcommand", Type: "oneof", Args: []Argument{{Name: "node-id", Type: "string", Token: "IMPORTING"}, {Name: "node-id", Type: "string", Token: "MIGRATING"}, {Name: "node-id", Type: "string", Token: "NODE"}, {Name: "stable", Type: "pure-token", Token: "STABLE"}}}},
			Arity:     -4, Flags: Admin | Stale | NoAsyncLoading, Categories: CatAdmin | CatSlow | CatDangerous,
		},
		{
			Name: "shards", Syntax: "CLUSTER SHARDS",
			Summary: "Get array of cluster slots to node mappings.",
			Since:   "7.0.0", Group: "cluster", Complexity: "O(N) where N is the total number of cluster nodes",
			Arity: 2, Flags: Stale, Categories: CatSlow,
			Tips: []string{"nondeterministic_output"},
		},
		{
			Name: "slaves", Syntax: "CLUSTER SLAVES node-id",
			Summary: "List replica nodes of the specified master node.",
			Since:   "3.0.0", Group: "cluster", Complexity: "O(1)",
			DeprecatedSince: "5.0.0", ReplacedBy: "`CLUSTER REPLICAS`",
			Arguments: []Argument{{Name: "node-id", Type: "string"}},
			Arity:     3, Flags: Admin | Stale, Categories: CatAdmin | CatSlow | CatDangerous,
			Tips: []string{"nondeterministic_output"},
		},
		{
			Name: "slots", Syntax: "CLUSTER SLOTS",
			Summary: "Get array of Cluster slot to node mappings.",
			Since:   "3.0.0", Group: "cluster", Complexity: "O(N) where N is the total number of Cluster nodes",
			DeprecatedSince: "7.0.0", ReplacedBy: "`CLUSTER SHARDS`",
			History: [][2]string{{"4.0.0", "Added node IDs."}, {"7.0.0", "Added additional networking metadata field."}},
			Arity:   2, Flags: Stale, Categories: CatSlow,
			Tips: []string{"nondeterministic_output"},
		},
	}
	for _, c := range commands {
		c.Class, c.Serve = Own, clusterDisabled
	}
	return commands
}

// ASKING, of Redis Cluster.
// https://redis.io/docs/latest/commands/asking/
var asking = Command{
	Name: "asking", Syntax: "ASKING",
	Summary: "Sent by cluster clients after an -ASK redirect.",
	Since:   "3.0.0", Group: "cluster", Complexity: "O(1)",
	Arity: 1, Flags: Fast, Categories: CatFast | CatConnection,
	Differences: "A node on its own answers with an error that cluster support is disabled.",
	Class:       Own, Serve: clusterDisabled,
}

// READONLY, of Redis Cluster.
// https://redis.io/docs/latest/commands/readonly/
var readOnlyMode = Command{
	Name: "readonly", Syntax: "READONLY",
	Summary: "Enables read queries for a connection to a cluster replica node.",
	Since:   "3.0.0", Group: "cluster", Complexity: "O(1)",
	Arity: 1, Flags: Loading | Stale | Fast, Categories: CatFast | CatConnection,
	Differences: "A node on its own answers with an error that cluster support is disabled.",
	Class:       Own, Serve: clusterDisabled,
}

// READWRITE, of Redis Cluster.
// https://redis.io/docs/latest/commands/readwrite/
var readWriteMode = Command{
	Name: "readwrite", Syntax: "READWRITE",
	Summary: "Disables read queries for a connection to a cluster replica node.",
	Since:   "3.0.0", Group: "cluster", Complexity: "O(1)",
	Arity: 1, Flags: Loading | Stale | Fast, Categories: CatFast | CatConnection,
	Differences: "A node on its own answers with an error that cluster support is disabled.",
	Class:       Own, Serve: clusterDisabled,
}
