//go:build linux

package resp

import (
	"testing"
	"time"

	"github.com/millrace-io/millrace/replication"
)

// lots is a router that counts the requests of each Submit.
type lots struct {
	Router
	busy bool
	got  []int
}

func (r *lots) Busy() bool                         { return r.busy }
func (r *lots) Submit(reqs []*replication.Request) { r.got = append(r.got, len(reqs)) }

func (r *lots) expect(t *testing.T, when string, want ...int) {
	t.Helper()
	if len(r.got) != len(want) {
		t.Fatalf("%s: handed over in lots of %v, want %v", when, r.got, want)
	}
	for i := range want {
		if r.got[i] != want[i] {
			t.Fatalf("%s: handed over in lots of %v, want %v", when, r.got, want)
		}
	}
}

func requests(n int) []*replication.Request { return make([]*replication.Request, n) }

func TestRequestsAreHandedOverTogether(t *testing.T) {
	r := &lots{}
	l := &loop{server: &Server{router: r}}
	l.gather(requests(1))
	l.gather(requests(2))
	r.expect(t, "in the round")
	l.handOverIdle()
	r.expect(t, "at its end", 3)
	l.handOverIdle()
	r.expect(t, "after a round of nothing", 3)
	l.gather(requests(maxGathered))
	r.expect(t, "in a deep pipeline", 3, maxGathered)
}

// What waits for an entry that is on its way waits for one flush, whatever comes
// after that entry.
func TestGatheredRequestsWaitForOneFlush(t *testing.T) {
	r := &lots{busy: true}
	l := &loop{server: &Server{router: r}}
	l.flush()
	l.gather(requests(1))
	l.handOverIdle()
	l.gather(requests(1))
	l.handOverIdle()
	r.expect(t, "while an entry is on its way")
	if l.hasWork() {
		t.Error("a loop that waits for the entry finds work")
	}
	l.flush()
	if !l.hasWork() {
		t.Error("the flush is missed by a loop that was going to sleep")
	}
	l.handOverIdle()
	r.expect(t, "after the flush, though the next entry is on its way", 2)
	l.gather(requests(1))
	l.handOverIdle()
	r.expect(t, "behind that", 2)
	r.busy = false
	l.handOverIdle()
	r.expect(t, "when nothing is on its way", 2, 1)
}

// A flush that comes as the requests are handed over leaves nothing behind that
// would keep the loop awake.
func TestLateFlushIsForgotten(t *testing.T) {
	l := &loop{server: &Server{router: &lots{}}}
	l.due.Store(true)
	l.handOverIdle()
	if l.hasWork() {
		t.Error("the loop never sleeps again")
	}
}

// A pause that begins lets nothing behind it that was taken up before: not what a
// loop holds back, either.
func TestPauseHandsOver(t *testing.T) {
	r := &lots{busy: true}
	srv := &Server{router: r}
	l := &loop{server: srv}
	srv.front = &epollFront{server: srv, loops: []*loop{l}}
	l.gather(requests(2))
	l.handOverIdle()
	r.expect(t, "before the pause")
	srv.Pause(time.Now().Add(time.Hour), true)
	defer srv.Unpause()
	r.expect(t, "when the pause has begun", 2)
}
