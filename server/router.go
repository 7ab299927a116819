package server

import (
	"github.com/millrace-io/millrace/replication"
	"github.com/millrace-io/millrace/resp"
)

// maxBacklog is how many bytes of requests may wait to be proposed; past it
// sessions are held back, until half of it is left.
const maxBacklog = 64 << 20

// newRouter is what takes requests to their partitions.
func (n *Node) newRouter() resp.Router {
	if len(n.partitions) == 1 {
		return lone{n, n.partitions[0]}
	}
	return newSlotRouter(n)
}

// lone is the router of a node with one partition, which holds all slots.
type lone struct {
	n *Node
	*partition
}

// Route implements resp.Router.
func (r lone) Route(*replication.Request) error { return nil }

// Full implements resp.Router.
func (r lone) Full() bool { return r.n.full() }

// full reports whether sessions are to be held back, and notes it.
func (n *Node) full() bool {
	if n.backlog() <= maxBacklog {
		return false
	}
	n.held.Store(true)
	return true
}
