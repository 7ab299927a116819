// Package meta is the state of a cluster's meta group: which nodes belong to it, which
// were removed, how many partitions there are, and settings that hold for all nodes.
// It says what should be; package cluster makes it so.
//
// A command is a vector of arguments, its name first. Each is checked whole before it
// changes anything, and gives the same result on every replica.
//
//	BEGIN cluster partitions id addr client name   the first node of a new cluster
//	JOIN id addr client name                       a further node; its number is the reply
//	MEMBER id                                      a joining node is a voter of all groups
//	READDRESS id addr client name                  a node is reached elsewhere
//	REMOVE id                                      a node is to leave
//	FORGET id                                      a leaving node is in no group any more
//	SET key value | UNSET key                      a setting of the cluster
//
// Ids are 16 hex digits.
//
// Invariants:
//
//  1. Nodes are in the order of their ids, each with a number (Order) that no other
//     node ever had or will have.
//  2. An id that was removed never comes back: Removed only grows.
//  3. At least one node is not leaving, once the cluster has begun.
//  4. Version grows by one with every change, and by nothing else.
//  5. Everything has a bound: nodes, lengths of names and addresses, settings.
//
// # Snapshot
//
//	header   (1)  format (byte, 1) version (uvarint) last order (uvarint) partitions (uvarint) cluster (length, bytes)
//	nodes    (2)  count (uvarint), each: id (8) order (uvarint) phase (byte) addr client name (length, bytes)
//	removed  (3)  count (uvarint), each: id (8), ascending
//	settings (4)  count (uvarint), each: key value (length, bytes), ascending by key
//	end      (5)  empty
//
// Numbers of 8 bytes are little endian.
//
// The package does no I/O, reads no clock and starts no goroutine. Imported by
// cluster and server; imports decode.
package meta
