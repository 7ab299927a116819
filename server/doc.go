// Package server puts a node together from a configuration: folder, log,
// snapshots, partition, listeners. The binary, the integration tests and programs
// that embed Millrace use it.
//
// Invariants:
//
//  1. Parts are opened from the bottom up and closed in reverse; every order that
//     matters has a comment.
//  2. Goroutines are started here, in Node.Run, and waited for there.
//  3. The ready callback runs after the partition leads, has applied all that was
//     acknowledged before, and the listener accepts.
//  4. A failed write or sync of the log ends Run with that error; nothing is
//     acknowledged behind it.
//
// Imported by cmd; imports everything below it.
package server
