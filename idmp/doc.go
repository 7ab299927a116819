// Package idmp remembers which idempotent IDs (iids) the producers of a stream have
// used, and for which entries: what XADD IDMP and IDMPAUTO look a repeated entry up
// in. It knows nothing of keys or commands, and of streams only their IDs.
//
// A Producers keeps, for each producer ID (pid), a queue of records (iid, ID of the
// entry) in the order in which they came. A record is dropped when its producer has
// more than the maximum, the oldest first, or once its time is over: an iid lives
// for the duration, counted from the milliseconds of its entry's ID.
//
// Whether a record's time is over is decided by Find, from the time that it is
// given: to the outside an expired record is not there. Forget takes expired ones
// away, a bounded number at a time.
//
// Invariants:
//
//  1. The records of a producer stand in the order of their sequence numbers, which
//     are unique in a Producers. They are not part of what is replicated: only the
//     order of the records is.
//  2. A record is live when byIID has a row of its iid's hash and its sequence
//     number, and dead else. It is dead exactly when a later record of the same
//     producer has the same iid: one that came when this had expired. So the last
//     record of a queue is live.
//  3. Every producer has a record, and at most the maximum of live ones.
//  4. byAge has a row for every producer, with the milliseconds of its first
//     record's ID, dead or live.
//  5. Bytes once written into a block's buffer never change, and a sealed block
//     never changes at all. A producer whose token is not that of its Producers is
//     shared with a clone and copied before its first change.
//  6. The outcome of every call follows from the calls before it, also across a
//     snapshot. Hashes only speed the search up: iids are compared in full.
//
// Records of a block, one after the other in its buffer:
//
//	sequence  uvarint, minus the first record's
//	ms        varint, minus the first record's
//	seq       uvarint
//	length    uvarint
//	iid
//
// A snapshot is a header and blocks, the producers in byte order of their pids, the
// records of each in their order:
//
//	header  version 1 (byte), then uvarints: duration in seconds, maximum, iids ever
//	        added, duplicates met, number of producers, number of records
//	block   uvarint length of the pid, pid, then records to the end: uvarints ms
//	        and seq, length of the iid, iid
//
// There are no checksums here; storage puts one over each block.
//
// Packages keyspace and commands import this one. It does no I/O, starts no
// goroutine, reads no clock and draws no random number: hashes are SHA-256, so that
// nobody can make a search slow by choice of iids. A Producers is for one goroutine
// at a time; see Clone for what two may do.
package idmp
