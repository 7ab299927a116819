// Package server puts a node together from a configuration: folder, log,
// snapshots, partitions, router, listeners. The binary, the integration tests and programs
// that embed Millrace use it.
//
// Invariants:
//
//  1. Parts are opened from the bottom up and closed in reverse; every order that
//     matters has a comment.
//  2. Goroutines are started here, in Node.Run, and waited for there.
//  3. All addresses are taken while the node is opened: what can't have one says nothing
//     to other nodes. The ready callback runs after the partitions lead, have applied all
//     that was acknowledged before, and the listener accepts; who connects earlier waits.
//  4. A failed write or sync of the log ends Run with that error; nothing is
//     acknowledged behind it.
//  5. Requests of one connection reach each partition in their order. A node with
//     one partition has a router that looks at nothing.
//  6. A spread request (one for several partitions) is filled once, when all its
//     parts are; what a part has delivered is in the reply.
//
// Imported by cmd; imports everything below it.
package server
