package replication_test

import (
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/millrace-io/millrace/replication"
)

// logged keeps what a node logs.
type logged struct {
	mu   sync.Mutex
	text strings.Builder
}

func (l *logged) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(b)
}

func (l *logged) count(words string) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return strings.Count(l.text.String(), words)
}

func (l *logged) logger() *slog.Logger { return slog.New(slog.NewTextHandler(l, nil)) }

var errFull = errors.New("MISCONF no room")

// fill has a node's log have no room, or some again.
func (m *member) fill(full bool) { m.isFull.Store(full) }

// A follower without room keeps entries away from Raft, says so once, and catches up
// when there is room again; nobody stands for election meanwhile.
func TestFollowerWithoutRoom(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		g := newGroup(t, 3)
		l := g.leader()
		_, term, _ := l.Leader()
		full := g.others(l)[0]
		g.settled("l")
		full.fill(true)
		held := full.LastIndex()
		for n := range 20 {
			l.submit(replication.Log, "PUSH", "l", "v").want(t, fmt.Sprintf(":%d\r\n", n+1))
			time.Sleep(time.Second)
		}
		if last := full.LastIndex(); last != held {
			t.Errorf("the log without room went from %d to %d", held, last)
		}
		full.submit(replication.Log, "PUSH", "l", "v").want(t, "-MISCONF no room\r\n")
		full.submit(replication.Read, "LEN", "l").want(t, "-MISCONF no room\r\n") // what it would have to see is not here
		full.fill(false)
		if got := g.settled("l"); len(got) != 20 {
			t.Errorf("%d values, want 20", len(got))
		}
		if _, now, _ := l.Leader(); now != term || !l.Leads() {
			t.Errorf("there was an election: term %d, then %d", term, now)
		}
		time.Sleep(time.Second)
		for _, line := range []string{"log entries of the leader are not taken", "log entries of the leader are taken again"} {
			if n := full.log.count(line); n != 1 {
				t.Errorf("%q was logged %d times", line, n)
			}
		}
	})
}

// A leader without room hands leadership to who has some: clients of other nodes see
// that as latency.
func TestLeaderWithoutRoomHandsOver(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		g := newGroup(t, 3)
		l := g.leader()
		rest := g.others(l)
		w := g.write(rest...)
		time.Sleep(time.Second)
		l.fill(true)
		time.Sleep(5 * time.Second)
		if g.leader() == l {
			t.Error("a node without room still leads")
		}
		l.submit(replication.Log, "PUSH", "l", "never").want(t, "-MISCONF no room\r\n")
		time.Sleep(20 * time.Second)
		l.fill(false)
		w.end()
		if w.unknown+w.refused > 0 {
			t.Errorf("%d uncertain, %d refused", w.unknown, w.refused)
		}
		if n := l.log.count("hands leadership over"); n != 1 {
			t.Errorf("handed over %d times", n)
		}
		w.check(t, g.settled("l"))
	})
}

// It goes to one with room, and not to one that can't be reached.
func TestLeadershipGoesWhereThereIsRoom(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		g := newGroup(t, 5)
		l := g.leader()
		rest := g.others(l)
		g.isolate(rest[0], true)
		rest[1].fill(true)
		time.Sleep(time.Second)
		l.fill(true)
		time.Sleep(time.Second)
		rest[0].end() // it does not come back with a higher term
		g.mu.Lock()
		g.nodes = append([]*member{l}, rest[1:]...)
		g.mu.Unlock()
		// Three of five would have to have room; there are two.
		rest[2].submit(replication.Log, "PUSH", "l", "v").want(t, "-MISCONF Millrace can't write to the logs of most nodes, data is safe but changes are refused: their disks are full\r\n")
		rest[1].fill(false)
		time.Sleep(30 * time.Second)
		if now := g.leader(); now == l {
			t.Error("the node without room still leads")
		}
		rest[2].submit(replication.Log, "PUSH", "l", "v").want(t, ":1\r\n")
		l.fill(false)
		g.settled("l")
	})
}

// When most voters have no room, clients of all nodes are told, and what they are told
// of is not done; reads go on.
func TestNobodyHasRoom(t *testing.T) {
	for _, leaderToo := range []bool{true, false} {
		inBubble(t, func(t *testing.T) {
			g := newGroup(t, 3)
			l := g.leader()
			rest := g.others(l)
			l.submit(replication.Log, "PUSH", "l", "first").want(t, ":1\r\n")
			g.settled("l")
			for _, m := range g.nodes {
				m.fill(m != l || leaderToo)
			}
			time.Sleep(time.Second)
			for _, m := range g.nodes {
				for range 20 {
					reply := <-m.submit(replication.Log, "PUSH", "l", "never").reply
					if !strings.HasPrefix(reply, "-MISCONF ") {
						t.Fatalf("PUSH on node %d: %q", m.node, reply)
					}
				}
				m.submit(replication.Read, "LEN", "l").want(t, ":1\r\n")
			}
			for _, m := range rest {
				m.fill(false)
			}
			time.Sleep(20 * time.Second) // longer than anything is waited for
			rest[0].submit(replication.Log, "PUSH", "l", "again").want(t, ":2\r\n")
			l.fill(false)
			if got := g.settled("l"); fmt.Sprint(got) != "[first again]" {
				t.Errorf("there is %q", got)
			}
		})
	}
}

// What is on its way when the room ends is not lost sight of: its clients hear that its
// fate is not known, those behind it that nothing was done, and reads go on.
func TestRoomEndsUnderLoad(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		g := newGroup(t, 3)
		l := g.leader()
		rest := g.others(l)
		for _, m := range rest {
			m.fill(true)
		}
		var slots []slot
		for range 10 { // before anybody knows
			slots = append(slots, l.submit(replication.Log, "PUSH", "l", "v"))
			time.Sleep(time.Millisecond)
		}
		uncertain, refused := 0, 0
		for _, s := range slots {
			switch reply := <-s.reply; {
			case strings.HasPrefix(reply, "-UNCERTAIN"):
				uncertain++
			case strings.HasPrefix(reply, "-MISCONF"):
				refused++
			default:
				t.Errorf("%q", reply)
			}
		}
		l.submit(replication.Read, "LEN", "l").want(t, ":0\r\n")
		for _, m := range rest {
			m.fill(false)
		}
		time.Sleep(20 * time.Second) // Raft's pause between two tries is up to 10
		if got := g.settled("l"); len(got) != uncertain {
			t.Errorf("%d values, %d commands were uncertain, %d refused", len(got), uncertain, refused)
		}
		if refused == 0 || uncertain == 0 {
			t.Errorf("%d refused, %d uncertain", refused, uncertain)
		}
	})
}
