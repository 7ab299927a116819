package commands

import "errors"

// MILLRACE ADD host:port: a node that waits to be told becomes a member.
var millraceAdd = Command{
	Name: "add", Syntax: "MILLRACE ADD host:port",
	Summary: "Has a node join the cluster: one that was started with an empty folder and `join: wait`, and listens for other nodes at that address.",
	Since:   "0.1.0", Group: "cluster", Complexity: "Depends on the other node: until it has joined.",
	Differences: ownCommand + "A node that has a cluster, be it one of its own, can't be added. Nor is this needed: a node that is started with an empty folder and the address of a " +
		"member in `join` joins by itself. MILLRACE NODES shows when it has caught up and votes.",
	Arguments: []Argument{{Name: "host:port", Type: "string"}},
	Arity:     3, Flags: Admin | NoScript, Categories: CatAdmin | CatSlow | CatDangerous,
	Class: Barrier,
	Serve: managing(func(c *ServeCall, cluster Cluster) error {
		addr := string(c.Args[2])
		if at, err := ParseEndpoint(addr); err != nil || at.Host == "" || at.Port == 0 {
			return errors.New("ERR the address of a node must be host:port, with the port on which it listens for other nodes")
		}
		cluster.Add(addr, c.whenDone())
		return nil
	}),
}

// MILLRACE REMOVE node-id: a node is a member no more.
var millraceRemove = Command{
	Name: "remove", Syntax: "MILLRACE REMOVE node-id",
	Summary: "Takes a node out of the cluster, be it up or down, a leader or the one that is asked.",
	Since:   "0.1.0", Group: "cluster", Complexity: "Depends on the cluster: until no partition counts on the node.",
	Differences: ownCommand + "The id is that of MILLRACE NODES, or of CLUSTER NODES. A node that was removed never comes back under this id: " +
		"with an empty folder it can join as a new one. The last node can't be removed.",
	Arguments: []Argument{{Name: "node-id", Type: "string"}},
	Arity:     3, Flags: Admin | NoScript, Categories: CatAdmin | CatSlow | CatDangerous,
	Class: Barrier,
	Serve: managing(func(c *ServeCall, cluster Cluster) error {
		t := cluster.Topology()
		n, err := t.member(c.Args[2])
		if err != nil {
			return err
		}
		if t.members() == 1 {
			return errors.New("ERR the last node of a cluster can't be removed")
		}
		cluster.Remove(n.ID, c.whenDone())
		return nil
	}),
}
