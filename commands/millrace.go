package commands

import (
	"errors"
	"strconv"
)

var errAlone = errors.New("ERR this node is not in a cluster: start it with cluster-addr")

// ownCommand is what the page says of a command that no Redis has.
const ownCommand = "Redis has no such command. "

// MILLRACE: what those who run a cluster do with it.
var millrace = Command{
	Name: "millrace", Syntax: "MILLRACE",
	Summary: "A container for commands that manage a cluster of Millrace.",
	Since:   "0.1.0", Group: "cluster", Complexity: "Depends on subcommand.",
	Arity: -2, Categories: CatSlow,
	Differences: ownCommand + "*Since* is a version of Millrace. `millrace cluster` calls these from a shell.",
	Sub:         []*Command{&millraceAdd, millraceHelp, &millraceNodes, &millraceRemove, &millraceSnapshot, &millraceTransfer},
}

var millraceHelp = helpCommand("millrace", "cluster", "0.1.0", 0,
	"ADD <host:port>", "    Have the empty node that listens for other nodes there join this cluster.",
	"NODES", "    Return the nodes of the cluster and what they lead.",
	"REMOVE <node-id>", "    Take a node out of the cluster, be it up or down.",
	"SNAPSHOT [<partition>]", "    Take a snapshot of one partition, or of all, on this node.",
	"TRANSFER [<partition>] [<node-id>]", "    Hand the leadership of one partition, or of all, over to a node.",
)

// managing is a subcommand that takes its time.
func managing(serve func(c *ServeCall, cluster Cluster) error) func(*ServeCall) error {
	return func(c *ServeCall) error {
		cluster := c.cluster()
		if cluster == nil {
			return errAlone
		}
		return serve(c, cluster)
	}
}

// member is the member that an id names, in either form.
func (t *Topology) member(arg []byte) (*ClusterNode, error) {
	id, ok := ParseNodeID(string(arg))
	if !ok {
		return nil, errors.New("ERR a node id has 16 hex digits, as in MILLRACE NODES: '" + quoted(arg) + "'")
	}
	switch n := t.Node(id); {
	case n == nil:
		return nil, errors.New("ERR no node " + id.String() + " in this cluster")
	case n.State == NodeRemoved:
		return nil, errors.New("ERR node " + id.String() + " was removed already")
	default:
		return n, nil
	}
}

// partition is the number of a partition that there is.
func (t *Topology) partition(arg []byte) (int, error) {
	n, ok := parseInt(arg)
	if !ok || n < 0 || n >= int64(len(t.Partitions)) {
		return 0, errors.New("ERR no partition '" + quoted(arg) + "': there are " + strconv.Itoa(len(t.Partitions)) + ", the first is 0")
	}
	return int(n), nil
}
