// Package groups holds consumer groups: the last-delivered ID, the counter
// behind the lag, the consumers, and the pending entries list (PEL) with its
// three orders: by ID, by consumer and ID, by time of delivery.
//
// A Group belongs to one goroutine. Clone shares everything and costs the same
// for any number of pending entries and consumers; a clone that nobody changes
// may be read on another goroutine while the original goes on.
//
// # How it is kept
//
// Each of the three orders is a table: a B-tree of packed blocks of up to 128
// rows (block.go says how they are packed). By ID stands the whole pending
// entry, the two other orders have only what leads to it:
//
//	byID     ID -> owner, time, count, order
//	byOwner  owner, ID
//	byTime   zone or time, order -> ID
//
// The order number is drawn anew each time an entry is put, so that equal times
// stand in the order of insertion, and entries without owner (the NACK zone, in
// front of all others) in the order in which they were released. It is part of
// the replicated state.
//
// # Invariants
//
//  1. The three tables have the same entries: one row each, whose columns agree.
//  2. The order number of an entry is below the group's next one, and no two
//     entries share zone or time and order number.
//  3. An owner is NoOwner or a consumer of the group. An entry has no owner if
//     and only if it is in the NACK zone; its time is then 0.
//  4. Each consumer's pending count, and the count of entries without owner,
//     is the number of their rows.
//  5. The rows of a table ascend without equal keys. A block has 1 to 128 rows,
//     the only one of an empty table none; they are at or above its low and below the low of the next block.
//  6. A block or consumer whose token is not the one of the structure that holds
//     it is shared with a clone and never changes.
//  7. A consumer's ID is not NoOwner, never changes and is not given to another
//     one while it exists. Consumers by name and by ID are the same.
//  8. Row, byte and consumer counts are what a count would give.
//  9. In front of the marks of what is gone (claim_order.go) are only entries that
//     the stream does not have.
//
// A test build's check verifies all but the last, which takes a stream.
//
// # Snapshot format
//
// A header, then blocks: first those of the consumers, in byte order of the
// names, then those of the pending entries, by ID. Numbers are varints, signed
// ones (marked s) zigzag. Where blocks end depends only on the state.
//
//	header:    version (byte, 1), last-delivered ms, seq, entries-read s, next order,
//	           next consumer, number of consumers, number of pending entries
//	consumers: kind (byte, 1), then each: length of the name, name, ID, seen time s, active time s
//	pending:   kind (byte, 2), then each: ms less the ms before, seq (less the seq before where
//	           the ms is the same), owner, time less the time before s, count s,
//	           order less the order before s; "before" is 0 at the start of a block
//
// There is no checksum: the snapshot's sections have theirs.
//
// The package does no I/O, starts no goroutine, reads no clock and draws no
// random number. It knows streams; keyspace and commands may import it.
package groups
