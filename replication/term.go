package replication

import (
	"sync"
	"sync/atomic"
	"time"

	"github.com/hashicorp/raft"
)

// term is what this replica knows of who leads the partition, and what it has to do
// itself while it leads.
type term struct {
	leads atomic.Bool   // this replica leads, and has applied an entry of its own term
	alone atomic.Bool   // and is the only voter: what it has applied is all there is
	begun chan struct{} // holds a token when a term of this replica has begun; never closed
	// ours is the number of the term that this replica leads, 0 for none.
	ours atomic.Uint64

	mu     sync.Mutex // covers what follows
	number uint64     // of the newest term that a leader announced
	leader uint64     // the node that leads it, 0: not known
	led    uint64     // number of the last term that this replica led
	lost   time.Time  // since when none is known, or none can be reached

	// Of a leader:
	inFlight int                    // entries of this term, proposed and not yet applied
	taken    map[uint64]originState // by node, what was taken into entries
	inbox    [][]byte               // encoded parts of other nodes, to be proposed
	inboxed  int64                  // bytes of it
}

// watchTerms begins and ends this replica's terms. It takes everything that Raft tells:
// Raft waits for that.
func (p *Partition) watchTerms(notify <-chan bool, stop <-chan struct{}) {
	for {
		select {
		case <-stop:
			return
		case leads := <-notify:
			p.endTerm()
			if leads {
				p.beginTerm()
			}
		}
	}
}

// outcome waits for what became of something; Raft does not always say so when it is
// being shut down.
func outcome(f raft.Future, stop <-chan struct{}) error {
	done := make(chan error, 1)
	go func() { done <- f.Error() }()
	select {
	case err := <-done:
		return err
	case <-stop:
		return ErrStopped
	}
}

// beginTerm waits until an entry of this term is applied: only then does the state hold
// all that was acknowledged before. The entry is an empty one of ours, as the state
// machine doesn't see Raft's barriers, and reads compare indexes with what it has seen.
func (p *Partition) beginTerm() {
	number := p.raft.CurrentTerm()
	if p.proposeNothing() != nil {
		return // lost again; nothing has begun
	}
	servers, err := p.servers()
	if err != nil || p.raft.State() != raft.Leader || p.raft.CurrentTerm() != number {
		return // Raft tells more
	}
	p.mu.RLock()
	taken := make(map[uint64]originState, len(p.origins.byNode))
	for _, st := range p.origins.byNode {
		taken[st.Node] = st
	}
	last := p.lastTime
	next := p.sm.NextUpkeep(true)
	p.mu.RUnlock()
	p.clock.Restart(last)
	p.setPeers(servers)

	t := &p.term
	t.mu.Lock()
	if number < t.number {
		t.mu.Unlock()
		return // somebody has announced a later one meanwhile
	}
	t.number, t.leader, t.lost = number, p.Origin.Node, time.Time{}
	t.ours.Store(number)
	p.lease.begin(number == t.led)
	t.led = number
	t.inFlight, t.taken, t.inbox, t.inboxed = 0, taken, nil, 0
	t.alone.Store(onlyVoter(servers, p.Origin.Node))
	t.leads.Store(true)
	t.mu.Unlock()

	select {
	case t.begun <- struct{}{}:
	default:
	}
	p.announce(number)
	p.upkeep.changed(next)
	p.upkeep.signal()
	p.sendAgain()
	p.Logger.Debug("leads", "partition", p.ID, "term", number)
}

// endTerm notes that this replica does not lead any more. What it proposed may yet be
// applied, or not: the log decides, and what is not is sent again.
func (p *Partition) endTerm() {
	t := &p.term
	t.mu.Lock()
	t.leads.Store(false)
	t.alone.Store(false)
	t.ours.Store(0)
	if t.leader == p.Origin.Node {
		t.leader, t.lost = 0, time.Now()
	}
	t.inFlight, t.taken, t.inbox, t.inboxed = 0, nil, nil, 0
	t.mu.Unlock()
	p.sendAgain() // whoever leads now may have been announced before
	p.Flush()     // who found the partition busy waits for one
}

// announced notes that a node leads a term. Whatever is on its way is sent to it.
func (p *Partition) announced(node, number uint64) {
	t := &p.term
	t.mu.Lock()
	if number < t.number || number == t.number && t.leads.Load() {
		t.mu.Unlock()
		return
	}
	// While this replica still leads an earlier term it is about to hear from Raft that
	// it does not: the announcement may come first, and comes once.
	t.number, t.leader, t.lost = number, node, time.Time{}
	t.mu.Unlock()
	p.sendAgain()
}

// sendAgain hands everything on its way to the leader, from the first part on.
func (p *Partition) sendAgain() {
	p.stream.again()
	p.proposer.free()
	p.queue.poke()
	p.gate.ask()
}

// Leader is the node that leads the partition, as far as this replica knows, and its
// term.
func (p *Partition) Leader() (node, number uint64, known bool) {
	t := &p.term
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.leader, t.number, t.leader != 0
}

// Leads reports whether this replica leads the partition.
func (p *Partition) Leads() bool { return p.term.leads.Load() }

// applied notes that an entry of a term was applied, and reports whether it was one of
// this leader's, so that another one may follow.
func (t *term) applied(number uint64) bool {
	if !t.leads.Load() {
		return false
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if number != t.number || t.inFlight == 0 {
		return false
	}
	t.inFlight--
	return true
}

// take takes a part of another node to be proposed. Only the one that follows what was
// taken before: what is missing in between comes again.
func (t *term) take(from Origin, pt *part, encoded []byte) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if !t.leads.Load() || pt.origin != from {
		return false
	}
	st := t.taken[from.Node]
	if !st.follows(pt.origin, pt.number) {
		return false
	}
	t.taken[from.Node] = originState{pt.origin, pt.number}
	t.inbox = append(t.inbox, encoded)
	t.inboxed += int64(len(encoded))
	return true
}

// fetch takes from the inbox what goes into the next entry: up to max bytes, one part
// at least.
func (t *term) fetch(max int64) (parts [][]byte, bytes int64) {
	t.mu.Lock()
	defer t.mu.Unlock()
	n := 0
	for n < len(t.inbox) && (n == 0 || bytes+int64(len(t.inbox[n])) <= max) {
		bytes += int64(len(t.inbox[n])) + 4
		n++
	}
	parts = t.inbox[:n:n]
	if t.inbox = t.inbox[n:]; len(t.inbox) == 0 {
		t.inbox = nil
	}
	t.inboxed -= bytes - 4*int64(n)
	return parts, bytes
}

// refuseInbox drops what others have sent: it can't be proposed at the moment, and
// comes again.
func (t *term) refuseInbox() {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, encoded := range t.inbox {
		var pt part
		if readPart(encoded, &pt) == nil {
			if st := t.taken[pt.origin.Node]; st.Boot == pt.origin.Boot && st.number >= pt.number {
				st.number = pt.number - 1
				t.taken[pt.origin.Node] = st
			}
		}
	}
	t.inbox, t.inboxed = nil, 0
}
