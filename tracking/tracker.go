package tracking

// Invalidation is what trackers are told: keys that have changed. It is valid during
// Invalidate only.
type Invalidation struct {
	// Keys have changed; nil: any may have.
	Keys []string
	// Encoded is the receivers' own: the message as it goes to a client, by what
	// they choose. Many may get the same Invalidation, one after the other, so it has
	// to be encoded but once.
	Encoded [2][]byte
}

// Receiver is told of changes, under the table's lock and from any goroutine.
type Receiver interface {
	// Invalidate must not block, nor call the table.
	Invalidate(*Invalidation)
}

// Tracker is a client as the table sees it. All of it belongs to the table.
type Tracker struct {
	to       Receiver
	on       bool
	bcast    bool
	noLoop   bool
	keys     map[*entry]int  // what it has read: its index in entry.trackers
	prefixes map[*prefix]int // its index in prefix.trackers
}

// NewTracker returns a tracker that is not told of anything yet.
func NewTracker(to Receiver) *Tracker {
	return &Tracker{to: to, keys: make(map[*entry]int), prefixes: make(map[*prefix]int)}
}

// Reader is whom the keys of a read are remembered for.
type Reader interface {
	// Tracker is nil when there is nobody to tell.
	Tracker() *Tracker
	// Looked says, before its keys are remembered, that the command has looked at the
	// state: whatever the client is told from now on stands behind its reply.
	Looked()
}

// entry is a key that somebody has read.
type entry struct {
	key      string
	place    int // in Table.all
	trackers []*Tracker
}

// join adds t to the key.
func (t *Tracker) join(e *entry) {
	t.keys[e] = len(e.trackers)
	e.trackers = append(e.trackers, t)
}

// leave takes t out of the key, whose last tracker takes its place.
func (t *Tracker) leave(e *entry) {
	i, last := t.keys[e], len(e.trackers)-1
	e.trackers[i] = e.trackers[last]
	e.trackers[i].keys[e] = i
	e.trackers[last] = nil
	e.trackers = e.trackers[:last]
	delete(t.keys, e)
}
