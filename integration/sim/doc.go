// Package sim runs whole clusters in memory, inside testing/synctest bubbles: minutes
// of a cluster's life pass in less than a second, and hundreds of seeds in a minute.
// The package itself is empty: all is in its tests.
//
// A node of the simulation is a server.Node opened by OpenOn: everything from the
// sessions of clients (their parser, pipelines and blocked commands) over routing,
// partitions, Raft, the mesh, joining and leaving to log, snapshots and folder is the
// real code, and a node that dies starts again from what its disk has kept. What is
// played instead:
//
//   - the network: meshtest.Network, between nodes and to clients, whose links are cut,
//     deaf on one side, flapping or slow;
//   - the disk: the strict vfs.Mem, which at a power loss keeps what was synced and any
//     part of the rest, is full on order, and fails an fsync on order;
//   - time: the bubble's, and for each node a wall clock that jumps.
//
// A seed is one cluster: how many partitions it has, what clients send (package
// workload), and which faults come (faults_test.go). In the
// end everything is healed, every node must take writes, all replicas must hold the
// same state, and the checkers of package history judge what the clients saw. A bubble
// fails by itself when a goroutine is left behind.
//
//	go test ./integration/sim -args -seed 7
//	go test -timeout 3h ./integration/sim -args -seeds 100000
//
// A seed repeats what is sent and which faults come. It does not repeat how goroutines
// take turns within one instant of the bubble's time, so a rare failure may need -again.
// A run that fails keeps its trace: faults and the nodes' logs, in the order in which
// they came, and the history, in the folder that the failure names.
//
// Not covered: the epoll listener and TLS (integration has them), the operating
// system's files and sockets (storage/vfs, integration/chaos), disks and processors that
// are slow (nothing but the network takes time here), frozen processes.
package sim
