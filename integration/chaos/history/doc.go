// Package history holds what clients of a cluster saw, and judges it: which promises
// were broken, if any. It knows no network and no process, so a simulation can use it
// as well as a test of whole nodes.
//
// A [Log] collects operations, each with the time of its call and of its return and
// what came of it:
//
//   - OK: the reply is known;
//   - Refused: it certainly was not done;
//   - Unknown: it may have been done before its return, may be done at any later time,
//     or never.
//
// Times are of one clock for all clients, monotonic. The workload must keep to this,
// since the checkers rely on it:
//
//  1. No two XADDs and no two SETs of a history carry the same payload.
//  2. A connection's operations are numbered in the order in which they were sent, and
//     after an operation of Unknown outcome the connection is not used again.
//  3. Streams are only appended to with drawn IDs: no XDEL, no XTRIM, no ID of one's
//     own. Keys of strings see SET and GET, or INCR and GET.
//  4. Entries are delivered, claimed and acknowledged only by recorded operations.
//     Consumers are not deleted.
//  5. The final state is read after the last operation has returned and after every
//     node has applied everything.
//
// # The checkers
//
// Each is a function of the history, or of the history and the final state, changes
// neither, and returns the promises that were broken, in words, at most [most] of them.
//
//   - [Entries]: nothing acknowledged is lost or doubled, nothing refused is there,
//     nothing is reordered within its connection or in real time.
//   - [Streams]: XADD, XLEN and reads of a stream's end are linearizable. Exact, by
//     ranks: every entry's place in the final stream is known.
//   - [Groups]: what is acknowledged stays acknowledged, an entry has one owner at a
//     time, delivery counts are those of the deliveries, nothing falls out of a group.
//   - [Acks], [Registers]: linearizability by search (porcupine), of each entry of a
//     group and of each string, in bounded time. What could not be decided in time is
//     counted, and is no proof of anything.
//   - [Equal]: all replicas hold the same state.
package history
