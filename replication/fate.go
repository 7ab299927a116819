//lint:file-ignore ST1005 Clients compare these texts.
package replication

import (
	"bytes"
	"context"
	"errors"
	"time"

	"github.com/millrace-io/millrace/resp/wire"
)

// defaultGiveUp is how long a request may stay without an outcome.
const defaultGiveUp = 10 * time.Second

// sendAgainAfter is how long a part may stay without being applied before it is sent to
// the leader once more: the leader may have had no room for it.
const sendAgainAfter = time.Second

const fateCheck = 250 * time.Millisecond

// errUncertain is what a client gets whose request was sent to a leader, when nobody can
// say in time whether it is in the log.
var errUncertain = errors.New("UNCERTAIN no leader could be reached in time: the command may have been carried out, or may yet be")

// IsUncertain reports whether a reply leaves open whether the request was carried out.
func IsUncertain(reply []byte) bool { return bytes.HasPrefix(reply, []byte("-UNCERTAIN ")) }

// errDown is what a client gets whose request was sent to nobody, or only reads: then
// there is nothing that may yet be carried out.
var errDown = errors.New("CLUSTERDOWN The cluster is down")

// runFate is the goroutine that looks after requests whose outcome takes long. The log
// decides what becomes of them; this is about telling their clients.
func (p *Partition) runFate(ctx context.Context) {
	tick := time.NewTicker(fateCheck)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case now := <-tick.C:
			p.lookAtFate(now)
		}
	}
}

func (p *Partition) lookAtFate(now time.Time) {
	if p.term.alone.Load() {
		p.stuck.Store(false)
		return
	}
	p.lookForLeader(now)
	p.lookAtRoom(now)
	if reqs := p.gate.overdue(now.Add(-p.GiveUp)); len(reqs) > 0 {
		p.refuseReads(reqs, wire.AppendError(nil, errDown.Error()))
		p.Flush()
	}
	oldest, waits := p.stream.oldest()
	p.stuck.Store(p.down(now) || p.noRoom() != nil || waits && now.Sub(oldest) > p.GiveUp)
	if p.stuck.Load() {
		p.queue.poke() // the proposer refuses what waits
		p.proposer.free()
	}
	if !waits {
		return
	}
	if now.Sub(oldest) > p.GiveUp {
		p.giveUp(p.stream.abandon(now.Add(-p.GiveUp)))
	}
	if !p.term.leads.Load() && now.Sub(oldest) > sendAgainAfter {
		p.stream.again()
		p.proposer.free()
		p.queue.poke()
	}
}

// lookForLeader holds what was announced against what Raft knows: an announcement may be
// lost, and nobody announces that a leader is gone.
func (p *Partition) lookForLeader(now time.Time) {
	number := p.raft.CurrentTerm()
	_, id := p.raft.LeaderWithID()
	if number != p.raft.CurrentTerm() {
		return // it was of one term or the other
	}
	node, known := nodeOf(id)
	t := &p.term
	t.mu.Lock()
	news := known && node != p.Origin.Node && (t.number < number || t.number == number && t.leader == 0)
	if !known && !t.leads.Load() && t.leader != 0 {
		t.leader, t.lost = 0, now
	}
	t.mu.Unlock()
	if news {
		p.announced(node, number)
	}
}

// down reports whether no leader has been known for too long.
func (p *Partition) down(now time.Time) bool {
	t := &p.term
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.leader == 0 && now.Sub(t.lost) > p.GiveUp
}

// refuseStuck answers what waits when there has been no leader for too long, nobody has
// room for it, or the leader does not take what was sent before: nothing of it was sent
// to anybody. Reads can't be answered only when there is no leader.
func (p *Partition) refuseStuck() {
	switch full := p.noRoom(); {
	case !p.something() && p.gate.empty():
	case p.down(time.Now()):
		p.refuseAll(errDown)
	case !p.something():
	case full != nil:
		p.refuse(full)
	default:
		// stuck may be as old as fateCheck: what stood in the way may be gone.
		if oldest, waits := p.stream.oldest(); waits && time.Since(oldest) > p.GiveUp {
			p.refuse(errDown)
		} else {
			p.stuck.Store(false)
		}
	}
}

// giveUp tells the clients of requests that nobody knows what became of them; those that
// only read were not run. The parts stay on their way, so that the numbers of the stream
// have no gap.
func (p *Partition) giveUp(reqs []*Request) {
	if len(reqs) == 0 {
		return
	}
	unknown, down := wire.AppendError(nil, errUncertain.Error()), wire.AppendError(nil, errDown.Error())
	changes := 0
	for _, r := range reqs {
		switch {
		case r.Class == Read && !r.Woken && p.local(r):
			p.readSoon(r)
		case r.looks():
			p.answerLost(r, down)
		default:
			p.answerLost(r, unknown)
			changes++
		}
	}
	p.gate.ask() // reads need not wait for them any more
	if changes > 0 {
		p.Logger.Warn("gave commands up without knowing their outcome", "partition", p.ID, "commands", changes)
	}
	p.Flush()
}

// answerLost answers a request whose reply nobody has.
func (p *Partition) answerLost(r *Request, text []byte) {
	switch {
	case r.Woken && r.waiter != nil:
		p.waits.refuse(r.waiter, text)
	case r.To != nil:
		for _, c := range r.Exec {
			c.To.Fill(text)
		}
		r.To.Fill(text)
	}
}

// restored follows after the state was replaced by a leader's snapshot. What of this
// origin is in it was done, with replies that nobody has; whoever waits looks again.
func (p *Partition) restored(seen originState) {
	if seen.Boot == p.Origin.Boot {
		var reqs []*Request
		for _, pt := range p.stream.upTo(seen.number) {
			reqs = append(reqs, pt.reqs...)
		}
		p.giveUp(reqs)
	}
	p.proposer.free()
	p.gate.ask()
	p.serveReady(p.waits.keys(nil))
	p.Flush()
}
