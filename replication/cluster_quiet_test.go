package replication_test

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/millrace-io/millrace/replication"
)

// What would change nothing costs no entry, through whichever node it is asked for; and
// it sees all that was acknowledged.
func TestPollsThatFindNothingAreNotLogged(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		g := newGroup(t, 3)
		g.settled("l")
		before := g.leader().LastIndex()
		for range 5 {
			for _, m := range g.nodes {
				m.submit(replication.Log, "TIMED", "l", "v").want(t, "*-1\r\n")
			}
		}
		if after := g.leader().LastIndex(); after != before {
			t.Errorf("15 polls made %d entries", after-before)
		}
		for n := range 60 {
			from, at := g.nodes[n%3], g.nodes[(n/3)%3]
			value := fmt.Sprint(n % 10)
			from.submit(replication.Log, "PUSH", "l", value).want(t, ":1\r\n")
			at.submit(replication.Log, "TIMED", "l").want(t, "$1\r\n"+value+"\r\n")
		}
		if got := g.settled("l"); len(got) != 0 {
			t.Errorf("left: %q", got)
		}
		g.nothingAtTheGate()
	})
}

// Who waits after a poll that was not logged is served like any other, once.
func TestQuietWaitersAreServedOnce(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		g := newGroup(t, 3)
		var taken []slot
		for _, m := range g.nodes {
			taken = append(taken, m.submit(replication.Log, "TAKE", "l"))
			synctest.Wait()
		}
		for n := range taken {
			g.nodes[(n+1)%3].submit(replication.Log, "PUSH", "l", fmt.Sprint(n))
		}
		got := map[string]bool{}
		for _, s := range taken {
			got[<-s.reply] = true
		}
		if len(got) != 3 || !got["$1\r\n0\r\n"] || !got["$1\r\n1\r\n"] || !got["$1\r\n2\r\n"] {
			t.Errorf("three that wait got %v", got)
		}
		g.settled("l")
	})
}

// What a follower has noted while it answered reads goes into the log like any command.
func TestFollowersLogWhatTheyNoted(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		g := newGroup(t, 3)
		m := g.others(g.leader())[0]
		r, _ := m.request(replication.Log, "PUSH", "seen", "c")
		r.Internal, r.To = true, nil
		m.lists.noted.Store(r)
		m.submit(replication.Log, "TIMED", "l").want(t, "*-1\r\n")
		time.Sleep(time.Second) // of virtual time
		if got := g.settled("seen"); len(got) != 1 {
			t.Errorf("the log has %q of it", got)
		}
	})
}

// nothingAtTheGate fails when something is still taken for on its way through a gate: local
// reads would wait behind it for ever.
func (g *group) nothingAtTheGate() {
	g.t.Helper()
	synctest.Wait()
	for _, m := range g.nodes {
		if n := m.AtTheGate(); n != 0 {
			g.t.Errorf("node %d: %d bytes", m.node, n)
		}
	}
}
