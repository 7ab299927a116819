//lint:file-ignore ST1005 Clients compare these texts: they are as Redis has them.

package commands

import (
	"errors"
	"fmt"
	"strings"

	"github.com/millrace-io/millrace/resp/wire"
)

// CLUSTER NODES: a line for each node.
var clusterNodes = shown(Command{
	Name: "nodes", Syntax: "CLUSTER NODES",
	Summary: "Get Cluster config for the node.",
	Since:   "3.0.0", Complexity: "O(N) where N is the total number of Cluster nodes",
	Arity: 2,
	Tips:  []string{"nondeterministic_output"},

	Differences: "A node that leads a partition is a master, with the slots that it leads; any other is shown as a replica of who leads the first partition that it has. The epoch is the term of that partition. Nothing is pinged: `pong-recv` is when the node was last heard of.",
}, serveClusterNodes)

// CLUSTER REPLICAS node-id: the lines of those that NODES shows as replicas of it.
var clusterReplicas = aboutNode(Command{
	Name: "replicas", Syntax: "CLUSTER REPLICAS node-id",
	Summary: "List replica nodes of the specified master node.",
	Since:   "5.0.0", Complexity: "O(1)",
}, serveClusterReplicas)

// CLUSTER SLAVES is the old name of REPLICAS.
var clusterSlaves = aboutNode(Command{
	Name: "slaves", Syntax: "CLUSTER SLAVES node-id",
	Summary: "List replica nodes of the specified master node.",
	Since:   "3.0.0", Complexity: "O(1)", DeprecatedSince: "5.0.0", ReplacedBy: "`CLUSTER REPLICAS`",
}, serveClusterReplicas)

// CLUSTER COUNT-FAILURE-REPORTS node-id: who is down is not decided by reports.
var clusterCountFailureReports = aboutNode(Command{
	Name: "count-failure-reports", Syntax: "CLUSTER COUNT-FAILURE-REPORTS node-id",
	Summary: "Return the number of failure reports active for a given node.",
	Since:   "3.0.0", Complexity: "O(N) where N is the number of failure reports",

	Differences: "Always 0: no node reports on another one, leaders are elected by Raft.",
}, func(c *ServeCall, _ *Topology, _ *ClusterNode) error {
	c.Out = wire.AppendInt(c.Out, 0)
	return nil
})

// clusterNode is the member that the argument names.
func (c *ServeCall) clusterNode(t *Topology) (*ClusterNode, error) {
	if id, ok := ParseNodeID(string(c.Args[2])); ok {
		if n := t.Node(id); n != nil && n.State != NodeRemoved {
			return n, nil
		}
	}
	return nil, errors.New("ERR Unknown node " + quoted(c.Args[2]))
}

func serveClusterNodes(c *ServeCall, cluster Cluster) error {
	t := cluster.Topology()
	var b strings.Builder
	for i := range t.Nodes {
		if n := &t.Nodes[i]; n.State != NodeRemoved {
			b.WriteString(t.nodeLine(n) + "\n")
		}
	}
	c.Out = wire.AppendVerbatim(c.Out, c.Session.Proto(), b.String())
	return nil
}

func serveClusterReplicas(c *ServeCall, t *Topology, of *ClusterNode) error {
	var lines []string
	for i := range t.Nodes {
		if n := &t.Nodes[i]; n.State != NodeRemoved && t.MasterOf(n.ID) == of {
			lines = append(lines, t.nodeLine(n))
		}
	}
	c.Out = wire.AppendArray(c.Out, len(lines))
	for _, line := range lines {
		c.Out = wire.AppendBulkString(c.Out, line)
	}
	return nil
}

// nodeLine is a node as CLUSTER NODES shows it.
func (t *Topology) nodeLine(n *ClusterNode) string {
	master, leads := t.MasterOf(n.ID), t.Leads(n.ID)
	flags, of, link := "slave", "-", "connected"
	if len(leads) > 0 {
		flags = "master"
	}
	if master != nil {
		of = master.ID.RedisID()
	}
	if n.ID == t.Self {
		flags = "myself," + flags
	}
	if n.State == NodeDown {
		flags, link = flags+",fail", "disconnected"
	}
	if n.Client.Port == 0 {
		flags += ",noaddr" // nobody is to dial it
	}
	heard := int64(0)
	if !n.Heard.IsZero() {
		heard = n.Heard.UnixMilli()
	}
	line := fmt.Sprintf("%s %s@%d %s %s 0 %d %d %s", n.ID.RedisID(), n.Client, n.Bus.Port, flags, of, heard, t.epochOf(n.ID), link)
	var slots []SlotRange
	for _, i := range leads {
		slots = append(slots, t.Partitions[i].Slots...)
	}
	for _, r := range joined(slots) {
		line += " " + r.String()
	}
	return line
}

// epochOf is the newest term of what a node leads, or of its master.
func (t *Topology) epochOf(id NodeID) (term uint64) {
	if master := t.MasterOf(id); master != nil {
		id = master.ID
	}
	for _, i := range t.Leads(id) {
		term = max(term, t.Partitions[i].Term)
	}
	return term
}

// String is a range of slots as CLUSTER NODES writes it.
func (r SlotRange) String() string {
	if r.First == r.Last {
		return fmt.Sprint(r.First)
	}
	return fmt.Sprintf("%d-%d", r.First, r.Last)
}
