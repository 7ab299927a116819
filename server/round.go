package server

import (
	"sync"
	"sync/atomic"
	"time"

	"github.com/millrace-io/millrace/commands"
	"github.com/millrace-io/millrace/replication"
	"github.com/millrace-io/millrace/resp"
)

// round is a request cut into parts, each a request of one partition, until the last of
// them has answered. The first that has something ends the waits of the others.
type round struct {
	to    replication.Replier
	done  func()        // is called when all have answered
	parts []*spreadPart // never changed once they are on their way

	// mu covers what follows, and the parts' replies until done is called.
	mu      sync.Mutex
	open    int  // parts without a reply
	decided bool // some part has something, or the wait was ended: the others are not to wait for more
}

// spreadPart is what one partition gets of it.
type spreadPart struct {
	req replication.Request
	commands.SpreadPart
	relay
	round *round
	at    *partition
	timed *atomic.Bool // the call was counted
}

var (
	_ timed          = (*spreadPart)(nil)
	_ resp.Requester = (*spreadPart)(nil)
)

func newRound(to replication.Replier, done func()) *round { return &round{to: to, done: done} }

// add adds a part for some of the keys, which is the request as it is until that is
// changed.
func (r *round) add(q replication.Request, at *partition, keys []int) *spreadPart {
	p := &spreadPart{req: q, SpreadPart: commands.SpreadPart{Keys: keys}, relay: relay{r.to}, round: r, at: at}
	p.req.To, p.req.Partition, p.req.Way = p, at.ID, nil
	if len(r.parts) > 0 {
		p.timed = r.parts[0].timed
	} else {
		p.timed = new(atomic.Bool)
	}
	r.parts = append(r.parts, p)
	r.open++
	return p
}

// addTo implements way.
func (r *round) addTo(b bins) {
	for _, p := range r.parts {
		b[p.at.ID] = append(b[p.at.ID], &p.req)
	}
}

// submit hands the parts over, behind all that came before.
func (r *round) submit() {
	for _, p := range r.parts {
		p.at.Submit([]*replication.Request{&p.req})
	}
}

// Fill implements replication.Replier.
func (p *spreadPart) Fill(reply []byte) {
	r := p.round
	r.mu.Lock()
	p.Reply = append([]byte(nil), reply...)
	r.open--
	last := r.open == 0
	decides := !r.decided && !commands.IsNull(reply)
	r.decided = r.decided || decides
	r.mu.Unlock()
	switch {
	case last:
		r.done()
	case decides:
		r.cancel()
	}
}

func (r *round) isDecided() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.decided
}

// replies are those of all parts, once all have answered.
func (r *round) replies() []commands.SpreadPart {
	r.mu.Lock()
	defer r.mu.Unlock()
	list := make([]commands.SpreadPart, len(r.parts))
	for i, p := range r.parts {
		list[i] = p.SpreadPart
	}
	return list
}

// cancel implements way.
func (r *round) cancel() {
	for _, p := range r.parts {
		p.at.Cancel(&p.req)
	}
}

// unblock implements way. It ends the wait of one part, which ends those of the others:
// of the first that waits.
func (r *round) unblock(withError bool, done func(bool)) {
	r.unblockFrom(0, withError, done)
}

func (r *round) unblockFrom(i int, withError bool, done func(bool)) {
	if i == len(r.parts) {
		done(false)
		return
	}
	p := r.parts[i]
	p.at.Unblock(&p.req, withError, func(ended bool) {
		if !ended {
			r.unblockFrom(i+1, withError, done)
			return
		}
		r.end()
		done(true)
	})
}

// end ends the waits of all parts for a client that is there to be told so: a part that
// comes to its wait later answers nothing, as it would for one that is gone.
func (r *round) end() {
	r.mu.Lock()
	r.decided = true
	r.mu.Unlock()
	r.cancel()
}

// waits implements way.
func (r *round) waits() bool { return r.waitingParts() > 0 }

func (r *round) waitingParts() (n int) {
	for _, p := range r.parts {
		if p.at.Waits(&p.req) {
			n++
		}
	}
	return n
}

// Took implements timed: it is one call, wherever it runs and however often it looks.
func (p *spreadPart) Took(d time.Duration, again bool) {
	p.relay.Took(d, p.timed.Swap(true) || again)
}
