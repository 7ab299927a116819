package server

import (
	"sync/atomic"
	"time"

	"github.com/millrace-io/millrace/replication"
)

// pause holds clients back. done is called when all that they handed over before is
// answered: a transaction of no commands goes the same way behind it, in each
// partition.
func (n *Node) pause(until time.Time, writesOnly bool, done func()) {
	n.front.Pause(until, writesOnly)
	last := &lastFilled{done: done}
	last.open.Store(int64(len(n.partitions)))
	for _, pt := range n.partitions {
		pt.Submit([]*replication.Request{{Class: replication.Read, Exec: []*replication.Request{}, To: last}})
	}
}

// unpaused lets what was due during a pause happen.
func (n *Node) unpaused() {
	for _, pt := range n.partitions {
		pt.LookAtUpkeep()
	}
}

// lastFilled is a replier for several requests that only wants to know when the last
// of them is answered.
type lastFilled struct {
	open atomic.Int64
	done func()
}

// Fill implements replication.Replier.
func (l *lastFilled) Fill([]byte) {
	if l.open.Add(-1) == 0 {
		l.done()
	}
}
