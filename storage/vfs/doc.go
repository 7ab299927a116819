// Package vfs is the only way by which storage touches files. Two things come
// of that: tests run the same code over a file system that loses power, and the
// promises that storage relies on stand in one place, on the interfaces FS and
// File.
//
//   - OS is the real file system.
//   - NewMem is one in memory that keeps to the letter of what a sync promises:
//     after Crash everything else may be gone, torn, zeroed or half there.
//   - WithFaults puts a hook before every operation of another FS.
//   - Slow limits the rate of writes of another FS.
//
// Invariants:
//
//  1. What a successful Sync or DataSync of a file covered is there after any
//     crash, provided that the file can still be reached by a synced name.
//  2. A name is synced by SyncDir of its folder, and by nothing else.
//  3. A failed sync loses what it should have written, for good: a later
//     successful one does not bring it back.
//  4. Without a power loss (KillProcess) everything written stays, synced or not,
//     and what was not synced can still be lost by a power loss afterwards.
//
// Any package of storage may import it, and server to pass it in. It knows no
// format and no folder layout, and it never retries.
package vfs
