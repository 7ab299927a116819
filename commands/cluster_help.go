package commands

// CLUSTER HELP, of what can be called in a cluster of Millrace.
var clusterHelp = Command{
	Name: "help", Syntax: "CLUSTER HELP",
	Summary: "Show helpful text about the different subcommands.",
	Since:   "5.0.0", Group: "cluster", Complexity: "O(1)",
	Arity: 2, Flags: Loading | Stale, Categories: CatSlow,

	Differences: "Shows what a cluster of Millrace answers, not what it refuses.",
	Class:       Own,
	Serve: inCluster(func(c *ServeCall, _ Cluster) error {
		c.Out = appendHelp(c.Out, "CLUSTER", clusterHelpLines)
		return nil
	}),
}

var clusterHelpLines = []string{
	"COUNT-FAILURE-REPORTS <node-id>", "    Return number of failure reports for <node-id>.",
	"COUNTKEYSINSLOT <slot>", "    Return the number of keys in <slot>.",
	"FAILOVER [FORCE|TAKEOVER]", "    Have this node lead all partitions.",
	"GETKEYSINSLOT <slot> <count>", "    Return key names stored by current node in a slot.",
	"INFO", "    Return information about the cluster.",
	"KEYSLOT <key>", "    Return the hash slot for <key>.",
	"LINKS", "    Return information about all network links between this node and its peers.",
	"    Output format is an array where each array element is a map containing attributes of a link",
	"MYID", "    Return the node id.",
	"MYSHARDID", "    Return the node's shard id.",
	"NODES", "    Return cluster configuration seen by node. Output format:",
	"    <id> <ip:port@bus-port> <flags> <master> <pings> <pongs> <epoch> <link> <slot> ...",
	"REPLICAS <node-id>", "    Return <node-id> replicas.",
	"SHARDS", "    Return information about slot range mappings and the nodes associated with them.",
	"SLOTS", "    Return information about slots range mappings. Each range is made of:",
	"    start, end, master and replicas IP addresses, ports and ids",
}
