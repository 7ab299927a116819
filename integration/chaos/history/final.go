package history

import "time"

// Final is the state in which a cluster was left: invariant 5 of the package.
type Final struct {
	Streams map[string]Stream
}

// Stream is what a stream holds in the end.
type Stream struct {
	Entries []Entry // in the order in which the server returns them
	Length  int64   // what XLEN says
	Added   int64   // what XINFO STREAM says of entries-added
	Groups  map[string]Group
}

// Group is a consumer group in the end.
type Group struct {
	LastDelivered ID
	Pending       []Pending        // XPENDING of each
	PerConsumer   map[string]int64 // XPENDING's summary
}

// Pending is an entry that was delivered and not acknowledged.
type Pending struct {
	ID       ID
	Consumer string
	Idle     time.Duration
	Count    int64
}
