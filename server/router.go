package server

import "github.com/millrace-io/millrace/replication"

// maxBacklog is how many bytes of requests may wait to be proposed; past it
// sessions are held back, until half of it is left.
const maxBacklog = 64 << 20

// router takes requests to the partition that holds their keys. A node has one
// partition, which holds all slots.
type router struct{ n *Node }

func (r router) ReadNow(q *replication.Request) bool { return r.n.partition.ReadNow(q) }

func (r router) Submit(qs []*replication.Request) { r.n.partition.Submit(qs) }

func (r router) Busy() bool { return r.n.partition.Busy() }

func (r router) Cancel(q *replication.Request) { r.n.partition.Cancel(q) }

func (r router) Unblock(q *replication.Request, withError bool, done func(bool)) {
	r.n.partition.Unblock(q, withError, done)
}

func (r router) Waits(q *replication.Request) bool { return r.n.partition.Waits(q) }

func (r router) Full() bool {
	if r.n.partition.Backlog() <= maxBacklog {
		return false
	}
	r.n.held.Store(true)
	return true
}
