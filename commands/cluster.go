//lint:file-ignore ST1005 Clients compare these texts: they are as Redis has them.

package commands

import "errors"

var errClusterDisabled = errors.New("ERR This instance has cluster support disabled")

// CLUSTER: the cluster as Redis' clients see it: partitions are ranges of slots, their
// leaders masters, the other nodes replicas.
// https://redis.io/docs/latest/commands/cluster-info/
var cluster = Command{
	Name: "cluster", Syntax: "CLUSTER",
	Summary: "A container for cluster commands.",
	Since:   "3.0.0", Group: "cluster", Complexity: "Depends on subcommand.",
	Arity: -2, Categories: CatSlow,
	Differences: "A node on its own answers each subcommand with an error that cluster support is disabled, and so does a member of a cluster with " +
		"`routing: proxy`: there clients need to know nothing of the cluster, and some that ask behave as with Redis Cluster if they are told. With " +
		"`routing: redirect` the subcommands that look answer with the truth; nodes, slots and leaders are managed by Millrace itself and by " +
		"[MILLRACE](#millrace), so those that would change them are refused.",
	Sub: clusterCommands(),
}

// clusterCommands are the subcommands, in the order of their names.
func clusterCommands() []*Command {
	return []*Command{
		clusterAddSlots, clusterAddSlotsRange, clusterBumpEpoch, clusterCountFailureReports, &clusterCountKeysInSlot, clusterDelSlots, clusterDelSlotsRange,
		&clusterFailover, clusterFlushSlots, clusterForget, &clusterGetKeysInSlot, &clusterHelp, clusterInfo, &clusterKeySlot, clusterLinks, clusterMeet,
		clusterMyID, clusterMyShardID, clusterNodes, clusterReplicas, clusterReplicate, clusterReset, clusterSaveConfig, clusterSetConfigEpoch,
		clusterSetSlot, clusterShards, clusterSlaves, clusterSlots,
	}
}

// nodeArgument is the argument of subcommands about one node.
var nodeArgument = []Argument{{Name: "node-id", Type: "string"}}

// shown completes a subcommand that answers at once, from what the node knows. Unless it
// says more of itself it is for everybody, also on a node that has lost the others.
func shown(c Command, serve func(c *ServeCall, cluster Cluster) error) *Command {
	c.Group, c.Class, c.Serve = "cluster", Own, inCluster(serve)
	if c.Flags == 0 {
		c.Flags = Stale
	}
	if c.Categories == 0 {
		c.Categories = CatSlow
	}
	return &c
}

// aboutNode is shown for a subcommand for operators, about the node that its argument
// names.
func aboutNode(c Command, serve func(c *ServeCall, t *Topology, n *ClusterNode) error) *Command {
	c.Arguments, c.Arity = nodeArgument, 3
	c.Flags, c.Categories = Admin|Stale, CatAdmin|CatSlow|CatDangerous
	c.Tips = []string{"nondeterministic_output"}
	return shown(c, func(c *ServeCall, cluster Cluster) error {
		t := cluster.Topology()
		n, err := c.clusterNode(t)
		if err != nil {
			return err
		}
		return serve(c, t, n)
	})
}

// inCluster is a subcommand that is there where clients are sent to the leaders. Through
// a proxy the node is to them like one on its own: rueidis, StackExchange.Redis and
// RedisInsight take who answers for a Redis Cluster, whatever HELLO and INFO say, and
// refuse commands on keys of several slots then (rueidis by a panic).
func inCluster(serve func(c *ServeCall, cluster Cluster) error) func(*ServeCall) error {
	return asMember(func(c *ServeCall, cluster Cluster) error {
		if !cluster.Redirects() {
			return errClusterDisabled
		}
		return serve(c, cluster)
	})
}

// asMember is a command that a member of a cluster has with either routing.
func asMember(serve func(c *ServeCall, cluster Cluster) error) func(*ServeCall) error {
	return func(c *ServeCall) error {
		cluster := c.cluster()
		if cluster == nil {
			return errClusterDisabled
		}
		return serve(c, cluster)
	}
}
