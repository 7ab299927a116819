// Package snapshot keeps the snapshots of one Raft group: whole files in
// <dir>/snapshots/<group>/, written once, verified before they are offered,
// the newest two kept. It moves sections of bytes and does not know what is in
// them.
//
// # Invariants
//
//  1. A file under its final name is whole: it was written under a temporary
//     name and synced before the rename. Damage found later is damage, never a
//     crash in the middle.
//  2. Commit has returned nil: the snapshot is there after any crash.
//  3. An older snapshot is removed only when two newer ones are durable and were
//     verified. There is no moment at which a crash leaves fewer usable
//     snapshots than before.
//  4. List names only snapshots whose every byte was checked in this process:
//     while being written by it, on arrival, or by reading the file through.
//  5. A name is never used twice, so a reader of a snapshot never sees another.
//  6. Reading takes memory for one body, and never more than the file has bytes
//     left, whatever a damaged length says; the length has a checksum of its own,
//     tested before the memory is taken.
//  7. At most a step (1 MiB) of bytes waits for the disk while a snapshot is written: one
//     large sync at the end would hold up the syncs of the log.
//
// # Files
//
//	<dir>/snapshots/<group>/<index>-<term>-<n>.snap     20, 20 and 4 digits or more
//	<dir>/snapshots/<group>/<index>-<term>-<n>.tmp      not finished; removed by Open
//
// n tells apart snapshots of the same index and term. Names sort by age.
//
// # Format 1
//
// All numbers are little endian, all checksums CRC32C. A file is a header,
// sections, and a trailer, with nothing between or after them. No checksum runs
// over bytes and then over the stored checksum of the same bytes: the result
// would be the same whatever the bytes are.
//
// Header. The first 16 bytes are the same in every format to come.
//
//	 0   8  magic "MILLSNAP"
//	 8   4  format of the file, 1
//	12   4  checksum of bytes 0-12
//	16   4  group
//	20   4  version of the Raft snapshot protocol
//	24   8  index   of the last log entry in the snapshot
//	32   8  term    of that entry
//	40   8  configuration index
//	48   4  format of the sections (their owner's business)
//	52   4  length c of the configuration
//	56   4  checksum of bytes 16-56
//	60   c  configuration
//	60+c 4  tag: checksum of bytes 16-56, configuration
//
// Section, at offset o of the file:
//
//	 0   4  magic "SECT"
//	 4   1  kind
//	 5   3  zeros
//	 8   8  length n of the body
//	16   4  checksum h of tag (4 bytes), o (8 bytes), bytes 0-16
//	20   n  body
//	20+n 4  checksum of h (4 bytes), body
//
// So a section is only valid in its own file and at its own place: it cannot be
// swapped with another, repeated or taken from another snapshot.
//
// Trailer, at offset o:
//
//	 0   4  magic "TAIL"
//	 4   4  checksum of header bytes 16-56, configuration, and for each section
//	        its bytes 0-16 and body
//	 8   8  number of sections
//	16   8  length of the file
//	24   4  checksum of tag, o, bytes 0-24
//	28   8  magic "SNAPDONE"
//
// The raw form that a leader sends to a follower is the file, byte for byte.
//
// # Use
//
// replication (the adapter for Raft) and cmd (`check`) may import this package;
// it imports storage/vfs alone. It starts no goroutine and never reads a clock.
// Whoever wants a snapshot of a damaged file examined finds it still there: only
// rule 3 removes files, and files of a newer format are never removed.
package snapshot
