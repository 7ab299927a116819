package commands

// MILLRACE SNAPSHOT [partition]: a snapshot on this node, answered when it is durable.
var millraceSnapshot = Command{
	Name: "snapshot", Syntax: "MILLRACE SNAPSHOT [partition]",
	Summary: "Takes a snapshot of a partition, or of all, on the node that is asked.",
	Since:   "0.1.0", Group: "cluster", Complexity: "O(N) where N is the total number of keys in the partition",
	Differences: ownCommand + "The OK comes when the snapshot is durable. Nothing depends on it: what was acknowledged is in the log.",
	Arguments:   []Argument{{Name: "partition", Type: "integer", Optional: true}},
	Arity:       -2, Flags: Admin | NoScript, Categories: CatAdmin | CatSlow | CatDangerous,
	Class: Barrier,
	Serve: managing(func(c *ServeCall, cluster Cluster) error {
		partition := AllPartitions
		switch len(c.Args) {
		case 2:
		case 3:
			var err error
			if partition, err = cluster.Topology().partition(c.Args[2]); err != nil {
				return err
			}
		default:
			return errSyntax
		}
		cluster.Snapshot(partition, c.whenDone())
		return nil
	}),
}
