// Package keyspace is the state of one partition: databases, their keys, streams
// with consumer groups and producers, strings, deadlines and versions; with views of it,
// snapshots and their restoring.
//
// Invariants:
//
//  1. The keys of a database stand in a tree in the order of slot, hash and name;
//     that order is fixed for ever (position.go). The map beside it holds the very
//     same keys and is derived: nothing is decided by walking it.
//  2. A *Key in the tree, the map and the tree of deadlines is the same one.
//  3. What a view can see never changes. Taking a view copies the roots of the trees
//     and raises the state's epoch; a Key, StreamValue or group made in an earlier
//     epoch is cloned, and replaced everywhere, before its first change.
//     GetForWrite, StreamForWrite and GroupForWrite do that, and what they returned
//     may be changed until the next Begin or View.
//  4. A view needs no map and no deadlines: neither is copied on write.
//  5. The tree of deadlines holds exactly the keys with a deadline, and the state
//     knows the earliest of all.
//  6. Keys expire by a log entry (ExpireDue) or under a command that is being
//     applied (GetForWrite), never under a read. The order is that of deadline,
//     database, then invariant 1.
//  7. The memory of a database is the sum over its keys of what keyMemory, the
//     streams and the groups say, as of the last Begin; what has been handed out for
//     writing since is on the list of changes, each once.
//  8. Snapshot writes the same sections for equal states, and Restore refuses what
//     Snapshot cannot have written in keys, order and counts.
//  9. A stream of which something is remembered by Record stands in its database's
//     tree of looks, under the time that its lookedAt says. When a look is planned may
//     differ between replicas: only what Forget does is replicated, and the log names
//     its streams.
//
// A State is changed by one goroutine. While that one stands still any number may
// read, Memory, NextDeadline, NextLook and Overdue included. A View may be read while the State
// changes.
//
// A snapshot is a row of sections. Integers are varints, s those with a sign:
//
//	header  version 2 (byte), number of databases, number of settings (4), then
//	        stream-node-max-bytes s, stream-node-max-entries s,
//	        stream-idmp-duration s, stream-idmp-maxsize s
//	then for each key, by database and in the order of invariant 1:
//	key     database, kind (byte: 1 stream, 2 string, 3 string that is never taken
//	        for an integer, 4 string changed in place), deadline in ms s (0 none),
//	        index and ordinal of its version, then the name to the end
//	string  the value
//	or
//	stream  header as of package streams
//	chunk   one chunk, when it is of 256 KiB or more
//	chunks  smaller ones, each behind its length; some 256 KiB together
//	and, unless the limits are Redis' and no producer was ever seen:
//	producers  header as of package idmp
//	iids    its blocks, each behind its length; some 256 KiB together
//	and for each group, in byte order of the names:
//	group   length of the name, name, header as of package groups
//	blocks  its blocks, each behind its length; some 256 KiB together
//	finally
//	end     number of keys, number of sections before this one
//
// There are no checksums here; storage puts one over each section. Version 1, which is
// read too, has the first two settings only and no producers.
//
// Packages commands and server import this one. It does no I/O, starts no
// goroutine, reads no clock and draws no random number; chance enters only as the
// seed of Go's maps, which nothing depends on.
package keyspace
