package server

import "github.com/millrace-io/millrace/replication"

// maxBacklog is how many bytes of requests may wait to be proposed; past it
// sessions are held back, until half of it is left.
const maxBacklog = 64 << 20

// router takes requests to the partition that holds their keys. A node has one
// partition, which holds all slots.
type router struct{ n *Node }

func (r router) ReadNow(q *replication.Request) bool { return r.n.partitions[0].ReadNow(q) }

func (r router) Submit(qs []*replication.Request) { r.n.partitions[0].Submit(qs) }

func (r router) Busy() bool { return r.n.partitions[0].Busy() }

func (r router) Cancel(q *replication.Request) { r.n.partitions[0].Cancel(q) }

func (r router) Unblock(q *replication.Request, withError bool, done func(bool)) {
	r.n.partitions[0].Unblock(q, withError, done)
}

func (r router) Waits(q *replication.Request) bool { return r.n.partitions[0].Waits(q) }

func (r router) Full() bool {
	if r.n.backlog() <= maxBacklog {
		return false
	}
	r.n.held.Store(true)
	return true
}
