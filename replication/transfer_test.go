package replication_test

import (
	"sync"
	"testing"
	"time"

	"github.com/millrace-io/millrace/replication"
)

// A node that is to take over does not: what came meanwhile goes into the log when that
// is clear, and nobody has to be told anything but the reply.
func TestTransferThatFailsIsLatency(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		g := newGroup(t, 3)
		l := g.leader()
		rest := g.others(l)
		w := g.write(l, rest[1])
		time.Sleep(time.Second)
		g.isolate(rest[0], true)
		time.Sleep(time.Second)
		began := time.Now()
		if err := l.TransferTo(rest[0].node); err == nil {
			t.Error("leadership went to a node that is cut off")
		}
		if !l.Leads() || time.Since(began) > 5*time.Second {
			t.Errorf("the leader leads: %v, after %v", l.Leads(), time.Since(began))
		}
		time.Sleep(time.Second)
		g.isolate(rest[0], false)
		w.end()
		if w.unknown+w.refused > 0 {
			t.Errorf("%d uncertain, %d refused", w.unknown, w.refused)
		}
		w.check(t, g.settled("l"))
	})
}

// A leader that is cut off while it tries again to hand over to a node that does not hear
// it leads again some day, and takes commands.
func TestFailedTransfersLeaveNothingBehind(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		g := newGroup(t, 3)
		l := g.leader()
		rest := g.others(l)
		g.isolate(rest[0], true)
		time.Sleep(20 * time.Second) // Raft tries to reach it in long steps by now
		l.submit(replication.Log, "PUSH", "l", "v").want(t, ":1\r\n")
		if err := l.TransferTo(rest[0].node); err == nil {
			t.Error("leadership went to a node that is cut off")
		}
		var wg sync.WaitGroup
		wg.Go(func() { _ = l.TransferTo(rest[0].node) })
		time.Sleep(10 * time.Millisecond)
		g.isolate(rest[0], false)
		g.isolate(l, true)
		wg.Wait()
		time.Sleep(10 * time.Second)
		g.isolate(l, false)
		time.Sleep(10 * time.Second)
		if err := g.leader().TransferTo(l.node); err != nil {
			t.Error(err)
		}
		time.Sleep(time.Second)
		if g.leader() != l {
			t.Fatal("it does not lead again")
		}
		rest[0].submit(replication.Log, "PUSH", "l", "v").want(t, ":2\r\n")
	})
}
