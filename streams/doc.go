// Package streams holds ordered entries in packed chunks: the data type behind
// XADD, XRANGE, XDEL and XTRIM. It knows nothing of groups, keys or commands.
//
// A Stream is a row of chunks in ID order. The last chunk, the tail, lives in
// the Stream itself and grows; the others are sealed and sit in a B-tree by
// their first ID. A chunk is what Redis calls a node: approximate trimming
// removes whole chunks, so their boundaries are part of the state and follow
// from nothing but the calls and the Limits given to them.
//
// Invariants:
//
//  1. Chunks do not overlap: the IDs of a chunk, tombstones included, lie in
//     [first, last], and last is below the next chunk's first.
//  2. Every chunk has a live entry. One whose last live entry goes is dropped,
//     and when that was the tail, the chunk before it becomes the tail. So a
//     stream has a tail exactly when it has entries.
//  3. Bytes once written into a chunk's buffer never change. Slices handed out
//     by a Cursor stay valid for ever, and nobody may write to them.
//  4. A sealed *chunk, or a tombstone bitmap, is changed in place only when its
//     epoch equals its stream's; else it is copied first. Clone raises the epoch
//     on both sides, so what two streams share is changed by neither.
//  5. Of a stream and its clones only one owns the spare room behind the tail's
//     last byte: the one that Clone was called on. The others copy the tail when
//     they append.
//  6. first of a chunk never changes, whatever is deleted, so it is a stable key.
//  7. The number of entries that a chunk ever held and the bytes that they took
//     (total, charged) bound it, even after deleted ones were squeezed out.
//  8. Length is the sum of the chunks' live entries; FirstID is the lowest live
//     ID, 0-0 when there is none.
//  9. No chunk reaches beyond LastID.
//
// Entries of a chunk, one after the other in its buffer:
//
//	body length   uvarint
//	body:
//	  flags       1 byte: 1 = names are those of the first entry, 2 = same ms as first
//	  ms          uvarint, minus first's ms; absent under flag 2
//	  seq         uvarint; under flag 2 minus first's seq
//	  n           uvarint, names and values together; absent under flag 1
//	  length, bytes   of each name and value in turn; under flag 1 of the values only
//	back          size of body length and body, 7 bits a byte, read from the
//	              right: the low bits come last, bit 7 says that more stand to the left
//
// IDs are relative to the chunk and not to the entry before, so that a walk may
// begin at either end. The encoding is canonical: no number takes more bytes
// than it needs.
//
// A snapshot of a stream is a header and one block per chunk, in ID order:
//
//	header  version 1 (byte), then uvarints: last ID ms and seq, highest deleted
//	        ID ms and seq, entries added, length, number of chunks
//	block   version 1 (byte), then uvarints: first ms and seq, last ms and seq,
//	        total, charged, count of entries in the buffer, count of tombstones;
//	        when there are tombstones, (count+7)/8 bytes of bitmap, low bit first;
//	        then the buffer, to the end of the block
//
// There are no checksums here; storage puts one over each block.
//
// Packages groups, rdb, keyspace and commands import this one. It does no I/O, starts
// no goroutine, reads no clock and draws no random number. A Stream is for one
// goroutine at a time; see Clone for what two may do.
package streams
