// Package tracking knows which client has read which key, and tells it when that
// changes: the server's half of client-side caching. It has no values, no log, no
// goroutine and no socket.
//
// A tracker is a client with tracking on. In default mode the table remembers the
// keys that it read, and tells of each once, at its next change; in broadcasting
// mode it remembers nothing, and tells of every change of a key that begins with
// one of the tracker's prefixes. A key is a name: the table does not tell databases
// apart, as Redis does not.
//
// Invariants:
//
//  1. A key stands in the table exactly as long as a tracker is to be told of it,
//     and a tracker stands in a key at most once, at the index that it keeps itself:
//     so a tracker that goes costs what it has read, whoever else is there.
//  2. The table holds at most as many keys as SetMax says (0: any number). What is
//     dropped to make room is told as if it had changed.
//  3. A tracker is told under the table's lock: of what it has remembered before,
//     and of nothing once Stop has returned.
//  4. Who changes a key under NoLoop is not told; the key is forgotten all the same.
//  5. While nobody tracks, a change costs one look at a counter.
//  6. The table's lock is taken before a receiver's own: what runs under it never
//     calls the table.
//
// That no stale value stays in a client's cache is a matter of two orders, which
// those who call keep. Remember is called under the lock under which the read looks
// at the state, so no change falls between the two. And the receiver puts what it is
// told behind the reply of every read that has been remembered (Reader.Looked), be
// that reply still on its way.
//
// Imported by commands, resp and server. Imports nothing of Millrace.
package tracking
