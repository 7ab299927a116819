package replication_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/millrace-io/millrace/replication"
)

// Raft refuses entries while leadership is handed over. When nothing comes of that the
// leader leads on, and what was refused is there, once and in its order.
func TestHandOverThatFails(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		g := newGroup(t, 3)
		l := g.leader()
		w := g.write(g.nodes...)
		for range 5 {
			time.Sleep(time.Second)
			target := g.others(l)[0]
			l.transport.Disconnect(target.transport.LocalAddr()) // it can't be told to stand
			if err := l.TransferTo(target.node); err == nil {
				t.Fatal("leadership went to a node that can't be reached")
			}
			g.connect()
		}
		if !l.Leads() {
			time.Sleep(time.Second)
		}
		if g.leader() != l {
			t.Fatal("leadership has moved")
		}
		for i, m := range g.nodes {
			m.submit(replication.Log, "PUSH", "after", "v").want(t, fmt.Sprintf(":%d\r\n", i+1))
		}
		w.end()
		if w.unknown+w.refused > 0 {
			t.Errorf("%d uncertain, %d refused", w.unknown, w.refused)
		}
		w.check(t, g.settled("l"))
	})
}
