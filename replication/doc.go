// Package replication takes commands to the log of their partition and from there
// to the state machine: one Raft group for each partition, all on the node's one
// log. A single node is a Raft group of one voter: there is one write path.
//
// # The way of a request
//
// Sessions Submit requests. The proposer takes whatever waits, from all
// connections, and makes one log entry of it; it never waits for company. Raft
// stores the entry, which is synced then, commits it and hands it to Apply; Apply
// runs the requests in their order, fills their replies, and serves who waited
// for what they brought. Reads ride along at their place, executed but not
// logged; a batch of nothing but reads makes no entry.
//
// Invariants:
//
//  1. A reply is filled only after the entry that carries its request, and all
//     entries before it, were committed and applied. With fsync always that means
//     synced.
//  2. A request's reply is filled exactly once; from then on nothing here touches
//     the request.
//  3. An origin's parts carry sequence numbers without gaps; Apply skips a part
//     whose number is not the next of its origin, and serves a wait number at
//     most once. Both are replicated state.
//  4. Apply sees the state, the entry and nothing else. What it does for clients
//     (replies, waiters) never flows back into the state.
//  5. Nothing waits for a client: Submit never blocks, Apply never blocks.
//  6. Replay is silent: only requests that this very process has in flight are
//     answered, only waiters of this process are served, and nothing is told of what
//     was applied before this leader's barrier.
//  7. The time of entries never goes backwards.
//  8. Raft is given no entry that the log has no room for: a follower answers it with
//     an error, a leader refuses the command (room.go).
//
// # What requests cause
//
// The state machine leaves what a request did for others to be told (events of keys)
// in Request.Caused, and nothing when nobody wants to know. Once an entry is applied
// and the state's lock is given back, its leader hands these to Options.Emit one
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
//	entry    = format (1 byte, 1) apply-version (uvarint) time (8, Unix ms) proposer part...
//	proposer = node (8) boot (8) proposal (uvarint)
//	part     = batch | wait | internal
//	batch    = 'B' node (8) boot (8) sequence (uvarint) count (uvarint) request...
//	wait     = 'W' node (8) boot (8) number (uvarint) lowest-open (uvarint) request
//	internal = 'I' request, a command of the leader's own, such as expiry
//	request  = flags (1 byte: 1 for RESP3) database (uvarint) argc (uvarint) argument...
//	request  = flags (1 byte: 2, and 1 for RESP3) watches (uvarint) watch... count (uvarint) request...
//	watch    = database (uvarint) key-length (uvarint) key index (uvarint) ordinal (uvarint)
//	argument = length (uvarint) bytes
//
// Numbers of 8 bytes are little endian. Node is the node's id, boot a random
// number drawn at each start of its process.
//
// The package knows an interface StateMachine, not the commands. It is the one
// door to hashicorp/raft. Imported by resp (requests) and server.
package replication
