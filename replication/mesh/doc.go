// Package mesh is the connections between the nodes of a cluster: who may talk to
// whom, the transports of the Raft groups, ordered messages, and calls. All go over
// one listener of each node.
//
// Invariants:
//
//  1. Nothing that a peer sends is looked at before both sides have shown, in this
//     very handshake, that they know the cluster's secret (with TLS only: that they
//     hold a certificate the other trusts). The secret does not cross the wire. Before
//     that a refusal is read, and ends nothing but its connection: one that may end the
//     process (Copied, Proven) comes with a proof as well.
//  2. Messages arrive in the order in which they were sent, each at most once. What is
//     on its way when a link goes down is lost or handled before the peer's next link
//     delivers anything: never later.
//  3. Watch tells of each link up and down in turns. Between the two, a message that
//     Send took and that did not arrive is followed by none that did.
//  4. Send, SetPeers and Transport never wait for the network. What one peer does not
//     take in fills its own queue and no other's.
//  5. Everything is bounded: the hello, frames, queues in bytes, connections in their
//     handshake and those of each peer, calls that run at once. Memory follows the
//     bytes that arrived, not those that a header promises.
//  6. A peer that says nothing for 3 s is gone, whatever TCP thinks: its links go down
//     and all connections to it that are older than that are closed. A large message
//     on a slow link is not silence.
//  7. One process at a time runs as a node, as far as this node can know (fence): one
//     that is no successor of the process known, or that began while that one still
//     answers, is turned away for good and told so. A restart waits for the end of the
//     links of a process that does not answer, 3 s at most.
//  8. When Run has returned no goroutine and no connection is left.
//
// It never decides who is a member, and does not know what the messages mean: their
// kinds live with who uses them. Resolve and Admit come from there, too.
//
// # Links and calls
//
// A link is one for each ordered pair of nodes: each node dials its peers (SetPeers),
// sends on what it has dialled, and handles what comes in on what it has accepted. A
// lost link is dialled again after 50 ms to 1 s, at once when the peer dials. A newer
// connection of a peer takes the place of the older; one of a new boot closes all
// those of the boot before. Messages queue while they are written, and go out together
// in one write: nothing waits for company.
//
// Calls of a peer share one connection, made when needed, and run side by side. They
// may be answered in any order. A call that failed without a *RemoteError was run or
// not.
//
// # Raft
//
// Each group has a raft.NetworkTransport over connections of its own: heartbeats do
// not stand behind entries, nor those behind a snapshot. Raft's addresses are node ids
// in hex, resolved when a connection is made. Deadlines count from the last progress,
// so they grow with what is sent. Snapshots travel compressed with S2, over
// connections made for them; entries do not, their latency matters more. Two things of
// the library are mended on the way: a pooled connection that died is replaced at once
// (fresh), and a pipeline cannot block for ever (pipeline.go).
//
// # The wire
//
// Numbers are little endian. With TLS all of it is inside. The dialling side begins:
//
//	hello   = "millrace" version (2) length (2) node (8) boot (8) instance (8) nonce (32)
//	          purpose (1) group (4) cluster addr
//	cluster = length (1) bytes, the cluster's id
//	addr    = length (1) bytes, where the sender's listener is reached
//	verdict = 0 (1) length (2) proof (32)
//	        | 1 (1) length (2) reason, refused: both sides log it
//	        | 2 (1) length (2) reason, what the connection is for is not open (yet)
//	        | 3 (1) length (2) proof (32) reason, another process is that node: the
//	          refused one ends
//	        | 4 (1) length (2) proof (32) reason, refused though it has shown the secret
//
//	dialling side            accepting side
//	hello            ---->
//	                 <----   hello, purpose and group 0
//	verdict          ---->
//	                 <----   verdict, unless the other's was a refusal
//
// Length in the hello counts what stands behind node; version, length and node stay
// where they are in every version, so two versions can name each other. Then both end
// it. A proof is HMAC-SHA256, keyed with the secret, of a text that names the side (and
// of a refusal the reason), the dialling side's whole hello, and the accepting side's.
// The purpose is 1 for messages, 2 for calls, 3 for Raft, 4 for snapshots of Raft.
//
// Behind the handshake, for messages and calls:
//
//	frame   = length (4) body, up to 576 MiB; a length of 0 is a ping
//	message = kind (1) body
//	call    = 1 (1) id (8) kind (1) milliseconds left (4) body, from the dialling side
//	        | 2 (1) id (8) body, the answer
//	        | 3 (1) id (8) text, the answer of a handler that failed
//
// Each side sends a ping when it has sent nothing else for a second. A connection for
// Raft carries what raft.NetworkTransport writes; one for snapshots that, as an S2
// stream, from the dialling side to the other.
//
// What the handshake proves holds for its connection as long as nobody changes what
// goes over it: on a network where somebody may, use TLS.
//
// Imported by cluster and server; imports nothing of Millrace.
package mesh
