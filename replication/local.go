package replication

// Reads that this replica may answer from its state as it is need nobody: they are
// answered at once, or, when the state is busy or the reply is long, by the gate's
// goroutine as soon as they have the lock.

// local reports whether this replica may answer a read as it stands, though it may be
// behind. What would be logged if it changed something is none of these.
func (p *Partition) local(r *Request) bool {
	return p.ready.Load() && !r.quiet && !r.Peek && (r.Local || p.ReadsFrom != nil && p.ReadsFrom() == ReadsLocal)
}

// readSoon has a local read answered.
func (p *Partition) readSoon(r *Request) {
	g := &p.gate
	g.mu.Lock()
	g.local = append(g.local, r)
	g.mu.Unlock()
	g.soon.Store(true)
	g.ask()
}

// answerLocal answers local reads. The proposer calls it, too, before it makes a part:
// what a connection reads must not see what it changes behind that.
func (p *Partition) answerLocal() {
	g := &p.gate
	if !g.soon.Load() {
		return // whoever has taken them holds run until they are answered
	}
	g.run.Lock()
	defer g.run.Unlock()
	g.mu.Lock()
	g.soon.Store(false)
	reqs := g.local
	g.local = nil
	g.mu.Unlock()
	var told telling
	for _, r := range reqs {
		p.mu.RLock()
		now := p.now()
		outcome := p.answer(r, now, true, &told)
		p.mu.RUnlock()
		if outcome == ReadLong {
			p.readLong(r, p.View(), now)
		}
	}
	p.tell(&told)
	p.Flush()
}

// addReads puts reads in line. With nothing of this origin on its way, or at the gate, that
// they might have to see, local ones need not ask anybody.
func (p *Partition) addReads(reqs []*Request) {
	newest := p.stream.newest()
	idle := p.stream.seen() == newest && p.gate.changing.Load() == 0
	var ask []*Request
	for _, r := range reqs {
		if idle && p.local(r) {
			p.readSoon(r)
		} else {
			ask = append(ask, r)
		}
	}
	if len(ask) > 0 {
		p.gate.add(ask, newest)
	}
}

// refuseReads answers reads of which nobody can say how far they must see: local ones
// from the state, others with why.
func (p *Partition) refuseReads(reqs []*Request, text []byte) {
	for _, r := range reqs {
		if r.Class == Read && p.local(r) {
			p.readSoon(r)
		} else {
			r.To.Fill(text)
		}
	}
}
