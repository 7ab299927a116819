package replication

import (
	"context"
	"log/slog"
	"math"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/hashicorp/raft"

	"github.com/millrace-io/millrace/blocking"
)

// PartitionID numbers the partitions of a cluster, from 0.
type PartitionID uint32

// Meta is the meta group of a cluster, which holds no slot.
const Meta PartitionID = math.MaxUint32

func (id PartitionID) String() string {
	if id == Meta {
		return "meta"
	}
	return strconv.FormatUint(uint64(id), 10)
}

// MarshalJSON keeps the number of a partition a number in logs.
func (id PartitionID) MarshalJSON() ([]byte, error) {
	if id == Meta {
		return []byte(`"meta"`), nil
	}
	return strconv.AppendUint(nil, uint64(id), 10), nil
}

// Options are what a partition needs from its node.
type Options struct {
	ID     PartitionID
	Origin Origin
	// Flush is called after replies were filled, once for many of them.
	Flush func()
	// Emit is called with what a request has caused (Request.Caused), in the order
	// of the log, on every node, once the entry is applied and before the
	// request's reply is filled; to is where that goes, nil when nobody waits for it
	// or it is not known yet. What reads caused may come from any goroutine. It must
	// not block; Flush follows. nil: nobody is told.
	Emit func(to Replier, caused any)
	// Refuse returns why an entry of that many bytes can't be taken at the moment,
	// nil when it can.
	Refuse func(bytes int64) error
	// TooLarge returns why a request of that many bytes is never logged, nil when it can
	// be: whatever is up to maxEntryBytes must. nil: all can.
	TooLarge func(bytes int64) error
	// Held reports whether nothing is to change by itself at the moment, though its
	// time has come; LookAtUpkeep follows when that ends. nil: it never is.
	Held func() bool
	// Fatal is called when the partition can't go on: the node must stop. It may
	// be called from any goroutine.
	Fatal  func(error)
	Wall   func() time.Time // nil: time.Now
	Logger *slog.Logger

	// Send takes a message to the same partition on another node, whose Receive gets
	// it: it copies, and does not block. false: it is lost, Linked will tell when to try
	// again. nil: there are no other nodes.
	Send func(to uint64, body ...[]byte) bool
	// ReadsFrom is what reads are answered from; nil: ReadsLinearizable.
	ReadsFrom func() Reads
	// Elapsed is the clock that leases are measured by, which no one sets and no
	// suspension stops; nil: the system's.
	Elapsed func() time.Duration
	// ElectionTimeout is Raft's, and that of its heartbeats; 0: half a second.
	ElectionTimeout time.Duration
	// GiveUp is how long a request may stay without an outcome, as no leader is found,
	// before its client is told; 0: defaultGiveUp.
	GiveUp time.Duration
}

// Partition is one Raft group with its state machine, on this node.
type Partition struct {
	Options
	sm    StateMachine
	clock *Clock
	raft  *raft.Raft
	// stores are what Start was given; never changed afterwards.
	stores Stores

	// mu covers the state machine and origins: the apply goroutine writes under
	// it, everybody else reads.
	mu      sync.RWMutex
	origins origins
	// applied is the index of the last entry that the state holds, lastTime its
	// time; the apply goroutine writes them under mu.
	applied  uint64
	lastTime int64
	// shown is applied once the entry is applied to its end, to be asked without the lock.
	shown atomic.Uint64

	queue    queue
	proposer proposer
	stream   stream
	term     term
	transfer transfer
	gate     gate
	lease    lease
	room     room
	nudged   *nudged
	stuck    atomic.Bool              // what is submitted now can't be sent to anybody
	peers    atomic.Pointer[[]uint64] // the other replicas
	waits    waits
	upkeep   upkeep
	long     chan struct{} // one token for each long read under way

	opened  atomic.Bool // Raft has what the stores held
	fresh   bool        // nothing was ever applied when Start returned
	ready   atomic.Bool // what was applied before the start was applied again
	scratch applyScratch
	stop    chan struct{} // closed by Stop
	watched sync.WaitGroup
}

// maxLongReads is how many long reads build their replies side by side; more of
// them stand in line, each with its session held back.
const maxLongReads = 8

// New returns a partition that does nothing yet: Start opens it, Run drives it.
func New(sm StateMachine, o Options) *Partition {
	p := &Partition{Options: o, sm: sm, long: make(chan struct{}, maxLongReads), stop: make(chan struct{})}
	if p.ElectionTimeout == 0 {
		p.ElectionTimeout = defaultElectionTimeout
	}
	if p.Elapsed == nil {
		p.Elapsed = elapsed
	}
	if p.GiveUp == 0 {
		p.GiveUp = defaultGiveUp
	}
	p.stream.origin = o.Origin
	p.clock = NewClock(o.Wall, o.Logger)
	p.queue.wake = make(chan struct{}, 1)
	p.proposer.init()
	p.gate.init()
	p.term.begun = make(chan struct{}, 1)
	p.transfer.attempt = make(chan struct{}, 1)
	p.waits.init()
	p.upkeep.init()
	return p
}

// Submit takes requests that are to run in their order; the slice is the
// caller's again on return. It never blocks.
func (p *Partition) Submit(reqs []*Request) { p.queue.add(reqs) }

// Busy reports that as many entries are on their way as may be: what is submitted
// now is proposed when one of them is applied. After true, Flush is called once one
// is.
func (p *Partition) Busy() bool { return p.full() }

// SubmitInternal takes a command of the node's own. Its reply is filled as ever.
func (p *Partition) SubmitInternal(r *Request) {
	r.Internal = true
	p.queue.addInternal(r)
}

// Backlog is the size of the requests that wait to be proposed, in bytes.
func (p *Partition) Backlog() int64 { return p.queue.size() }

// ReadNow runs a read at once on the caller's goroutine, and fills its reply,
// when the state can be read without waiting; a local one that has to wait is filled
// soon. Otherwise it reports false: the request is to be submitted.
func (p *Partition) ReadNow(r *Request) bool {
	local := !p.term.alone.Load()
	if local && !p.local(r) {
		return false
	}
	if !p.mu.TryRLock() {
		if local {
			p.readSoon(r)
		}
		return local
	}
	out := buffers.get()
	// Whether a key goes that is past its deadline is not for who may be behind to say.
	reply, wait, outcome := p.sm.Read(r, p.now(), local, *out)
	done := outcome == ReadDone
	caused := r.Caused
	if done && wait != nil {
		// Registered before the lock is given back: no entry can slip in between
		// the look and the wait.
		p.await(r, wait)
	}
	p.mu.RUnlock()
	switch {
	case done:
		p.answerNow(r, wait == nil, caused, reply)
	case outcome == ReadExpired:
		r.log()
	case local:
		p.readSoon(r)
		done = true
	}
	buffers.put(out, reply)
	return done
}

// now is the time by which reads show things: the partition's clock, that of the last
// entry at least. The caller holds the partition's lock.
func (p *Partition) now() int64 { return max(p.clock.Now(), p.lastTime) }

// answerNow fills the reply of a read that ran on its own, unless it waits: then it
// may be somebody else's already. First it tells what the read caused.
func (p *Partition) answerNow(r *Request, filled bool, caused any, reply []byte) {
	switch {
	case caused == nil:
	case filled:
		p.emit(r.To, caused)
	default:
		p.emit(nil, caused)
	}
	if filled {
		r.To.Fill(reply)
	}
	if caused != nil {
		p.Flush()
	}
}

// readLong runs a read of any length on a view, in a goroutine of its own.
func (p *Partition) readLong(r *Request, view View, timeMs int64) {
	go func() {
		p.long <- struct{}{}
		defer func() { <-p.long }()
		reply := view.Read(r, timeMs, nil)
		p.emit(r.To, r.Caused)
		p.fill(r, reply)
	}()
}

// fill answers a request on its own, outside a batch.
func (p *Partition) fill(r *Request, reply []byte) {
	r.To.Fill(reply)
	p.Flush()
}

// View returns the state at this moment, for a reader on its own.
func (p *Partition) View() View {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.sm.View()
}

// Inspect calls fn with the state machine under the partition's read lock.
func (p *Partition) Inspect(fn func(StateMachine, int64)) {
	p.mu.RLock()
	defer p.mu.RUnlock()
	fn(p.sm, p.now())
}

// Applied is the index of the last entry that the state holds.
func (p *Partition) Applied() uint64 { return p.shown.Load() }

// Blocked is the number of requests that wait for a key, and of keys waited for.
func (p *Partition) Blocked() (requests, keys int) {
	p.waits.mu.Lock()
	defer p.waits.mu.Unlock()
	return p.waits.registry.Len(), p.waits.registry.Keys()
}

// BlockedFor tells of the requests that wait how many have a deadline, and for how many
// keys they would see that the key or its group goes away.
func (p *Partition) BlockedFor() (withDeadline, keysOfGroups int) {
	p.waits.mu.Lock()
	defer p.waits.mu.Unlock()
	return p.waits.timed, p.waits.registry.KeysOfGroups()
}

// Run drives the partition until ctx ends: it proposes what is submitted, does
// the upkeep and lets waiters look again in time. Open must have returned.
func (p *Partition) Run(ctx context.Context) error {
	var wg sync.WaitGroup
	wg.Go(func() { p.runUpkeep(ctx) })
	wg.Go(func() { p.runLooks(ctx) })
	wg.Go(func() { p.runGate(ctx) })
	if p.Send != nil { // what a node on its own has taken is applied, or the node has failed
		wg.Go(func() { p.runFate(ctx) })
	}
	err := p.propose(ctx)
	wg.Wait()
	return err
}

// await registers r as waiting. The caller holds the partition's lock.
func (p *Partition) await(r *Request, w *blocking.Wait) { p.waits.add(p, r, w) }
