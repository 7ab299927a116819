// Package raftstore makes the node's storage into what Raft wants: a group of the
// node's log is a raft.LogStore and a raft.StableStore, a group's snapshot store a
// raft.SnapshotStore.
//
// Invariants:
//
//  1. Nothing is kept here: what Raft asks is answered by storage.
//  2. First and last index are 0 when there is nothing; the log is monotonic, and
//     may start at any index after a snapshot. When a snapshot stands for all of it
//     the first is 0, and the last is where it ends while its bytes exist.
//  3. Snapshots that List returns were verified. What Open returns can be read in
//     sections, by this node's state machine, or as raw bytes, to be sent to
//     another node, which verifies them on arrival.
//
// Imported by server; imports storage and hashicorp/raft.
package raftstore
