package replication

import (
	"context"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/millrace-io/millrace/internal/broken"
)

// gate is where reads wait, with several voters, until this replica has applied all
// that was acknowledged before they came: the leader is asked how far that is, and
// proves for the answer that it still leads. All reads that came until then share a
// question.
//
// A connection's reads and changes run in their order: when the proposer makes a part
// of this origin's stream, whatever waits here is taken along, to be read at the part's
// place in the log.
type gate struct {
	poke chan struct{} // holds a token when there is something to do; never closed
	// wanted is the index that the apply goroutine is to tell of, 0 for none.
	wanted atomic.Uint64
	soon   atomic.Bool // there is something in local
	// changing is the size of what is here and may have to be logged, until it is answered or
	// in a part: local reads behind it wait, and it takes room in the next part.
	changing atomic.Int64

	// run is held while reads that may go are answered: the proposer waits for that.
	run sync.Mutex

	mu        sync.Mutex // covers what follows
	local     []*Request // wait for nothing but the state's lock
	waiting   round      // what has come since the question under way
	asking    *round     // the one that the leader was asked about, nil for none
	due       []*round   // answered: they wait for this replica to apply
	returned  []*Request // have to be logged; before everything that waits
	questions []question // of other nodes, and 0 for its own, to be answered by this leader
	last      uint64     // number of the last question
}

// round is the reads that share a question.
type round struct {
	reqs  []*Request
	marks []chan struct{} // closed when reads might run
	after uint64          // the part of this origin that must have been applied
	came  time.Time       // when the first of them did
	first uint64          // of the questions, and the newest
	id    uint64
	asked time.Time
	index uint64 // the answer
}

// question is how another node asks.
type question struct{ node, id uint64 }

// askAgain is how long an answer is waited for.
const askAgain = 300 * time.Millisecond

func (g *gate) init() { g.poke = make(chan struct{}, 1) }

func (g *gate) ask() {
	select {
	case g.poke <- struct{}{}:
	default:
	}
}

// add puts reads in line. after is the number of the newest part of this origin.
func (g *gate) add(reqs []*Request, after uint64) {
	g.mu.Lock()
	if len(g.waiting.reqs) == 0 {
		g.waiting.came = time.Now()
	}
	g.waiting.reqs = append(g.waiting.reqs, reqs...)
	g.waiting.after = after
	g.mu.Unlock()
	g.ask()
}

// mark returns a channel that is closed when a read that came now might run.
func (g *gate) mark() <-chan struct{} {
	c := make(chan struct{})
	g.mu.Lock()
	g.waiting.marks = append(g.waiting.marks, c)
	g.mu.Unlock()
	g.ask()
	return c
}

// takeAlong gives everything that waits to the proposer, appended to reqs in the order
// in which it came. What only seemed to need no entry is logged then.
func (g *gate) takeAlong(reqs []*Request) []*Request {
	g.run.Lock()
	defer g.run.Unlock()
	g.mu.Lock()
	defer g.mu.Unlock()
	before := len(reqs)
	reqs = append(reqs, g.returned...)
	g.returned = nil
	for _, r := range g.due {
		reqs = append(reqs, r.reqs...)
		r.reqs = nil
	}
	if g.asking != nil {
		reqs = append(reqs, g.asking.reqs...)
		g.asking.reqs = nil
	}
	reqs = append(reqs, g.waiting.reqs...)
	clear(g.waiting.reqs)
	g.waiting.reqs = g.waiting.reqs[:0]
	for _, r := range reqs {
		if r.quiet {
			r.log()
		}
	}
	g.changing.Add(-mayLog(reqs[before:]))
	return reqs
}

// mayLog is the size of what may have to be logged of these.
func mayLog(reqs []*Request) (bytes int64) {
	for _, r := range reqs {
		if r.quiet || r.Class == Log {
			bytes += int64(requestSize(r))
		}
	}
	return bytes
}

// takeReturned gives what has to be logged, and stands behind that, to the proposer.
func (g *gate) takeReturned() []*Request {
	g.mu.Lock()
	defer g.mu.Unlock()
	reqs := g.returned
	g.returned = nil
	g.changing.Add(-mayLog(reqs))
	return reqs
}

// mustLog reports whether something here has to be logged.
func (g *gate) mustLog() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return len(g.returned) > 0
}

// empty reports that no read waits here.
func (g *gate) empty() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	if len(g.returned) > 0 || len(g.waiting.reqs) > 0 || g.asking != nil && len(g.asking.reqs) > 0 {
		return false
	}
	return !slices.ContainsFunc(g.due, func(r *round) bool { return len(r.reqs) > 0 })
}

func (g *gate) asked(q question) {
	g.mu.Lock()
	g.questions = append(g.questions, q)
	g.mu.Unlock()
	g.ask()
}

// answered takes the leader's answer, to the newest question or, when answers take long,
// one before it; index 0 says that it does not lead.
func (g *gate) answered(id, index uint64) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.asking == nil || g.asking.first == 0 || id < g.asking.first {
		return
	}
	if index == 0 && id != g.asking.id {
		return
	}
	if index == 0 {
		g.asking.id = 0 // to be asked again, when somebody leads
		return
	}
	g.asking.index = index
	g.due = append(g.due, g.asking)
	g.asking = nil
	g.ask()
}

// runGate is the goroutine that asks, answers and lets reads run.
func (p *Partition) runGate(ctx context.Context) {
	g := &p.gate
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-g.poke:
		case <-timer.C:
		}
		p.answerLocal()
		p.askLeader()
		p.answerQuestions()
		p.answerDue()
		if g.pending() {
			timer.Reset(askAgain)
		} else {
			timer.Stop()
		}
	}
}

// pending reports whether anything is to be tried again though nobody pokes.
func (g *gate) pending() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.asking != nil || len(g.due) > 0 || len(g.waiting.reqs) > 0 || len(g.waiting.marks) > 0
}

// askLeader asks for those who wait, one question at a time.
func (p *Partition) askLeader() {
	leader, _, known := p.Leader()
	g := &p.gate
	if broken.Is(broken.ReadWithoutBarrier) {
		defer func() { g.answered(g.last, p.Applied()) }()
		known = true
	}
	g.mu.Lock()
	if g.asking == nil && (len(g.waiting.reqs) > 0 || len(g.waiting.marks) > 0) {
		r := g.waiting
		g.waiting = round{}
		g.asking = &r
	}
	r := g.asking
	now := time.Now()
	if r == nil || !known || r.id != 0 && now.Sub(r.asked) < askAgain {
		g.mu.Unlock()
		return
	}
	g.last++
	r.id, r.asked = g.last, now
	if r.first == 0 {
		r.first = r.id
	}
	id := r.id
	if leader == p.Origin.Node {
		g.questions = append(g.questions, question{leader, id})
	}
	g.mu.Unlock()
	if leader != p.Origin.Node && !p.sendTo(leader, msgAsk, id) {
		g.answered(id, 0)
	}
}

// answerQuestions answers all questions that have come by one proof that this replica
// still leads.
func (p *Partition) answerQuestions() {
	g := &p.gate
	g.mu.Lock()
	questions := g.questions
	g.questions = nil
	g.mu.Unlock()
	if len(questions) == 0 {
		return
	}
	index := p.readIndex()
	for _, q := range questions {
		if q.node == p.Origin.Node {
			g.answered(q.id, index)
		} else {
			p.sendTo(q.node, msgAnswer, q.id, index)
		}
	}
}

// readIndex is how far a read that has come by now must see, 0 when this replica does
// not lead.
func (p *Partition) readIndex() uint64 {
	if !p.term.leads.Load() {
		return 0
	}
	index := p.raft.CommitIndex()
	if p.term.alone.Load() {
		return index
	}
	if p.leased() {
		return index
	}
	asked := p.Elapsed()
	if outcome(p.raft.VerifyLeader(), p.stop) != nil {
		return 0
	}
	p.lease.renew(asked, p.ElectionTimeout/2)
	return index
}

// answerDue runs the reads that see all they must.
func (p *Partition) answerDue() {
	g := &p.gate
	g.run.Lock()
	defer g.run.Unlock()
	for {
		r := p.nextDue()
		if r == nil {
			return
		}
		for _, c := range r.marks {
			close(c)
		}
		here := mayLog(r.reqs) // before they are answered: then they are their clients' again
		if back := p.answerRound(r.reqs); len(back) > 0 {
			here -= mayLog(back)
			g.mu.Lock()
			g.returned = append(g.returned, back...)
			g.mu.Unlock()
			p.queue.poke()
		}
		g.changing.Add(-here)
		p.Flush()
	}
}

// nextDue returns the next round that may run. When there is one that may not yet, the
// apply goroutine is told first what is waited for, and then the state is looked at: so
// nothing is missed.
func (p *Partition) nextDue() *round {
	g := &p.gate
	g.mu.Lock()
	defer g.mu.Unlock()
	if len(g.due) == 0 {
		g.wanted.Store(0)
		return nil
	}
	r := g.due[0]
	g.wanted.Store(r.index)
	if p.Applied() < r.index || p.stream.seen() < r.after || len(g.returned) > 0 && len(r.reqs) > 0 {
		return nil
	}
	g.due = g.due[1:]
	return r
}

// answerRound runs reads in their order. From one on that has to be logged, all are
// returned.
func (p *Partition) answerRound(reqs []*Request) (back []*Request) {
	var told telling
	for i, r := range reqs {
		p.mu.RLock()
		now := p.now()
		outcome := p.answer(r, now, false, &told)
		p.lookWhenDue() // as in answerRun
		p.mu.RUnlock()
		switch outcome {
		case ReadExpired:
			r.log()
			back = reqs[i:]
		case ReadLong:
			p.readLong(r, p.View(), now)
		}
		if back != nil {
			break
		}
	}
	p.tell(&told)
	return back
}

// overdue takes out the reads that came before a time and have no answer from a leader.
func (g *gate) overdue(before time.Time) (reqs []*Request) {
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, r := range []*round{g.asking, &g.waiting} {
		if r != nil && r.came.Before(before) {
			reqs = append(reqs, r.reqs...)
			r.reqs = nil
		}
	}
	g.changing.Add(-mayLog(reqs))
	return reqs
}
