package replication

// batch is the content of one entry, with the reads that ride in it.
type batch struct {
	proposal uint64
	bytes    int64
	parts    []part
}

// newBatch begins an entry, which is on its way from now on.
func (q *proposer) newBatch() *batch {
	q.mu.Lock()
	defer q.mu.Unlock()
	var b *batch
	if n := len(q.free); n > 0 {
		b, q.free = q.free[n-1], q.free[:n-1]
	} else {
		b = &batch{}
	}
	q.proposal++
	b.proposal, b.bytes = q.proposal, 0
	q.inFlight = append(q.inFlight, b)
	return b
}

// add appends r to the batch's last part, or to a new one of the next sequence.
func (b *batch) add(r *Request, p *Partition) {
	if n := len(b.parts); n == 0 || b.parts[n-1].kind != partBatch {
		pt := b.newPart()
		pt.kind, pt.origin = partBatch, p.Origin
	}
	last := &b.parts[len(b.parts)-1]
	last.reqs = append(last.reqs, r)
	if r.Class == Log && last.number == 0 {
		// A part of nothing but reads is not in the log and takes no number.
		p.proposer.sequence++
		last.number = p.proposer.sequence
	}
}

// newPart extends the batch by a part, with the request list of an old one.
func (b *batch) newPart() *part {
	n := len(b.parts)
	if n < cap(b.parts) {
		b.parts = b.parts[:n+1]
		b.parts[n] = part{reqs: b.parts[n].reqs[:0]}
	} else {
		b.parts = append(b.parts, part{})
	}
	return &b.parts[n]
}

func (b *batch) addWait(o Origin, w *waiter, lowest uint64) {
	pt := b.newPart()
	pt.kind, pt.origin, pt.number, pt.lowest = partWait, o, w.number, lowest
	pt.reqs = append(pt.reqs, &w.again)
	pt.waiter = w
}

// takeInFlight returns the batch of an entry that this process proposed, nil when
// it is not in flight.
func (q *proposer) takeInFlight(proposal uint64) *batch {
	q.mu.Lock()
	defer q.mu.Unlock()
	for i, b := range q.inFlight {
		if b.proposal == proposal {
			q.inFlight = append(q.inFlight[:i], q.inFlight[i+1:]...)
			return b
		}
	}
	return nil
}

// recycle keeps an applied batch for the next one.
func (q *proposer) recycle(b *batch) {
	for i := range b.parts {
		clear(b.parts[i].reqs)
		b.parts[i].waiter = nil
	}
	b.parts = b.parts[:0]
	q.mu.Lock()
	q.free = append(q.free, b)
	q.mu.Unlock()
}

// busy reports that as many entries are on their way as the window lets through. The
// tokens in it don't tell: one is also out while the proposer only looks whether
// there is anything to propose, and then no entry brings a flush.
func (q *proposer) busy() bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	return len(q.inFlight) >= cap(q.window)
}
