package server

import (
	"math/rand/v2"
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
	r     *replication.Request
	of    *commands.Spread
	parts []*spreadPart // never changed

	// mu covers what follows, and the parts' replies.
	mu      sync.Mutex
	open    int  // parts without a reply
	decided bool // some part has something: the others are not to wait for more
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
	s := &spread{r: q, of: cmd.Spread}
	from := int(r.slots.of[rand.IntN(keyspace.Slots)])
	for i := range r.n.partitions {
		s.add(r.n.partitions[(from+i)%len(r.n.partitions)], nil)
	}
	return s
}

// spreadByKeys spreads a request with keys in several partitions.
func (r *slotRouter) spreadByKeys(q *replication.Request, cmd *commands.Command, keys []int) *spread {
	s := &spread{r: q, of: cmd.Spread}
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
		s.cancel()
		done(true)
	})
}

// waits implements way.
func (s *spread) waits() bool {
	for _, p := range s.parts {
		if p.at.Waits(&p.req) {
			return true
		}
	}
	return false
}

// Took implements timed: it is one call, wherever it runs.
func (p *spreadPart) Took(d time.Duration, again bool) { p.relay.Took(d, again || !p.first) }
