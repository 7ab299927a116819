// Package resp is the front of the server: listeners, the request parser, one
// Session per connection and its queue of replies.
//
// On Linux a few epoll loops of our own read and write the plain connections;
// TLS connections and other platforms come through redcon's server, a goroutine
// each. Both feed the same Session.
//
// Invariants:
//
//  1. Every request takes the next slot of its session's queue. A slot is filled
//     once, by any goroutine; bytes leave in the order of the slots.
//
//  2. Only the home of a session (its loop, or its redcon goroutine) parses, runs
//     commands, writes to the connection and closes it. Others only fill slots,
//     set flags under the session's lock and touch the home.
//
//  3. Whoever fills slots calls Server.Flush afterwards: once after a batch is
//     enough, and until then a loop need not look at what was filled. A flush
//     that was forgotten costs at most one tick (100 ms), never the reply. Fills
//     made inside Router.ReadNow and Router.Submit, on the caller's goroutine, need
//     none.
//
//  4. Arguments alias the session's read buffers, or memory that is unmapped; both
//     are taken back once the slot is filled. Whoever keeps an argument longer
//     copies it. A command that may block gets arguments of its own, and its
//     request is never used again, so that Router.Cancel and Router.Unblock may
//     meet one that is already answered.
//
//  5. Limits on count, bulk length and the sum of a request are checked as headers
//     arrive. Memory grows with the bytes that came, never by what a header
//     announces. A mapped argument (1 MiB and more, on Linux) is gone when its slot is
//     taken back: to look at it later is a fault, not stale bytes.
//
//  6. A session that may not go on parses nothing: it is blocked, waits for a
//     barrier, has too much unfinished or unsent, or its partition is full. Unsent is
//     too much at Options.MaxUnsent, or past the limit on its output, if it has one. Its
//     connection leaves the read set when more bytes come, so that TCP holds the
//     client back. The end of a client that is held back counts only after what
//     its socket holds was run; for a blocked one it ends the wait.
//
//  7. The session's lock is never held while the router or a command is called.
//
//  8. A message (a push) goes to the output behind the filled head of the queue and
//     before any slot that is not filled. One that a command of the same connection
//     caused goes right behind that command's slot, and while it waits there, all
//     that come later do, too: each client gets messages in their order. The
//     confirmation of a subscription is written under the registry's lock, as
//     messages are, so it has its place among them; in a transaction it is part of
//     the reply, and messages wait behind that. The registry's lock is taken before a
//     session's.
//
//  9. A session with subscriptions, or in MONITOR, has the output limit of its own
//     class, and no idle time-out. Its subscriptions end when its connection does; a
//     command that is run after that subscribes to nothing.
//
//  10. What a client is told about keys that it tracks goes behind the reply of the
//     last command in the queue that has read for it (Looked), else to the output at
//     once: so it overtakes no reply with what was true before, and comes ahead of
//     the reply of the write that caused it. The lock of the table of tracked keys
//     is taken before a session's.
//
//  11. A pass sees one state of CLIENT PAUSE, and a pause begins between passes. A
//     request that is held back is put aside, with nothing behind it parsed, and run
//     as if it had just come when the pause ends.
//
//  12. Monitors are shown a command when it is taken up: before it goes to the
//     partition, or once it was served. All get the same lines in the same order.
//     The monitors' lock is taken before a session's. Where nobody monitors, a
//     command costs one atomic load.
//
//  13. With Options.Redirect a command on keys that another node leads is refused before
//     it is run or queued, after the login and before memory is looked at. An EXEC is
//     refused for the keys of all that was queued, in the words of the redirection. No
//     command without keys is ever redirected.
//
// The package knows commands by the table only, and the state not at all: requests
// for a partition go to the Router. Imported by server. redcon is imported nowhere
// else.
package resp
