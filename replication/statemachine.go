package replication

import (
	"github.com/millrace-io/millrace/blocking"
)

// StateMachine is what a partition replicates. Begin, Apply, Restore and Clear are
// called under the partition's write lock by the apply goroutine, and by Rebuild;
// View by any goroutine that holds it; Read, Quiet and Upkeep by any goroutine that
// holds the read lock. Apply and Read (a View's, too) set the request's Caused, to nil
// when there is nothing to tell.
type StateMachine interface {
	// Begin starts an entry: its index in the log and its time in Unix ms.
	Begin(index uint64, timeMs int64)
	// Apply runs a logged request, the ordinal-th of its entry, and appends its
	// reply to out. A request that would have to wait returns what for.
	Apply(r *Request, ordinal uint32, out []byte) ([]byte, *blocking.Wait)
	// Unchanged reports whether a watched key is at the version that a client saw.
	Unchanged(w *Watched, timeMs int64) bool
	// Changed reports whether the request being applied has changed anything:
	// after a panic it decides whether the state can still be trusted.
	Changed() bool
	// Ready returns the keys whose waiters should look again, since the last call,
	// or that all should.
	Ready() (keys []blocking.Key, all bool)

	// Read runs a request without changing anything: a read, or a logged request
	// that is Quiet. Riding reads run at their entry's time. A panic fails the
	// request alone: the reply is an error then.
	Read(r *Request, timeMs int64, riding bool, out []byte) ([]byte, *blocking.Wait, ReadOutcome)
	// Quiet reports that a logged request, run now, would change nothing.
	Quiet(r *Request, timeMs int64) bool
	// Adds returns the stream that a request adds an entry to, for certain, so that
	// whoever waits for one can be served in the same entry of the log.
	Adds(r *Request) (blocking.Key, bool)
	// Upkeep returns an internal request that is due, nil for none; of a replica that
	// does not lead one that says what only this replica knows, as it has answered
	// reads. NextUpkeep is when there may be one, in Unix ms, 0 for never; it costs
	// next to nothing.
	Upkeep(timeMs int64, leads bool) *Request
	NextUpkeep(leads bool) int64

	// View returns the state as it is now, at no cost that depends on its size,
	// to be read while the state goes on changing.
	View() View
	// Restore replaces the state by what a snapshot holds.
	Restore(SectionReader) error
	// Clear replaces it by that of an empty log.
	Clear()
}

// ReadOutcome says how a read ended.
type ReadOutcome uint8

const (
	// ReadDone: the reply was appended, or the request waits.
	ReadDone ReadOutcome = iota
	// ReadExpired: a key is past its deadline; log the request, so that its place
	// in the log decides.
	ReadExpired
	// ReadLong: the reply is so long that it is to be read from a view.
	ReadLong
)

// View is a state at one point of the log, read only.
type View interface {
	// Snapshot writes the whole state.
	Snapshot(SectionWriter) error
	// Read runs a read, however long it takes.
	Read(r *Request, timeMs int64, out []byte) []byte
}

// SectionWriter takes a snapshot in sections; body is read before it returns.
type SectionWriter interface {
	Section(kind uint8, body []byte) error
}

// SectionReader gives the sections back in order, io.EOF behind the last one.
// body is valid until the next call.
type SectionReader interface {
	Next() (kind uint8, body []byte, err error)
}
