package replication

import "slices"

// answerHead answers what needs no place in the log: reads, and requests that
// would change nothing, as long as nothing to be logged stands before them. It is for
// the only voter, whose own state is all there is.
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
		if outcome = p.answer(r, now, false, &q.told); outcome == ReadExpired {
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
	p.upkeep.changed(p.sm.NextUpkeep(true)) // what reads noted is due some day
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

// answer runs r as a read; for a riding one a key past its deadline is missing.
func (p *Partition) answer(r *Request, now int64, riding bool, told *telling) ReadOutcome {
	if r.Exec != nil {
		return p.readExec(r, now, riding, told)
	}
	if (r.Peek || r.quiet) && !p.sm.Quiet(r, now) {
		if r.quiet {
			return ReadExpired
		}
		told.answer(r, []byte(Peeked))
		return ReadDone
	}
	buf := buffers.get()
	reply, wait, outcome := p.sm.Read(r, now, riding, *buf)
	if outcome == ReadDone {
		if wait != nil {
			told.add(nil, r.Caused)
			p.await(r, wait)
		} else {
			told.answer(r, reply)
		}
	}
	buffers.put(buf, reply)
	return outcome
}

// askHead sends reads to the gate when nothing to be logged waits. Otherwise they go
// along with that.
func (p *Partition) askHead() {
	q := &p.proposer
	reqs := q.reqs[q.first:]
	if len(reqs) == 0 || !p.needNoEntry(reqs) {
		return
	}
	bytes := int64(0)
	for _, r := range reqs {
		size := int64(requestSize(r))
		if r.Class == Log {
			r.Class, r.quiet = Read, true
			p.gate.changing.Add(size)
		}
		bytes += size
	}
	p.addReads(reqs)
	clear(q.reqs[q.first:])
	q.first = len(q.reqs)
	p.queue.done(bytes)
}

// needNoEntry reports whether all of these are reads, or would change nothing as far as
// this replica knows: whether that is so is seen behind the gate, where it knows all that
// it must. While something of this origin is on its way the state is about to change, and
// the next part takes along what waits: so that is never more than an entry has.
func (p *Partition) needNoEntry(reqs []*Request) bool {
	if !slices.ContainsFunc(reqs, func(r *Request) bool { return r.Class == Log }) {
		return true
	}
	if n, _ := p.stream.length(); n > 0 || p.gate.changing.Load()+mayLog(reqs) > maxEntryBytes || !p.mu.TryRLock() {
		return false
	}
	defer p.mu.RUnlock()
	now := p.now()
	return !slices.ContainsFunc(reqs, func(r *Request) bool { return r.Class == Log && !p.sm.Quiet(r, now) })
}
