package commands

import "errors"

// MILLRACE TRANSFER [partition] [node-id]: another node leads.
var millraceTransfer = Command{
	Name: "transfer", Syntax: "MILLRACE TRANSFER [partition] [node-id]",
	Summary: "Hands the leadership of a partition, or of all, over to a node; without a node to the one that leads it when leaders are spread evenly.",
	Since:   "0.1.0", Group: "cluster", Complexity: "Depends on the cluster: until the other node leads.",
	Differences: ownCommand + "Without a node the order of an earlier transfer is taken back; it is an error when the node that should lead is not up. Clients notice a moment of latency and lose nothing. Once all nodes are up and have caught up, the cluster spreads leaders evenly by itself.",
	Arguments:   []Argument{{Name: "partition", Type: "integer", Optional: true}, {Name: "node-id", Type: "string", Optional: true}},
	Arity:       -2, Flags: Admin | NoScript, Categories: CatAdmin | CatSlow | CatDangerous,
	Class: Barrier, Serve: managing(serveTransfer),
}

func serveTransfer(c *ServeCall, cluster Cluster) error {
	t, args := cluster.Topology(), c.Args[2:]
	partition, to := AllPartitions, NodeID(0)
	var err error
	if len(args) > 0 && len(args[0]) < len(NodeID(0).String()) {
		if partition, err = t.partition(args[0]); err != nil {
			return err
		}
		args = args[1:]
	}
	if len(args) > 0 {
		n, err := t.member(args[0])
		switch {
		case err != nil:
			return err
		case n.State != NodeUp:
			return errors.New("ERR node " + n.ID.String() + " can't lead: it is " + n.State.String())
		}
		to, args = n.ID, args[1:]
	}
	if len(args) > 0 {
		return errSyntax
	}
	cluster.Transfer(partition, to, c.whenDone())
	return nil
}
