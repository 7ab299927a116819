package replication

import (
	"fmt"
	"runtime/debug"
	"time"

	"github.com/hashicorp/raft"

	"github.com/millrace-io/millrace/blocking"
	"github.com/millrace-io/millrace/resp/wire"
)

// slowApply is how long one entry may take to apply before it is logged.
const slowApply = 5 * time.Millisecond

// slowApplyEvery is the least time between two such lines.
const slowApplyEvery = 10 * time.Second

const internalError = "ERR internal error"

// applyScratch is what the apply goroutine uses again for every entry.
type applyScratch struct {
	part   part
	reply  []byte
	ready  []blocking.Key
	told   telling
	warned time.Time // when a slow entry was last logged
}

// apply runs one committed entry. Raft calls it on its own goroutine, in order.
func (p *Partition) apply(l *raft.Log) {
	started := time.Now()
	entry, err := readEntry(l.Data)
	if err != nil {
		panic(fmt.Sprintf("partition %s, index %d: %v", p.ID, l.Index, err))
	}
	p.nudgeOthers(l)
	p.mu.Lock()
	if len(entry.rest) > 0 && p.term.applied(l.Term) { // else it is one of proposeNothing
		p.proposer.free()
	}
	p.applied = l.Index
	// A leader that proposes without knowing that it was not one meanwhile may have a
	// time that is over.
	p.lastTime = max(entry.time, p.lastTime)
	p.sm.Begin(l.Index, p.lastTime)
	a := &application{p: p, told: &p.scratch.told, time: p.lastTime, index: l.Index}
	a.run(entry)
	keys, all := p.sm.Ready()
	ready := append(append(p.scratch.ready[:0], keys...), a.again...)
	p.shown.Store(l.Index)
	p.mu.Unlock()

	p.tell(a.told)
	if all {
		ready = p.waits.keys(ready[:0])
	}
	p.serveReady(ready)
	p.scratch.ready = ready[:0]
	p.Flush()
	if wanted := p.gate.wanted.Load(); wanted > 0 && l.Index >= wanted {
		p.gate.ask()
	}
	p.mu.RLock() // Rebuild may be at the state by now
	p.lookWhenDue()
	p.mu.RUnlock()
	if took := time.Since(started); took > slowApply && p.ready.Load() && started.Sub(p.scratch.warned) > slowApplyEvery {
		p.scratch.warned = started
		p.Logger.Warn("slow entry", "partition", p.ID, "index", l.Index, "took", took, "bytes", len(l.Data))
	}
}

// application is one entry being applied.
type application struct {
	p       *Partition
	told    *telling
	exec    *Request // the transaction whose commands are being run
	time    int64
	index   uint64
	ordinal uint32
	again   []blocking.Key // of waiters that were served: the next in line may be, too
}

// run runs the entry's parts: of a part of this origin's stream the requests that the
// stream has, with the reads among them; of others what the entry holds.
func (a *application) run(entry *entryReader) {
	pt := &a.p.scratch.part
	for {
		more, err := entry.next(pt)
		if err == nil && more {
			err = a.runPart(pt)
		}
		if err != nil {
			panic(fmt.Sprintf("partition %s, index %d: %v", a.p.ID, a.index, err))
		}
		if !more {
			return
		}
	}
}

func (a *application) runPart(pt *part) error {
	p := a.p
	if !pt.old && !p.origins.next(pt.origin, pt.number) {
		// It was sent a second time, as its origin could not know that it is in the log.
		p.Logger.Debug("passed over a part", "partition", p.ID, "index", a.index, "node", pt.origin.Node, "number", pt.number)
		return nil
	}
	if pt.origin == p.Origin && !pt.old {
		if own := p.stream.applied(pt.number); own != nil {
			if own.encoded == nil {
				a.runAll(own.reqs)
				p.stream.recycle(own)
				p.proposer.free()
				return nil
			}
			p.proposer.free()
		}
	}
	if err := pt.decode(); err != nil {
		return err
	}
	a.runAll(pt.reqs)
	return nil
}

func (a *application) runAll(reqs []*Request) {
	for i := 0; i < len(reqs); {
		i = a.runFrom(reqs, i)
	}
}

// runFrom runs requests from i on and returns where to go on: behind the last, or
// behind one that panicked before it changed anything.
func (a *application) runFrom(reqs []*Request, i int) (next int) {
	defer func() {
		if v := recover(); v != nil {
			a.panicked(reqs[i], v)
			if to := reqs[i].To; to != nil {
				to.Fill(wire.AppendError(nil, internalError))
			}
			next = i + 1
		}
	}()
	for ; i < len(reqs); i++ {
		switch r := reqs[i]; {
		case r.Class == Read:
			a.ride(r)
		case r.Woken:
			a.runWoken(r)
		default:
			a.runLogged(r)
		}
	}
	return i
}

func (a *application) runLogged(r *Request) {
	if r.Exec != nil {
		a.runExec(r)
		return
	}
	wait := a.log(r)
	if wait != nil && r.To != nil {
		a.told.add(nil, r.Caused)
		a.p.await(r, wait)
		return
	}
	a.answer(r, a.p.scratch.reply)
}

// answer answers a request. One of a transaction is told of with the transaction,
// whose reply it only is a part of.
func (a *application) answer(r *Request, reply []byte) {
	if a.exec == nil {
		a.told.answer(r, reply)
		return
	}
	a.told.add(a.exec.To, r.Caused)
	if r.To != nil {
		r.To.Fill(reply)
	}
}

// log runs one logged request; its reply is in the scratch buffer.
func (a *application) log(r *Request) *blocking.Wait {
	s := &a.p.scratch
	if cap(s.reply) > maxPooledReply {
		s.reply = nil
	}
	var wait *blocking.Wait
	s.reply, wait = a.p.sm.Apply(r, a.ordinal, s.reply[:0])
	a.ordinal++
	return wait
}

// ride runs a read at its place among the logged requests.
func (a *application) ride(r *Request) {
	if r.Exec != nil {
		a.p.readExec(r, a.time, true, a.told)
		return
	}
	if r.Peek && !a.p.sm.Quiet(r, a.time) {
		a.answer(r, []byte(Peeked))
		return
	}
	s := &a.p.scratch
	reply, wait, outcome := a.p.sm.Read(r, a.time, true, s.reply[:0])
	s.reply = reply
	switch {
	case outcome == ReadLong:
		a.p.readLong(r, a.p.sm.View(), a.time)
	case wait != nil:
		a.told.add(nil, r.Caused)
		a.p.await(r, wait)
	default:
		a.answer(r, reply)
	}
}

// runWoken runs the request of somebody who waits.
func (a *application) runWoken(r *Request) {
	wt := r.waiter // nil but on the node where it waits
	wait := a.guarded(r)
	if wt == nil || wait != nil {
		a.told.add(nil, r.Caused)
	}
	switch {
	case wt == nil:
	case wait != nil:
		if wt.Claim {
			a.again = append(a.again, wt.Keys...) // others of its class may have waited for the outcome
		}
		a.p.waits.unserved(wt, wait)
	default:
		a.again = append(a.again, wt.Keys...)
		a.p.waits.served(wt, func(to Replier) { a.told.answerTo(to, r.Caused, a.p.scratch.reply) })
	}
}

// guarded is log, with a panic turned into an error reply.
func (a *application) guarded(r *Request) (wait *blocking.Wait) {
	defer func() {
		if v := recover(); v != nil {
			a.panicked(r, v)
			a.p.scratch.reply = wire.AppendError(a.p.scratch.reply[:0], internalError)
			wait = nil
		}
	}()
	return a.log(r)
}

// panicked decides after a panic in a command: before its first change the state
// is whole on every replica alike; after it the node must stop.
func (a *application) panicked(r *Request, v any) {
	a.ordinal++
	a.p.Logger.Error("panic in a command", "partition", a.p.ID, "index", a.index, "command", commandName(r),
		"panic", v, "stack", string(debug.Stack()))
	if a.p.sm.Changed() {
		err := fmt.Errorf("partition %s, index %d: command %s panicked half way: %v", a.p.ID, a.index, commandName(r), v)
		a.p.Fatal(err)
		panic(err)
	}
}
