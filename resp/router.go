package resp

import "github.com/millrace-io/millrace/replication"

// Router takes requests to their partition. Implemented by server. All methods
// may be called from several goroutines and never block.
type Router interface {
	// Route finds out where a request goes, as the first of all calls. The error, if
	// there is one, is the reply: the request is not to be handed over.
	Route(r *replication.Request) error
	// ReadNow runs a read at once, on the caller's goroutine, when the partition's
	// read lock is free and it can be answered: r is filled on return. false:
	// nothing happened, Submit it.
	ReadNow(r *replication.Request) bool
	// Submit hands over requests of one session that run in this order, after all
	// that it submitted before. The slice is the caller's again on return.
	Submit(reqs []*replication.Request)
	// Busy reports that something submitted before is on its way to the log: what is
	// submitted now waits for it. When that ends, Server.Flush is called.
	Busy() bool
	// Cancel says that nobody waits for r any more, a request that may block. If it
	// waits, the wait ends and r is filled with an empty reply; if it is still on
	// its way, it must not begin to wait: it is filled with what it finds, or
	// with an empty reply. A request that is already filled is left alone.
	Cancel(r *replication.Request)
	// Unblock is CLIENT UNBLOCK: it ends the wait of r with its null reply or with
	// -UNBLOCKED. done is called once, from any goroutine, with whether r waited.
	Unblock(r *replication.Request, withError bool, done func(unblocked bool))
	// Waits reports whether a request waits for a key now, so that Unblock would end
	// its wait.
	Waits(*replication.Request) bool
	// Full reports that a partition's queue is past its bound: sessions are held
	// back until Server.Resumed is called.
	Full() bool
}
