package server

import (
	"maps"
	"math/rand/v2"
	"slices"
	"sync"

	"github.com/millrace-io/millrace/commands"
	"github.com/millrace-io/millrace/keyspace"
	"github.com/millrace-io/millrace/replication"
)

// spread is a request that runs in several partitions, each time for the keys that are
// there. Its reply is filled when the last of them has answered. One that blocks waits
// in all of them; what comes first ends the other waits.
type spread struct {
	*round
	r       *replication.Request
	of      *commands.Spread
	waiting *waitingSpreads
	blocks  bool // it may wait
}

var _ way = (*spread)(nil)

// spreadToAll spreads a request without keys. Where one partition's answer is enough, it
// is that of any slot's.
func (r *slotRouter) spreadToAll(q *replication.Request, cmd *commands.Command) *spread {
	s := r.newSpread(q, cmd)
	from := int(r.slots.of[rand.IntN(keyspace.Slots)])
	for i := range r.n.partitions {
		s.add(*q, r.n.partitions[(from+i)%len(r.n.partitions)], nil)
	}
	return s
}

// spreadByKeys spreads a request with keys in several partitions.
func (r *slotRouter) spreadByKeys(q *replication.Request, cmd *commands.Command, keys []int) *spread {
	s := r.newSpread(q, cmd)
	s.blocks = cmd.MayBlock != nil && cmd.MayBlock(q.Args)
	for _, k := range r.byPartition(q, keys) {
		s.add(*q, k.at, k.keys).req.Args = cmd.Spread.Split(q.Args, k.keys)
	}
	return s
}

func (r *slotRouter) newSpread(q *replication.Request, cmd *commands.Command) *spread {
	s := &spread{r: q, of: cmd.Spread, waiting: &r.waiting}
	s.round = newRound(q.To, s.answered)
	return s
}

// addTo implements way.
func (s *spread) addTo(b bins) {
	if s.blocks {
		s.waiting.add(s)
	}
	s.round.addTo(b)
}

// answered fills the reply: an empty one when the client is gone.
func (s *spread) answered() {
	if s.blocks {
		s.waiting.remove(s)
	}
	if s.isDecided() || !slices.ContainsFunc(s.parts, func(p *spreadPart) bool { return len(p.Reply) == 0 }) {
		s.r.To.Fill(s.of.Merge(s.r.Args, s.r.Proto, s.replies()))
	} else {
		s.r.To.Fill(nil)
	}
}

// keysAt are indexes of keys that are in one partition.
type keysAt struct {
	at   *partition
	keys []int
}

// byPartition sorts keys by where they are, in the order of the first in each.
func (r *slotRouter) byPartition(q *replication.Request, keys []int) (list []keysAt) {
	place := map[replication.PartitionID]int{}
	for _, i := range keys {
		id := r.slots.ofKey(q.Args[i])
		n, known := place[id]
		if !known {
			n = len(list)
			place[id] = n
			list = append(list, keysAt{at: r.n.partitions[id]})
		}
		list[n].keys = append(list[n].keys, i)
	}
	return list
}

// waitingSpreads are the spread requests on their way that may wait, each in several
// partitions.
type waitingSpreads struct {
	mu  sync.Mutex
	all map[manyWaits]bool
}

// manyWaits is a request that waits in several partitions.
type manyWaits interface{ waitingParts() int }

func (w *waitingSpreads) add(s manyWaits) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.all == nil {
		w.all = map[manyWaits]bool{}
	}
	w.all[s] = true
}

func (w *waitingSpreads) remove(s manyWaits) {
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
