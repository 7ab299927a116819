package server

import (
	"sync"

	"github.com/millrace-io/millrace/commands"
	"github.com/millrace-io/millrace/replication"
)

// slotRouter takes requests to the partitions of their keys. What concerns several is
// spread, or refused.
type slotRouter struct {
	n       *Node
	slots   *slotTable
	bins    sync.Pool // *bins
	waiting waitingSpreads
}

// bins are requests on their way, one list for each partition.
type bins [][]*replication.Request

func newSlotRouter(n *Node) *slotRouter {
	r := &slotRouter{n: n, slots: newSlotTable(len(n.partitions))}
	r.bins.New = func() any { b := make(bins, len(n.partitions)); return &b }
	return r
}

// Route implements resp.Router.
func (r *slotRouter) Route(q *replication.Request) error {
	if q.Exec != nil {
		return r.routeExec(q)
	}
	cmd, _ := q.Op.(*commands.Command)
	if i, ok := cmd.OnlyKey(); ok && i < len(q.Args) {
		q.Partition = r.slots.ofKey(q.Args[i])
		return nil
	}
	keys := cmd.KeyIndexes(q.Args)
	switch {
	case len(keys) == 0 && cmd.ScansSlots():
		return r.routeScan(q)
	case len(keys) == 0 && cmd.Spread != nil:
		q.Way = r.spreadToAll(q, cmd)
	case len(keys) > 0:
		return r.routeKeys(q, cmd, keys)
	}
	return nil // without keys: any partition finds what is wrong with it
}

// routeKeys routes a command of several keys.
func (r *slotRouter) routeKeys(q *replication.Request, cmd *commands.Command, keys []int) error {
	q.Partition = r.slots.ofKey(q.Args[keys[0]])
	for _, i := range keys[1:] {
		if r.slots.ofKey(q.Args[i]) == q.Partition {
			continue
		}
		switch {
		case cmd.Spread == nil:
			return commands.ErrCrossSlot
		case cmd.Spread.LooksFirst():
			return r.readGroups(q, cmd, keys)
		}
		q.Way = r.spreadByKeys(q, cmd, keys)
		return nil
	}
	return nil
}

// routeExec routes a transaction: the keys of its commands and those that it watches
// must all be in one partition, and no command may be for all of them.
func (r *slotRouter) routeExec(q *replication.Request) error {
	known := false
	at := func(id replication.PartitionID) error {
		if known && id != q.Partition {
			return commands.ErrCrossSlot
		}
		q.Partition, known = id, true
		return nil
	}
	for _, c := range q.Exec {
		if err := r.Route(c); err != nil {
			return err
		}
		if c.Way != nil {
			return commands.ErrCrossSlot
		}
		if !hasKeys(c) {
			continue
		}
		if err := at(c.Partition); err != nil {
			return err
		}
	}
	for i := range q.Watch {
		if err := at(r.slots.ofKey(q.Watch[i].Key)); err != nil {
			return err
		}
	}
	return nil
}

// hasKeys reports whether a request has keys at all, as it may not when its arguments
// are wrong.
func hasKeys(q *replication.Request) bool {
	cmd, _ := q.Op.(*commands.Command)
	_, one := cmd.OnlyKey()
	return one || len(cmd.KeyIndexes(q.Args)) > 0
}

// ReadNow implements resp.Router. What is spread has to be handed over.
func (r *slotRouter) ReadNow(q *replication.Request) bool {
	if w := wayOf(q); w == nil {
		return r.at(q).ReadNow(q)
	}
	return false
}

// Submit implements resp.Router. Each partition gets its requests at once, in their
// order.
func (r *slotRouter) Submit(qs []*replication.Request) {
	if len(qs) == 1 && wayOf(qs[0]) == nil {
		r.at(qs[0]).Submit(qs)
		return
	}
	b := r.bins.Get().(*bins)
	for _, q := range qs {
		if w := wayOf(q); w != nil {
			w.addTo(*b)
		} else {
			(*b)[q.Partition] = append((*b)[q.Partition], q)
		}
	}
	for i, list := range *b {
		if len(list) > 0 {
			r.n.partitions[i].Submit(list)
			clear(list)
			(*b)[i] = list[:0]
		}
	}
	r.bins.Put(b)
}

// Busy implements resp.Router. Loops hold nothing back for a partition that is busy:
// they know only of all together, and the others would wait with it (measured with 4
// partitions at depth 1: a sixth more syncs for the same entries when they do).
func (r *slotRouter) Busy() bool { return false }

// Cancel implements resp.Router.
func (r *slotRouter) Cancel(q *replication.Request) {
	if w := wayOf(q); w != nil {
		w.cancel()
		return
	}
	r.at(q).Cancel(q)
}

// Unblock implements resp.Router.
func (r *slotRouter) Unblock(q *replication.Request, withError bool, done func(bool)) {
	if w := wayOf(q); w != nil {
		w.unblock(withError, done)
		return
	}
	r.at(q).Unblock(q, withError, done)
}

// Waits implements resp.Router.
func (r *slotRouter) Waits(q *replication.Request) bool {
	if w := wayOf(q); w != nil {
		return w.waits()
	}
	return r.at(q).Waits(q)
}

// Full implements resp.Router.
func (r *slotRouter) Full() bool { return r.n.full() }

// blocked implements router: a request that is spread waits once.
func (r *slotRouter) blocked() int {
	n := sum(r.n, func(pt *partition) int { requests, _ := pt.Blocked(); return requests })
	return max(n-r.waiting.surplus(), 0)
}

func (r *slotRouter) at(q *replication.Request) *partition { return r.n.partitions[q.Partition] }

// way is how a request goes that is more than one request of one partition.
type way interface {
	addTo(bins)
	cancel()
	unblock(withError bool, done func(bool))
	waits() bool
}

// wayOf is nil for a request that goes to one partition as it is.
func wayOf(q *replication.Request) way {
	w, _ := q.Way.(way)
	return w
}
