package replication

import (
	"context"
	"fmt"
	"sync"

	"github.com/hashicorp/raft"

	"github.com/millrace-io/millrace/resp/wire"
)

// Bounds of one entry. A request that is larger than maxEntryBytes goes alone.
const (
	maxEntryBytes    = 1 << 20
	maxEntryRequests = 4096
)

// proposer makes entries of what waits in the queue. With one voter one entry is
// in flight, and the next is proposed when Apply of the one before begins: a
// second one in flight doubles the latency and gains nothing (measured; raft's
// loop chooses at random between committing and the next append).
type proposer struct {
	// window holds a token for each entry that may still be proposed.
	window chan struct{}

	// reqs are taken from the queue and not yet proposed, from the first on.
	reqs     []*Request
	first    int
	woken    []*waiter
	internal []*Request
	told     telling // of what is answered without an entry

	sequence uint64 // of the last part of this origin
	proposal uint64 // of the last entry

	mu       sync.Mutex
	inFlight []*batch // being made, or proposed and not yet applied, oldest first
	free     []*batch
}

func (q *proposer) init() {
	q.window = make(chan struct{}, 1)
	q.window <- struct{}{}
}

// propose is the proposer's goroutine.
func (p *Partition) propose(ctx context.Context) error {
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-p.queue.wake:
		}
		for {
			select {
			case <-ctx.Done():
				return nil
			case <-p.proposer.window:
			}
			if !p.proposeNext() {
				p.proposer.window <- struct{}{}
				break
			}
		}
	}
}

// proposeNext takes what waits and proposes one entry; false: nothing to log.
func (p *Partition) proposeNext() bool {
	q := &p.proposer
	p.refill()
	p.answerHead()
	if q.first == len(q.reqs) && len(q.woken) == 0 && len(q.internal) == 0 {
		return false
	}
	if err := p.Refuse(q.nextSize()); err != nil {
		p.refuse(err)
		return false
	}
	b := p.nextBatch()
	h := header{p.clock.Now(), p.Origin, b.proposal}
	// The future is not waited for: what became of the entry is decided by the
	// log, not by Raft's answer (which says leadership lost for entries that this
	// very node may yet apply).
	p.raft.ApplyLog(raft.Log{Data: appendEntry(h, b.parts)}, 0)
	return true
}

// nextSize is an upper bound of the next entry's size.
func (q *proposer) nextSize() int64 {
	n := int64(maxEntryBytes)
	if q.first < len(q.reqs) {
		n += int64(requestSize(q.reqs[q.first]))
	}
	return n
}

// refill takes everything that was submitted, once the last lot is used up.
func (p *Partition) refill() {
	q := &p.proposer
	if q.first < len(q.reqs) {
		return
	}
	clear(q.reqs)
	var woken []*waiter
	var internal []*Request
	q.reqs, woken, internal = p.queue.take(q.reqs)
	q.first = 0
	q.woken = append(q.woken, woken...)
	q.internal = append(q.internal, internal...)
}

// answerHead answers what needs no place in the log: reads, and requests that
// would change nothing, as long as nothing to be logged stands before them.
func (p *Partition) answerHead() {
	q := &p.proposer
	if q.first == len(q.reqs) || !p.worthALook(q.reqs[q.first]) {
		return
	}
	bytes := int64(0)
	for p.answerRun(&bytes) {
	}
	p.queue.done(bytes)
	p.Flush()
}

// answerRun answers requests at the head until one has to be logged. It reports
// true when it stopped for a long read, and is to be called again.
func (p *Partition) answerRun(bytes *int64) (again bool) {
	q := &p.proposer
	// Apply of the entry before has begun, and holds the lock until it is done.
	p.mu.RLock()
	now := p.clock.Now()
	outcome := ReadDone
	var r *Request
	for q.first < len(q.reqs) {
		r = q.reqs[q.first]
		size := int64(requestSize(r))
		if r.Class == Log && !p.sm.Quiet(r, now) {
			break
		}
		if outcome = p.answer(r, now); outcome == ReadExpired {
			r.log()
			break
		}
		*bytes += size
		q.reqs[q.first] = nil
		q.first++
		if outcome == ReadLong {
			break
		}
	}
	p.upkeep.changed(p.sm.NextUpkeep()) // what reads noted is due some day
	p.mu.RUnlock()
	p.tell(&q.told)
	if outcome != ReadLong {
		return false
	}
	// The view is taken before anything behind the read can be proposed.
	p.readLong(r, p.View(), now)
	return true
}

// worthALook reports whether the head of the queue is looked at before it is
// proposed: a read is, whatever it has to wait for; a request that may prove to
// change nothing only when the state is free.
func (p *Partition) worthALook(r *Request) bool {
	if r.Class == Read {
		return true
	}
	if !p.mu.TryRLock() {
		return false
	}
	defer p.mu.RUnlock()
	return p.sm.Quiet(r, p.clock.Now())
}

// answer runs r as a read.
func (p *Partition) answer(r *Request, now int64) ReadOutcome {
	if r.Exec != nil {
		return p.readExec(r, now, false, &p.proposer.told)
	}
	buf := buffers.get()
	reply, wait, outcome := p.sm.Read(r, now, false, *buf)
	if outcome == ReadDone {
		if wait != nil {
			p.proposer.told.add(nil, r.Caused)
			p.await(r, wait)
		} else {
			p.proposer.told.answer(r, reply)
		}
	}
	buffers.put(buf, reply)
	return outcome
}

// refuse answers everything that waits to be logged with why it can't be.
func (p *Partition) refuse(err error) {
	q := &p.proposer
	text := wire.AppendError(nil, err.Error())
	bytes := int64(0)
	for ; q.first < len(q.reqs); q.first++ {
		r := q.reqs[q.first]
		if r.Class != Log {
			break // the reads behind it are answered in the next round
		}
		bytes += int64(requestSize(r))
		q.reqs[q.first] = nil
		r.To.Fill(text)
	}
	p.queue.done(bytes)
	for _, w := range q.woken {
		p.waits.refuse(w, text)
	}
	for _, r := range q.internal {
		r.To.Fill(text)
	}
	q.woken, q.internal = q.woken[:0], q.internal[:0]
	p.Flush()
	p.queue.poke()
}

// nextBatch makes a batch of the requests at the head of what was taken.
func (p *Partition) nextBatch() *batch {
	q := &p.proposer
	b := q.newBatch()
	for _, r := range q.internal {
		pt := b.newPart()
		pt.kind, pt.reqs = partInternal, append(pt.reqs, r)
	}
	clear(q.internal)
	q.internal = q.internal[:0]
	for _, w := range q.woken {
		b.addWait(p.Origin, w, p.waits.lowestOpen())
	}
	clear(q.woken)
	q.woken = q.woken[:0]
	for n := 0; q.first < len(q.reqs) && n < maxEntryRequests; n++ {
		r := q.reqs[q.first]
		size := int64(requestSize(r))
		if b.bytes > 0 && b.bytes+size > maxEntryBytes {
			break
		}
		b.bytes += size
		b.add(r, p)
		q.reqs[q.first] = nil
		q.first++
		if r.Class == Log {
			p.claimFor(b, r)
		}
	}
	p.queue.done(b.bytes)
	if q.first < len(q.reqs) {
		p.queue.poke()
	}
	return b
}

// claimFor puts the requests of those who wait for the entry that r adds right
// behind r: so waking and delivering cost one commit, not two. Each group's first
// in line is served, as r brings it one entry.
func (p *Partition) claimFor(b *batch, r *Request) {
	if p.waits.none() {
		return
	}
	key, ok := p.sm.Adds(r)
	if !ok {
		return
	}
	for _, w := range p.waits.claimFirst(key) {
		b.addWait(p.Origin, w, p.waits.lowestOpen())
	}
}

// commandName is a request's command for log lines, never its arguments.
func commandName(r *Request) string {
	if len(r.Args) == 0 {
		return ""
	}
	return fmt.Sprintf("%.32q", r.Args[0])
}
