package replication

import "github.com/millrace-io/millrace/resp/wire"

// Class says what a request needs of the partition.
type Class uint8

const (
	// Log marks a request that may change the state: it gets a place in the log.
	Log Class = iota
	// Read marks a request that only looks: it runs on the applied state, or
	// rides in a batch at its place, without being logged.
	Read
)

// Request is one command of one client on its way through a partition. Whoever
// submits it owns it again, with all it points to, once To.Fill was called;
// between the two nobody else may touch it.
type Request struct {
	// Op is what the state machine keeps about the command, usually a pointer
	// into its table. It is not logged; a request decoded from the log has none.
	Op any
	// Client is what the state machine is to know of who sent the request, nil for
	// nothing. It is not logged.
	Client any
	// Tracks says that the client may keep what it reads, and is to be told when that
	// changes.
	Tracks bool
	// Args is the command as the client sent it, Args[0] its name.
	Args  [][]byte
	DB    int
	Proto wire.Proto
	Class Class
	// Partition is where the request goes, and Way what who routes it keeps about it
	// besides. They are set before anybody else sees the request, and not logged.
	Partition PartitionID
	Way       any
	// Local says of a read that this node's replica may answer as it stands, though it
	// may be behind.
	Local bool
	// Peek says of a read that its command is one to be logged. It is run only where it
	// would change nothing, else its reply is Peeked; once it has waited it is logged.
	Peek bool
	// Turn is shared by requests in several partitions of which one at most is to be
	// served once they wait; nil: there are no others.
	Turn *Turn
	// Holds says that nothing its connection sends later may run before its reply: the
	// partitions do not keep their order. It is set with Way.
	Holds bool
	// Internal marks a command of the node's own, which no client can send.
	Internal bool
	// Exec are the commands of a transaction, which run at one place in the log;
	// the request has no Args of its own then. Each fills its own reply, and the
	// request's says last that all have run (an OK), or that they have not, since a
	// watched key has changed (a null array). It is a Read when all of them are.
	Exec []*Request
	// Watch are the keys that must be as they were for the transaction to run.
	Watch []Watched
	// InExec marks a command of a transaction: it never waits.
	InExec bool
	// Woken marks a request that has waited and looks again.
	Woken bool
	// To gets the reply; nil when nobody waits for one.
	To Replier
	// Caused is what the last run of the request caused beyond state and reply, for
	// others to be told of: the state machine sets it, Options.Emit gets it. nil for
	// nothing, or when nobody wants to know.
	Caused any

	logged bool // a read that is to be logged, see log

	// Both are covered by the lock of the waits.
	waiter *waiter // set while the request waits for a key
	gone   bool    // the client left: not to be put in line any more

	// quiet marks a request to be logged that goes as a read, as it seemed to change
	// nothing: where that proves wrong it is logged.
	quiet bool
}

// Peeked is the reply of a request with Peek that would change something.
const Peeked = "+PEEKED\r\n"

// log makes a read a request to be logged, since a key that it met is past its
// deadline, or since it would change something after all.
func (r *Request) log() {
	r.logged = r.logged || r.Class == Read && !r.quiet && !r.Peek
	r.Class, r.quiet = Log, false
	for _, c := range r.Exec {
		c.Class = Log
	}
}

// looks reports whether a request changes nothing that its client knows of.
func (r *Request) looks() bool { return r.Class == Read || r.logged }

// Watched is a key and the version that a client saw of it: the place in the log of
// its last change, zero for a key that was not there.
type Watched struct {
	DB      int
	Key     []byte
	Index   uint64
	Ordinal uint32
}

// Replier is the place where a request's reply goes.
type Replier interface {
	// Fill hands over the reply, once, from any goroutine. It copies what it
	// keeps. An empty reply means that the connection is to be closed without
	// an answer.
	Fill(reply []byte)
}
