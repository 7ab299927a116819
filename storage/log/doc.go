// Package log is the one log of a node: the entries, terms, votes, truncations
// and resets of all its Raft groups go through one writer, so that whoever waits
// shares the next write and the next sync.
//
// # Invariants
//
//  1. What was acknowledged is on disk: in SyncAlways mode when the call
//     returns, terms and votes in every mode.
//  2. A segment's first frame holds the state of every group (term, vote, first
//     and last index, the term before the first): any suffix of the segments is
//     a complete log, and deleting the older ones loses no vote.
//  3. A valid first frame is written only after the segment before it was synced
//     up to the end that the first frame names.
//  4. A segment that Open found is never appended to.
//  5. A frame is valid only at its own offset, in the segment of its number, in
//     the life of its salt, with its checksum: frames left over in a recycled
//     file and images of frames inside a value are none.
//  6. Segments go oldest first, each removal synced before the next: numbers
//     have no gap.
//  7. Entries of a group have consecutive indexes; only an empty group begins
//     anywhere. Those below FirstIndex are readable while their bytes exist.
//  8. After a failed write or sync nothing is written or acknowledged again.
//  9. Entries leave a reserve at the end of each segment: votes and truncations
//     can be written when no further segment can be had.
//  10. A batch holds at most one request of each group, so each is checked
//     against a state that is written and published.
//
// # Files
//
//	000042.seg   a segment; the highest number is the active one
//	spare.seg    the file that becomes the next segment: zeros, or an old segment
//
// A segment is a file of Options.SegmentBytes, allocated as a whole; one that
// carries a frame larger than that is as large as it needs and is not recycled.
// When a log is opened, the segment that was active before is cut to its end.
//
// # Format
//
// Integers are little-endian. Frames follow each other; each begins at a multiple
// of 8, with zeros between. Writes are whole pages of 4096 bytes: what follows
// the last frame in its page is zero, what follows that page is anything.
//
//	frame
//	  0  4  magic "MRLF"
//	  4  4  CRC32C of the whole frame, these four bytes taken as zero
//	  8  4  length: header and body
//	 12  1  kind
//	 13  3  zero
//	 16  8  number of the segment
//	 24  8  salt of the segment's life, random
//	 32  8  offset of the frame in the file
//	 40  8  synced: the segment was known to be on disk up to this offset
//	 48  4  group
//	 52  4  count
//	 56  8  index
//	 64     body
//
//	kind 1  first           count: groups
//	  0  4  format version, 1
//	  4  4  zero
//	  8  8  where the log ends in the segment before, 0 if there never was one
//	        then each group, by number:
//	          0  4  group
//	          4  8  first index
//	         12  8  last index; first-1 when the group is empty
//	         20  8  term of the entry before the first, 0 when unknown
//	         28     state as in kind 3
//	kind 2  entries         count: entries; index: of the first one
//	        heads, then for each entry its extensions and its data; a head:
//	          0  8  term
//	          8  8  appended at, unix ns
//	         16  4  length of the data
//	         20  3  length of the extensions
//	         23  1  type
//	kind 3  state
//	  0  8  term
//	  8  8  term of the vote
//	 16  4  length of the candidate
//	 20     candidate voted for
//	kind 4  truncate-front  index: the new first index; body: 8 bytes, the term before it
//	kind 5  truncate-back   index: this one and those behind it are dropped
//	kind 6  reset           index: last index of a snapshot; body: 8 bytes, its term
//	kind 7  mark            nothing; it stands for its synced offset
//
// # Start
//
// The log is read up to the first bad frame. It is damage, and Open changes
// nothing, if a later frame of the same life claims a synced offset beyond it, or
// if a later segment has a valid first frame that puts the end behind it.
// Otherwise it is the torn tail of a write that nobody was told of, and is cut.
//
// # Syncs
//
// Each is held by a test that fails without it, named in sync_test.go.
//
// The caller locks the node's folder: the log does not. Package replication's
// store adapter, server and the offline tools import it. It knows no Raft library
// and no command, and interprets no entry.
package log
