package replication_test

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/millrace-io/millrace/replication"
)

// newGroupReading is newGroup, with other reads.
func newGroupReading(t *testing.T, n int, reads replication.Reads) *group {
	g := &group{t: t, cut: make(map[[2]uint64]bool), reads: reads}
	for i := range n {
		g.join(uint64(i + 1))
	}
	return g
}

// readNow is what a session does with a read that nothing of its own stands before.
func (m *member) readNow(words ...string) slot {
	r, s := m.request(replication.Read, words...)
	if !m.ReadNow(r) {
		m.t.Errorf("%v is to be submitted", words)
		m.Submit([]*replication.Request{r})
	}
	return s
}

// Local reads need no leader: when the state is busy, when they are long, and when they
// are part of something larger and submitted.
func TestLocalReadsNeedNobody(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		g := newGroupReading(t, 3, replication.ReadsLocal)
		m := g.others(g.leader())[0]
		m.submit(replication.Log, "PUSH", "l", "v").want(t, ":1\r\n")
		g.settled("l")
		g.isolate(m, true)
		time.Sleep(5 * time.Second) // nobody leads here
		began := time.Now()
		m.readNow("LEN", "l").want(t, ":1\r\n")
		m.readNow("LONG", "l").want(t, "$1\r\nv\r\n")
		m.readNow("GONE", "l").want(t, "$-1\r\n")
		var slots []slot
		held, free := make(chan struct{}), make(chan struct{})
		go m.HoldUp(func() {
			close(held)
			<-free
		})
		<-held
		for range 3 {
			slots = append(slots, m.readNow("LEN", "l"), m.submit(replication.Read, "LEN", "l"))
		}
		slots = append(slots, m.readNow("LONG", "l"))
		close(free)
		for _, s := range slots[:6] {
			s.want(t, ":1\r\n")
		}
		slots[6].want(t, "$1\r\nv\r\n")
		m.submit(replication.Read, "LONG", "l").want(t, "$1\r\nv\r\n")
		if took := time.Since(began); took > time.Millisecond {
			t.Errorf("they took %v", took)
		}
		// Behind a change that goes nowhere they wait until that is refused.
		push := m.submit(replication.Log, "PUSH", "l", "never")
		behind := m.submit(replication.Read, "LEN", "l")
		push.want(t, clusterDown)
		behind.want(t, ":1\r\n")
	})
}

// A local read that has to wait for the state does not see what its connection changes
// behind it.
func TestLocalReadsKeepTheirPlace(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		g := newGroupReading(t, 3, replication.ReadsLocal)
		for _, m := range g.nodes {
			held, free := make(chan struct{}), make(chan struct{})
			list := replication.ServerID(m.node)
			go m.HoldUp(func() {
				close(held)
				<-free
			})
			<-held
			before := m.readNow("LEN", string(list))
			push := m.submit(replication.Log, "PUSH", string(list), "v")
			behind := m.submit(replication.Read, "LEN", string(list))
			close(free)
			before.want(t, ":0\r\n")
			push.want(t, ":1\r\n")
			behind.want(t, ":1\r\n")
		}
	})
}

// A read has no outcome that could be uncertain: one that was on its way with changes,
// or that was to be logged, was not run when it is given up.
func TestReadsAreNeverUncertain(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		// With a lease the leader finds out that a read is to be logged.
		g := newGroupReading(t, 3, replication.ReadsLease)
		l := g.leader()
		for _, m := range []*member{l, g.others(l)[0]} {
			l.submit(replication.Read, "LEN", "l")
			synctest.Wait()
			g.isolate(m, true)
			push, changes := m.request(replication.Log, "PUSH", "l", "v")
			read, looks := m.request(replication.Read, "LEN", "l")
			exec, all := m.request(replication.Read)
			part, one := m.request(replication.Read, "LEN", "l")
			exec.Exec = []*replication.Request{part}
			expired, logged := m.request(replication.Read, "GONE", "l")
			m.Submit([]*replication.Request{push, read, exec})
			m.Submit([]*replication.Request{expired})
			synctest.Wait()
			if reply := <-changes.reply; !strings.HasPrefix(reply, "-UNCERTAIN") {
				t.Errorf("a change on node %d: %q", m.node, reply)
			}
			looks.want(t, clusterDown)
			one.want(t, clusterDown)
			all.want(t, clusterDown)
			logged.want(t, clusterDown)
			g.isolate(m, false)
			time.Sleep(20 * time.Second)
		}
		g.nothingAtTheGate()
	})
}

// Who waits after a look is woken by a request that takes: what became of that may be
// unknown, as with any change.
func TestWokenLookIsUncertain(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		g := newGroup(t, 3)
		l := g.leader()
		look, taken := l.request(replication.Read, "TAKE", "l")
		look.Peek = true
		l.Submit([]*replication.Request{look})
		synctest.Wait()
		g.isolate(l, true)
		l.submit(replication.Log, "PUSH", "l", "v")
		if reply := <-taken.reply; !replication.IsUncertain([]byte(reply)) {
			t.Errorf("%q", reply)
		}
		g.isolate(l, false)
		time.Sleep(20 * time.Second)
	})
}

// A local read sees what stands before it, also what seemed to change nothing: there may
// have been news.
func TestLocalReadsSeeWhatOnlySeemedQuiet(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		g := newGroupReading(t, 3, replication.ReadsLocal)
		l := g.leader()
		m := g.others(l)[0]
		g.settled("l")
		g.isolate(m, true)
		l.submit(replication.Log, "PUSH", "l", "v").want(t, ":1\r\n")
		l.submit(replication.Log, "PUSH", "l", "v").want(t, ":2\r\n")
		take, taken := m.request(replication.Log, "TIMED", "l")
		size, length := m.request(replication.Read, "LEN", "l")
		m.Submit([]*replication.Request{take, size})
		synctest.Wait()
		later := m.submit(replication.Read, "LEN", "l")
		synctest.Wait()
		g.isolate(m, false)
		taken.want(t, "$1\r\nv\r\n")
		length.want(t, ":1\r\n")
		later.want(t, ":1\r\n")
		g.nothingAtTheGate()
	})
}
