package replication_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/millrace-io/millrace/replication"
)

// without takes a node out of the group's list.
func (g *group) without(m *member) {
	g.mu.Lock()
	defer g.mu.Unlock()
	var rest []*member
	for _, other := range g.nodes {
		if other != m {
			rest = append(rest, other)
		}
	}
	g.nodes = rest
}

// voters are the nodes with a vote, as a replica knows them.
func (m *member) voters() (voters, learners []uint64) {
	m.t.Helper()
	members, err := m.Members()
	if err != nil {
		m.t.Fatal(err)
	}
	for _, other := range members {
		if other.Voter {
			voters = append(voters, other.Node)
		} else {
			learners = append(learners, other.Node)
		}
	}
	return voters, learners
}

// A leader that removes itself is gone when that is committed: clients of the others see
// the election as latency, its own get an answer, and nothing is there twice.
func TestLeaderRemovesItself(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		g := newGroup(t, 3)
		l := g.leader()
		rest := g.others(l)
		w, own := g.write(rest...), g.write(l)
		time.Sleep(time.Second)
		if err := l.Remove(l.node); err != nil {
			t.Fatal(err)
		}
		g.without(l)
		time.Sleep(5 * time.Second)
		if l.Leads() {
			t.Error("it leads on")
		}
		next := g.leader()
		if voters, _ := next.voters(); len(voters) != 2 {
			t.Errorf("voters %v", voters)
		}
		time.Sleep(15 * time.Second)
		w.end()
		own.end()
		if w.unknown+w.refused > 0 {
			t.Errorf("elsewhere %d uncertain, %d refused", w.unknown, w.refused)
		}
		if len(own.pushed) == 0 || own.refused == 0 {
			t.Errorf("on the node that is gone %d acknowledged, %d refused", len(own.pushed), own.refused)
		}
		values := g.settled("l")
		w.check(t, values)
		own.check(t, values)
	})
}

// The last but one removes itself: who is left goes on alone.
func TestLeaderOfTwoRemovesItself(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		g := newGroup(t, 2)
		l := g.leader()
		m := g.others(l)[0]
		m.submit(replication.Log, "PUSH", "l", "a").want(t, ":1\r\n")
		if err := l.Remove(l.node); err != nil {
			t.Fatal(err)
		}
		l.end()
		g.without(l)
		m.submit(replication.Log, "PUSH", "l", "b").want(t, ":2\r\n")
		m.submit(replication.Read, "LEN", "l").want(t, ":2\r\n")
	})
}

// A learner catches up, takes commands like any node, and has no part in what is
// acknowledged: neither is anything that it alone has, nor is it waited for.
func TestLearnerIsNotCounted(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		g := newGroup(t, 2)
		l := g.leader()
		other := g.others(l)[0]
		for n := range 100 {
			l.submit(replication.Log, "PUSH", "l", "v").want(t, fmt.Sprintf(":%d\r\n", n+1))
		}
		learner := g.startNode(3, 1, inMemory())
		if err := l.AddLearner(3); err != nil {
			t.Fatal(err)
		}
		g.ready(learner)
		learner.submit(replication.Read, "LEN", "l").want(t, ":100\r\n")
		learner.submit(replication.Log, "PUSH", "l", "v").want(t, ":101\r\n")
		if voters, learners := l.voters(); len(voters) != 2 || len(learners) != 1 {
			t.Errorf("voters %v, learners %v", voters, learners)
		}

		g.isolate(learner, true)
		l.submit(replication.Log, "PUSH", "l", "v").want(t, ":102\r\n")
		time.Sleep(10 * time.Second)
		g.isolate(learner, false)

		g.isolate(other, true)
		late := l.submit(replication.Log, "PUSH", "l", "v")
		if reply := <-late.reply; !strings.HasPrefix(reply, "-UNCERTAIN") {
			t.Errorf("with a leader and a learner: %q", reply)
		}
		learner.submit(replication.Read, "LEN", "l").want(t, clusterDown)
		time.Sleep(20 * time.Second)
		if learner.Leads() || l.Leads() || other.Leads() {
			t.Error("somebody leads without a majority of the voters")
		}
		g.isolate(other, false)
		if got := g.settled("l"); len(got) != 103 {
			t.Errorf("%d values, want 103", len(got))
		}
	})
}

// A learner that is promoted counts: with it two of three are a majority.
func TestPromotedLearnerCounts(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		g := newGroup(t, 2)
		l := g.leader()
		other := g.others(l)[0]
		third := g.startNode(3, 1, inMemory())
		if err := errors.Join(l.AddLearner(3), l.Promote(3)); err != nil {
			t.Fatal(err)
		}
		g.ready(third)
		if voters, learners := l.voters(); len(voters) != 3 || len(learners) != 0 {
			t.Errorf("voters %v, learners %v", voters, learners)
		}
		g.isolate(other, true)
		l.submit(replication.Log, "PUSH", "l", "v").want(t, ":1\r\n")
		third.submit(replication.Log, "PUSH", "l", "v").want(t, ":2\r\n")
		g.isolate(other, false)
		time.Sleep(10 * time.Second)
		l = g.leader()
		l.end()
		g.without(l)
		g.leader().submit(replication.Log, "PUSH", "l", "v").want(t, ":3\r\n")
	})
}

// A lone voter waits for no learner, not even for one that was never there.
func TestLoneVoterWaitsForNoLearner(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		g := newGroup(t, 1)
		l := g.leader()
		if err := l.AddLearner(7); err != nil {
			t.Fatal(err)
		}
		began := time.Now()
		l.submit(replication.Log, "PUSH", "l", "v").want(t, ":1\r\n")
		l.submit(replication.Read, "LEN", "l").want(t, ":1\r\n")
		if took := time.Since(began); took > 10*time.Millisecond {
			t.Errorf("took %v", took)
		}
		if err := l.Remove(7); err != nil {
			t.Fatal(err)
		}
		if voters, learners := l.voters(); len(voters) != 1 || len(learners) != 0 {
			t.Errorf("voters %v, learners %v", voters, learners)
		}
	})
}

// A member dies with parts on their way and comes back as its next boot. What of them
// reaches the leader before anything of the new boot may count, what comes later does not;
// the new boot's own are there once each.
func TestPartsOfAnEarlierBoot(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		g := newGroup(t, 3)
		l := g.leader()
		m := g.others(l)[0]
		old := replication.Origin{Node: m.node, Boot: 1}
		var held [][]byte
		g.tamper(func(from, _ uint64, body []byte) int {
			if from != m.node || body[0] != messagePart {
				return 1
			}
			if held = append(held, body); len(held) > 1 {
				return 0
			}
			return 1
		})
		m.submit(replication.Log, "PUSH", "l", "before").want(t, ":1\r\n")
		for i := range 3 {
			m.submit(replication.Log, "PUSH", "l", fmt.Sprint("old", i))
			synctest.Wait() // so each has a part of its own
		}
		m.end()
		g.tamper(nil)
		if len(held) != 4 {
			t.Fatalf("%d parts were sent", len(held))
		}
		again := g.startNode(m.node, 2, m.stores)
		g.ready(again)
		l = g.leader()
		l.Receive(old, held[2]) // one is missing before it
		l.Receive(old, held[1])
		synctest.Wait()
		again.submit(replication.Log, "PUSH", "l", "new0").want(t, ":3\r\n")
		for _, part := range held {
			l.Receive(old, part)
		}
		synctest.Wait()
		again.submit(replication.Log, "PUSH", "l", "new1").want(t, ":4\r\n")
		if got := fmt.Sprint(g.settled("l")); got != "[before old0 new0 new1]" {
			t.Errorf("there is %s", got)
		}
	})
}
