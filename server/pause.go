package server

import (
	"time"

	"github.com/millrace-io/millrace/replication"
)

// pause holds clients back. done is called when all that they handed over before is
// answered: a transaction of no commands goes the same way behind it.
func (n *Node) pause(until time.Time, writesOnly bool, done func()) {
	n.front.Pause(until, writesOnly)
	n.partition.Submit([]*replication.Request{{Class: replication.Read, Exec: []*replication.Request{}, To: whenFilled(done)}})
}

// unpaused lets what was due during a pause happen.
func (n *Node) unpaused() { n.partition.LookAtUpkeep() }

// whenFilled is a replier that only wants to know when.
type whenFilled func()

// Fill implements replication.Replier.
func (f whenFilled) Fill([]byte) { f() }
