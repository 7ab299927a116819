// Package storagetest holds what every log store must do, as one suite of tests,
// and a simple log store to hold others against.
//
//   - TestLogStore runs the suite over an implementation of raft.LogStore.
//   - Twin is a log store on tidwall/wal: as small as one can be, good for
//     comparison and for nothing else (see DESIGN.md of storage/log).
//
// Only tests import it.
package storagetest
