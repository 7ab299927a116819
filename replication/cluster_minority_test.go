package replication_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/millrace-io/millrace/replication"
)

const clusterDown = "-CLUSTERDOWN The cluster is down\r\n"

// A follower that is cut off tells its clients in time, though it was never told that its
// leader is gone, and serves them when it is back.
func TestFollowerWithoutALeader(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		g := newGroup(t, 3)
		m := g.others(g.leader())[0]
		m.submit(replication.Log, "PUSH", "l", "a").want(t, ":1\r\n")
		g.isolate(m, true)
		first := m.submit(replication.Log, "PUSH", "l", "b")
		time.Sleep(time.Second)
		var refused []slot
		for range 3 {
			refused = append(refused, m.submit(replication.Log, "PUSH", "l", "never"))
			time.Sleep(time.Second)
		}
		read := m.submit(replication.Read, "LEN", "l")
		if reply := <-first.reply; !strings.HasPrefix(reply, "-UNCERTAIN") {
			t.Errorf("what was on its way: %q", reply)
		}
		for _, s := range append(refused, read) {
			s.want(t, clusterDown)
		}
		g.isolate(m, false)
		time.Sleep(20 * time.Second) // Raft tries again less and less often
		m.submit(replication.Log, "PUSH", "l", "c").want(t, ":3\r\n")
		if got := fmt.Sprint(g.settled("l")); got != "[a b c]" {
			t.Errorf("there is %s", got)
		}
	})
}

// Raft may reach a follower while messages don't: reads are refused in time then, and
// nothing hangs.
func TestMessagesDoNotGetThrough(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		g := newGroup(t, 3)
		l := g.leader()
		m := g.others(l)[0]
		g.mu.Lock()
		g.cut[[2]uint64{m.node, l.node}] = true // of messages only: Raft's links are as they were
		g.mu.Unlock()
		var slots []slot
		for range 30 {
			slots = append(slots, m.submit(replication.Read, "LEN", "l"), m.submit(replication.Log, "PUSH", "l", "v"))
			time.Sleep(time.Second)
		}
		for _, s := range slots {
			if reply := <-s.reply; !strings.HasPrefix(reply, "-UNCERTAIN") && reply != clusterDown {
				t.Errorf("answered %q", reply)
			}
		}
	})
}

// An announcement may be lost: whoever leads is found all the same.
func TestAnnouncementsAreLost(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		g := newGroup(t, 3)
		old := g.leader()
		next, third := g.others(old)[0], g.others(old)[1]
		g.mu.Lock()
		g.cut[[2]uint64{next.node, third.node}] = true // of messages only
		g.mu.Unlock()
		if err := old.TransferTo(next.node); err != nil {
			t.Fatal(err)
		}
		time.Sleep(2 * time.Second)
		g.mu.Lock()
		g.cut[[2]uint64{next.node, third.node}] = false // and nobody is told
		g.mu.Unlock()
		third.submit(replication.Log, "PUSH", "l", "v").want(t, ":1\r\n")
		third.submit(replication.Read, "LEN", "l").want(t, ":1\r\n")
	})
}
