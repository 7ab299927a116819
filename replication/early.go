package replication

// applyEarly is a bug on purpose (broken.ReplyBeforeCommit): a leader runs its own part, and
// answers, before anybody has it in his log.
func (p *Partition) applyEarly(own *part) {
	p.mu.Lock()
	p.origins.next(own.origin, own.number)
	p.stream.applied(own.number)
	a := &application{p: p, told: new(telling), time: p.lastTime, index: p.applied}
	a.runAll(own.reqs)
	p.mu.Unlock()
	p.tell(a.told)
	p.Flush()
}
