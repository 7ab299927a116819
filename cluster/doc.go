// Package cluster is a node's place in its cluster: it begins a cluster or joins one, has
// the Raft groups follow what the meta group says, spreads and hands over leaders, and
// carries what nodes say to each other beside Raft. It owns the mesh and the meta group,
// which is a replication.Partition whose state is package meta's; the partitions it knows
// as Groups.
//
// # A node's ways into a cluster
//
//   - No peers.json, an empty meta group, nobody to join: it begins a cluster. Its groups are
//     groups of one voter by then, with all that a node on its own has written.
//   - To join, a node asks which cluster it is (Seeker) before it has a folder. peers.json is
//     written before the folder's identity, so whatever crashes, a node that was to join
//     never begins. Then it has the meta group log that it joins, through any node.
//   - Or it waits until a member tells it (Recruit), and goes on in the same way.
//   - A member that starts again reaches the others by peers.json, until the meta group's
//     state is here. Nodes that have moved are found by what they say of themselves in the
//     handshake, and by the addresses in Options.Join.
//
// # Membership
//
// The meta group says who belongs. The leader of each group compares that with the
// group's Raft configuration, and takes one step after the other: a missing node is
// added as a learner, made a voter when it has caught up, one that is gone is removed.
// A leader that is to go hands over first. It looks when something has changed, and by a timer.
//
// Invariants:
//
//  1. No step is taken after which the voters that are up would be no majority, and the
//     last voter is never removed.
//  2. Only who is known to be gone is removed (leaving, or removed, by the meta group's
//     state as applied here): a node that is not known yet is left alone. So a leader whose
//     meta replica is behind does no harm, and neither do the old states of a start.
//  3. A leaving node that is up is taken out of a group only when no client of it waits for
//     anything (Drained), or 15 s have passed.
//  4. An id that was removed is let in by nobody, and its node ends with a line that says so:
//     it is told while there is a link, and else asks when it has no link at all.
//  5. A process that peers know to be not the only one of its id, or to run on an old state of
//     its folder, is let in by none of them, and ends with a line that says so.
//  6. Leadership is moved for the sake of order only to a voter that has been linked for 3 s
//     and has all but a few of the log's entries, and not again for 10 s.
//  7. Whatever is published to other nodes never waits; what has no room is dropped and
//     counted.
//
// # peers.json
//
//	{
//	  "format": 1,
//	  "cluster_id": "...",
//	  "partitions": 3,
//	  "databases": 16,           as many as the cluster's first node had
//	  "nodes": [{"id": "...", "order": 1, "phase": "member", "addr": "h1:7379", "client": "h1:6379"}, ...],
//	  "checksum": "1a2b3c4d"    CRC32C of the same JSON in one line without the checksum
//	}
//
// It is written whole, by temporary file, fsync, rename and fsync of the folder, whenever
// the nodes change. It is also what one node tells another about the cluster.
//
// Client ids: the bits from 38 on are the number of the node in the order of joining, less
// one.
//
// Imported by server; imports replication, replication/mesh, meta and storage/vfs.
package cluster
