// Package commands is the command table: one value per command with its syntax,
// flags, keys, documentation and code, one file per command, and the machine
// that runs them on the state of a partition.
//
// Invariants:
//
//  1. A command checks everything before it changes anything: when Run returns an
//     error, the state is as it was.
//  2. What Run does depends on the call's state, arguments, time and position
//     alone, so that every replica comes to the same state. No clock, no random
//     number, nothing derived from the iteration of a map.
//  3. A command of class Read changes nothing, not even a key past its deadline:
//     it returns ErrExpired, and the partition runs it again behind an expiry.
//  4. The reply is appended to Call.Out, whole, or an error is returned, never
//     both. Error texts are Redis' very words and stand in errors.go.
//  5. What others are to be told of a command (effects.go) is noted while they want to
//     know only: it never flows back into the state, and costs nothing otherwise.
//  6. Table is the only list of commands: dispatch, arity, key routing, ACL
//     categories, COMMAND INFO and the documentation follow from it.
//
// The package knows keyspace, groups, streams, rdb, blocking and wire; it knows no
// connection (only the Session interface), no node (only Node) and no Raft.
// Imported by resp, server and cmd.
package commands

//go:generate go test . -run TestPageIsNotStale -update
