package server

import (
	"maps"
	"math/rand/v2"
	"slices"
	"sync"
	"time"

	"github.com/millrace-io/millrace/commands"
	"github.com/millrace-io/millrace/keyspace"
	"github.com/millrace-io/millrace/replication"
	"github.com/millrace-io/millrace/resp"
)

// spread is a request that runs in several partitions, each time for the keys that are
// there. Its reply is filled when the last of them has answered. One that blocks waits
// in all of them; what comes first ends the other waits, and whatever those have found
// by then belongs to the reply as well: nothing that was delivered is lost.
type spread struct {
	r       *replication.Request
	of      *commands.Spread
	parts   []*spreadPart // never changed
	waiting *waitingSpreads
	blocks  bool // it may wait

	// mu covers what follows, and the parts' replies.
	mu      sync.Mutex
	open    int  // parts without a reply
	decided bool // some part has something, or the wait was ended: the others are not to wait for more
}

// spreadPart is what one partition gets of it.
type spreadPart struct {
	req replication.Request
	commands.SpreadPart
	relay
	spread *spread
	at     *partition
	first  bool
}

var (
	_ way            = (*spread)(nil)
	_ timed          = (*spreadPart)(nil)
	_ resp.Requester = (*spreadPart)(nil)
)

// spreadToAll spreads a request without keys. Where one partition's answer is enough, it
// is that of any slot's.
func (r *slotRouter) spreadToAll(q *replication.Request, cmd *commands.Command) *spread {
	s := &spread{r: q, of: cmd.Spread, waiting: &r.waiting}
	from := int(r.slots.of[rand.IntN(keyspace.Slots)])
	for i := range r.n.partitions {
		s.add(r.n.partitions[(from+i)%len(r.n.partitions)], nil)
	}
	return s
}

// spreadByKeys spreads a request with keys in several partitions.
func (r *slotRouter) spreadByKeys(q *replication.Request, cmd *commands.Command, keys []int) *spread {
	s := &spread{r: q, of: cmd.Spread, waiting: &r.waiting, blocks: cmd.MayBlock != nil && cmd.MayBlock(q.Args)}
	of := map[replication.PartitionID][]int{}
	var order []replication.PartitionID // of the first key in each
	for _, i := range keys {
		id := r.slots.ofKey(q.Args[i])
		if of[id] == nil {
			order = append(order, id)
		}
		of[id] = append(of[id], i)
	}
	for _, id := range order {
		s.add(r.n.partitions[id], of[id])
	}
	return s
}

func (s *spread) add(at *partition, keys []int) {
	p := &spreadPart{req: *s.r, SpreadPart: commands.SpreadPart{Keys: keys}, relay: relay{s.r.To}, spread: s, at: at, first: len(s.parts) == 0}
	p.req.Args, p.req.To, p.req.Partition = s.of.Split(s.r.Args, keys), p, at.ID
	s.parts = append(s.parts, p)
	s.open++
}

// addTo implements way.
func (s *spread) addTo(b bins) {
	if s.blocks {
		s.waiting.add(s)
	}
	for _, p := range s.parts {
		b[p.at.ID] = append(b[p.at.ID], &p.req)
	}
}

// Fill implements replication.Replier.
func (p *spreadPart) Fill(reply []byte) {
	s := p.spread
	s.mu.Lock()
	p.Reply = append([]byte(nil), reply...)
	s.open--
	last := s.open == 0
	decides := !s.decided && !commands.IsNull(reply)
	s.decided = s.decided || decides
	s.mu.Unlock()
	switch {
	case last:
		if s.blocks {
			s.waiting.remove(s)
		}
		p.relay.to.Fill(s.merged())
	case decides:
		s.cancel()
	}
}

// merged is the reply, empty when the client is gone.
func (s *spread) merged() []byte {
	s.mu.Lock()
	defer s.mu.Unlock()
	parts := make([]commands.SpreadPart, len(s.parts))
	gone := false
	for i, p := range s.parts {
		parts[i] = p.SpreadPart
		gone = gone || len(p.Reply) == 0
	}
	if gone && !s.decided {
		return nil
	}
	return s.of.Merge(s.r.Args, s.r.Proto, parts)
}

// cancel implements way.
func (s *spread) cancel() {
	for _, p := range s.parts {
		p.at.Cancel(&p.req)
	}
}

// unblock implements way. It ends the wait of one part, which ends those of the others:
// of the first that waits.
func (s *spread) unblock(withError bool, done func(bool)) {
	s.unblockFrom(0, withError, done)
}

func (s *spread) unblockFrom(i int, withError bool, done func(bool)) {
	if i == len(s.parts) {
		done(false)
		return
	}
	p := s.parts[i]
	p.at.Unblock(&p.req, withError, func(ended bool) {
		if !ended {
			s.unblockFrom(i+1, withError, done)
			return
		}
		s.end()
		done(true)
	})
}

// end ends the waits of all parts for a client that is there to be told so: a part that
// comes to its wait later answers nothing, as it would for one that is gone.
func (s *spread) end() {
	s.mu.Lock()
	s.decided = true
	s.mu.Unlock()
	s.cancel()
}

// waits implements way.
func (s *spread) waits() bool { return s.waitingParts() > 0 }

func (s *spread) waitingParts() (n int) {
	for _, p := range s.parts {
		if p.at.Waits(&p.req) {
			n++
		}
	}
	return n
}

// waitingSpreads are the spread requests on their way that may wait, each in several
// partitions.
type waitingSpreads struct {
	mu  sync.Mutex
	all map[*spread]bool
}

func (w *waitingSpreads) add(s *spread) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.all == nil {
		w.all = map[*spread]bool{}
	}
	w.all[s] = true
}

func (w *waitingSpreads) remove(s *spread) {
	w.mu.Lock()
	defer w.mu.Unlock()
	delete(w.all, s)
}

// surplus is by how much the partitions count too many clients that wait.
func (w *waitingSpreads) surplus() (n int) {
	w.mu.Lock()
	list := slices.Collect(maps.Keys(w.all))
	w.mu.Unlock()
	for _, s := range list {
		n += max(s.waitingParts()-1, 0)
	}
	return n
}

// Took implements timed: it is one call, wherever it runs.
func (p *spreadPart) Took(d time.Duration, again bool) { p.relay.Took(d, again || !p.first) }
