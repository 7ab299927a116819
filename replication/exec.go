package replication

import "github.com/millrace-io/millrace/resp/wire"

// runExec runs a transaction at its place in the log: all of its commands, or none
// when a watched key has changed. A command that fails does not undo the others.
func (a *application) runExec(r *Request) {
	if !a.p.watchesHold(r, a.time) {
		if r.To != nil {
			r.To.Fill(wire.AppendNullArray(a.p.scratch.reply[:0], r.Proto))
		}
		return
	}
	begin := len(a.told.list)
	a.exec = r
	for i := 0; i < len(r.Exec); {
		i = a.runFrom(r.Exec, i)
	}
	a.exec = nil
	a.told.answerExec(r.To, begin, wire.AppendSimple(a.p.scratch.reply[:0], "OK"))
}

// watchesHold reports whether every watched key is as its client saw it.
func (p *Partition) watchesHold(r *Request, timeMs int64) bool {
	for i := range r.Watch {
		if !p.sm.Unchanged(&r.Watch[i], timeMs) {
			return false
		}
	}
	return true
}

// readExec runs a transaction of nothing but reads, without logging it. ReadExpired
// means that it is to be logged, and nothing was filled. A long read builds its
// reply at once: a transaction is one moment.
func (p *Partition) readExec(r *Request, timeMs int64, riding bool, t *telling) ReadOutcome {
	if !p.watchesHold(r, timeMs) {
		r.To.Fill(wire.AppendNullArray(nil, r.Proto))
		return ReadDone
	}
	replies := make([][]byte, len(r.Exec))
	for i, c := range r.Exec {
		reply, _, outcome := p.sm.Read(c, timeMs, riding, nil)
		if outcome == ReadExpired {
			return outcome
		}
		replies[i] = reply
	}
	begin := len(t.list)
	for i, c := range r.Exec {
		t.add(r.To, c.Caused)
		c.To.Fill(replies[i])
	}
	t.answerExec(r.To, begin, wire.AppendSimple(nil, "OK"))
	return ReadDone
}
