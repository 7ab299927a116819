// Package replication takes commands to the log of their partition and from there
// to the state machine: one Raft group for each partition, all on the node's one
// log. A single node is a Raft group of one voter: there is one write path.
//
// # The way of a request
//
// Sessions Submit requests on any node. Its proposer takes whatever waits, from all
// connections, and makes a part of it, the next of its origin's stream; it never waits for
// company. A leader puts his own parts and those of others into one entry of the log; who
// does not lead sends them to the leader. Raft stores the entry, which is synced then,
// commits it and hands it to Apply on every node; that runs the requests in their order.
// The origin's own apply fills the replies, and serves who waits there. Reads ride along at
// their place, executed by their origin but not logged. An origin keeps each part until its
// apply has seen it, and sends all that is left again to whoever leads next, and now and
// then: the log takes each number once, so an election is latency. What takes too long is
// answered UNCERTAIN when it was sent, CLUSTERDOWN when it was not or only reads (fate.go);
// the part stays, as the numbers have no gap.
//
// Reads with nothing to be logged before them are answered at the head of the queue by the
// only voter, whose state is all there is. With several voters they wait at the gate: the
// leader is asked how far the log is committed, proves that it leads, and this replica
// answers when it has applied as much. Reads that may be answered from the state as it is
// ask nobody (local.go). A request to be logged that seems to change nothing goes to the
// gate, too, and is logged when it proves to change something (Request.quiet).
//
// What replicas tell each other is in peers.go. All of it may be lost or come twice.
//
// Invariants:
//
//  1. A reply is filled only after the entry that carries its request, and all
//     entries before it, were committed and applied here. With fsync always that means
//     synced by a majority.
//  2. A request's reply is filled exactly once; from then on nothing here touches
//     the request. Who takes a part out of the stream, or its requests (under the stream's
//     lock), answers them.
//  3. An origin's parts carry numbers without gaps; Apply skips a part whose number is not
//     the next of its origin. That is replicated state, and all there is to it: the
//     request of a waiter that is woken stands in a part like any other.
//  4. Apply sees the state, the entry and nothing else. What it does for clients
//     (replies, waiters) never flows back into the state.
//  5. Nothing waits for a client: Submit never blocks, Apply never blocks.
//  6. Replay is silent: only requests that this very process has in flight are
//     answered, only waiters of this process are served, and nothing is told of what was
//     applied before this replica was ready.
//  7. The time of entries never goes backwards.
//  8. Raft is given no entry that the log has no room for: a follower answers it with
//     an error, a leader refuses the command (room.go).
//
// Locks: the partition's mu is taken before those of waits, stream, term and upkeep, and
// none of these before another; gate.run and waits.looking before mu. The gate's own mu is never held while
// one waits for the partition's.
//
// # What requests cause
//
// The state machine leaves what a request did for others to be told (events of keys)
// in Request.Caused, and nothing when nobody wants to know. Once an entry is applied
// and the state's lock is given back, each node hands these to Options.Emit one
// after the other, in the order of the log, whoever proposed them; each with the
// place where its request's reply goes, and before that is filled: so a message that
// a connection caused itself finds its place right behind its reply, and whoever has
// a reply knows that its messages are on their way. What the commands of a
// transaction did goes with the reply of the whole; what a request did that then
// waits, or whose client is elsewhere, goes without one. Replies of requests that
// caused nothing are filled at once. What reads caused (there may be something: keys
// that they missed) is told by whoever runs them, behind the lock as well, so it has
// its place among the messages of its own connection only.
//
// A further kind of effect is a kind in commands/effects.go, collected by the
// commands under a bit of commands.Interest, and a case in server/emit.go: nothing
// here changes for it.
//
// # The entry
//
//	entry    = format (1 byte, 2) apply-version (uvarint) time (8, Unix ms) sized...
//	sized    = length (4) part
//	part     = 'B' node (8) boot (8) number (uvarint) count (uvarint) request...
//	request  = flags (1 byte) database (uvarint) argc (uvarint) argument...
//	request  = flags (1 byte, with 2) watches (uvarint) watch... count (uvarint) request...
//	watch    = database (uvarint) key-length (uvarint) key index (uvarint) ordinal (uvarint)
//	argument = length (uvarint) bytes
//
// Numbers of 4 and 8 bytes are little endian. Flags: 1 RESP3, 2 a transaction, 4 of
// somebody who waits and was woken, 8 a command of the node's own. Node is the node's id,
// boot the number of its process's start. Format 1, which a lone voter wrote, had its
// proposer behind the time and kinds of part for waits and internals; it is read
// (entry_old.go).
//
// The package knows an interface StateMachine, not the commands. It is the one
// door to hashicorp/raft. Imported by resp (requests) and server.
package replication
