package replication

import (
	"context"
	"fmt"
	"time"

	"github.com/hashicorp/raft"

	"github.com/millrace-io/millrace/internal/broken"
	"github.com/millrace-io/millrace/resp/wire"
)

// Bounds of one entry, and of one part. A request that is larger than maxEntryBytes
// goes alone.
const (
	maxEntryBytes    = 1 << 20
	maxEntryRequests = 4096
)

// How many entries of a leader, or parts of an origin elsewhere, may be on their way.
// With one voter it is one entry, and the next is proposed when Apply of the one before
// begins: a second one in flight doubles the latency and gains nothing (measured;
// raft's loop chooses at random between committing and the next append).
const (
	windowAlone   = 1
	windowLeading = 2
	windowForward = 4
)

// proposer makes parts of what waits in the queue, and takes them to the log: a leader
// into entries of its own, together with what other nodes sent; others by way of the
// leader. It is a goroutine; what is not said to be otherwise belongs to it.
type proposer struct {
	// freed holds a token when an entry or a part may have made room; never closed.
	freed chan struct{}

	// reqs are taken from the queue and not yet in a part, from the first on.
	reqs     []*Request
	first    int
	woken    []*waiter
	internal []*Request
	told     telling // of what is answered without an entry
	buf      []byte  // of a part that is sent
}

func (q *proposer) init() { q.freed = make(chan struct{}, 1) }

func (q *proposer) free() {
	select {
	case q.freed <- struct{}{}:
	default:
	}
}

// propose is the proposer's goroutine.
func (p *Partition) propose(ctx context.Context) error {
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-p.queue.wake:
		}
		for more := true; more; {
			for p.full() && !p.stuck.Load() {
				select {
				case <-ctx.Done():
					return nil
				case <-p.proposer.freed:
				}
			}
			more = p.proposeNext()
		}
	}
}

// full reports that as much is on its way as may be.
func (p *Partition) full() bool {
	t := &p.term
	if t.leads.Load() {
		if p.transfer.held.Load() {
			return true
		}
		t.mu.Lock()
		defer t.mu.Unlock()
		if t.alone.Load() {
			return t.inFlight >= windowAlone
		}
		return t.inFlight >= windowLeading
	}
	n, sent := p.stream.length()
	return sent && n >= windowForward
}

// proposeNext takes what waits on its way to the log; false: there is nothing that could
// go now.
func (p *Partition) proposeNext() bool {
	p.refill()
	if p.term.alone.Load() && p.gate.empty() {
		p.answerHead()
	} else {
		p.askHead()
	}
	p.refuseTooLarge()
	if p.stuck.Load() {
		p.refuseStuck()
	}
	round := p.stream.present()
	switch leader, _, known := p.Leader(); {
	case p.term.leads.Load():
		return p.proposeEntry(round)
	case known && leader != p.Origin.Node:
		return p.forward(leader, round)
	}
	return false
}

// something reports whether there is anything to make a part of.
func (p *Partition) something() bool {
	q := &p.proposer
	return q.first < len(q.reqs) || len(q.woken) > 0 || len(q.internal) > 0 || p.gate.mustLog()
}

// proposeEntry makes an entry of what was sent before and may be lost, what waits here,
// and what others have sent. While leadership is handed over it makes none.
func (p *Partition) proposeEntry(round uint64) bool {
	p.transfer.proposing.Lock()
	defer p.transfer.proposing.Unlock()
	if p.transfer.held.Load() {
		return false
	}
	var again [][]byte
	bytes := int64(0)
	p.proposer.buf = p.stream.unsent(p.proposer.buf, round, func(encoded []byte) bool {
		if bytes > 0 && bytes+int64(len(encoded)) > maxEntryBytes {
			return false
		}
		bytes += int64(len(encoded)) + 4
		again = append(again, append([]byte(nil), encoded...))
		return true
	})
	var own *part
	if _, sent := p.stream.length(); sent && p.something() {
		if err := p.refusal(p.proposer.nextSize() + p.gate.changing.Load() + bytes); err != nil {
			p.refuse(err)
		} else {
			own = p.nextPart()
			bytes += own.bytes
		}
	}
	others, othersBytes := p.fetch(maxEntryBytes - bytes)
	if len(again) == 0 && own == nil && len(others) == 0 {
		return false
	}
	size := headerSize + int(bytes+othersBytes)
	if own != nil {
		size += partSize(own)
	}
	b := appendHeader(make([]byte, 0, size), p.clock.Now())
	for _, encoded := range again {
		b = appendRaw(b, encoded)
	}
	if own != nil {
		b = p.stream.propose(b, own, time.Now(), round)
		if broken.Is(broken.ReplyBeforeCommit) {
			p.applyEarly(own)
		}
	}
	for _, encoded := range others {
		b = appendRaw(b, encoded)
	}
	p.term.mu.Lock()
	p.term.inFlight++
	p.term.mu.Unlock()
	// The future is not waited for: what became of the entry is decided by the
	// log, not by Raft's answer (which says leadership lost for entries that this
	// very node may yet apply).
	p.raft.ApplyLog(raft.Log{Data: b}, 0)
	return true
}

// fetch takes what others have sent, unless the log has no room for it: then it comes
// again.
func (p *Partition) fetch(room int64) ([][]byte, int64) {
	t := &p.term
	t.mu.Lock()
	waiting := t.inboxed
	t.mu.Unlock()
	if waiting == 0 {
		return nil, 0
	}
	if p.refusal(waiting) != nil {
		t.refuseInbox()
		return nil, 0
	}
	return t.fetch(room)
}

// forward sends parts to the leader.
func (p *Partition) forward(leader, round uint64) bool {
	send := func(encoded []byte) bool { return p.Send != nil && p.Send(leader, []byte{msgPart}, encoded) }
	q := &p.proposer
	q.buf = p.stream.unsent(q.buf, round, send)
	n, sent := p.stream.length()
	if !sent || !p.something() {
		return false
	}
	if n >= windowForward {
		return true // to wait until one of them is applied
	}
	if err := p.refusal(q.nextSize() + p.gate.changing.Load()); err != nil {
		p.refuse(err)
		return false
	}
	p.stream.add(p.nextPart(), time.Now())
	q.buf = p.stream.unsent(q.buf, round, send)
	if cap(q.buf) > 4*maxEntryBytes {
		q.buf = nil
	}
	return true
}

// nextSize is an upper bound of the next part's size.
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

// refuse answers everything that waits to be logged with why it can't be. Reads among
// it go their own way.
func (p *Partition) refuse(err error) {
	text := wire.AppendError(nil, err.Error())
	var reads []*Request
	for _, r := range p.gate.takeReturned() {
		if r.Class == Read {
			reads = append(reads, r)
		} else {
			r.To.Fill(text)
		}
	}
	p.refuseQueue(text, func(r *Request) bool {
		if p.term.alone.Load() && p.gate.empty() {
			return false // reads are answered at the head of the queue, in the next round
		}
		reads = append(reads, r)
		return true
	})
	p.addReads(reads)
}

// refuseAll answers all that waits, reads as well.
func (p *Partition) refuseAll(err error) {
	text := wire.AppendError(nil, err.Error())
	p.refuseReads(p.gate.takeAlong(nil), text)
	p.refuseQueue(text, func(r *Request) bool {
		p.refuseReads([]*Request{r}, text)
		return true
	})
}

// refuseQueue refuses what waits to be logged, and hands reads to a function until that
// reports false.
func (p *Partition) refuseQueue(text []byte, read func(*Request) bool) {
	q := &p.proposer
	bytes := int64(0)
	for ; q.first < len(q.reqs); q.first++ {
		r := q.reqs[q.first]
		size := int64(requestSize(r)) // the request is its client's again once it is answered
		if r.Class == Log {
			r.To.Fill(text)
		} else if !read(r) {
			break
		}
		bytes += size
		q.reqs[q.first] = nil
	}
	p.queue.done(bytes)
	for _, w := range q.woken {
		p.waits.refuse(w, text)
	}
	for _, r := range q.internal {
		r.To.Fill(text)
	}
	clear(q.woken)
	clear(q.internal)
	q.woken, q.internal = q.woken[:0], q.internal[:0]
	p.Flush()
	p.queue.poke()
}

// nextPart makes a part of what waits at the head.
func (p *Partition) nextPart() *part {
	q := &p.proposer
	pt := p.stream.newPart()
	pt.reqs = append(pt.reqs, q.internal...)
	clear(q.internal)
	q.internal = q.internal[:0]
	for _, w := range q.woken {
		pt.reqs = append(pt.reqs, &w.again)
	}
	clear(q.woken)
	q.woken = q.woken[:0]
	p.answerLocal()
	pt.reqs = p.gate.takeAlong(pt.reqs) // of a lone voter, too: it may have had company
	taken := int64(0)
	for n := 0; q.first < len(q.reqs) && n < maxEntryRequests; n++ {
		r := q.reqs[q.first]
		size := int64(requestSize(r))
		if taken > 0 && taken+size > maxEntryBytes {
			break
		}
		taken += size
		pt.reqs = append(pt.reqs, r)
		q.reqs[q.first] = nil
		q.first++
		if r.Class == Log {
			p.claimFor(pt, r)
		}
	}
	pt.bytes = taken
	p.queue.done(taken)
	if q.first < len(q.reqs) {
		p.queue.poke()
	}
	return pt
}

// claimFor puts the requests of those who wait for the entry that r adds right
// behind r: so waking and delivering cost one commit, not two. Each group's first
// in line is served, as r brings it one entry.
func (p *Partition) claimFor(pt *part, r *Request) {
	if p.waits.none() {
		return
	}
	key, ok := p.sm.Adds(r)
	if !ok {
		return
	}
	for _, w := range p.waits.claimFirst(key) {
		pt.reqs = append(pt.reqs, &w.again)
	}
}

// commandName is a request's command for log lines, never its arguments.
func commandName(r *Request) string {
	if len(r.Args) == 0 {
		return ""
	}
	return fmt.Sprintf("%.32q", r.Args[0])
}
