package replication

import (
	"testing"

	"github.com/millrace-io/millrace/blocking"
)

// looked is a state machine that has an answer for whoever looks again, and lets the
// test do something while he looks.
type looked struct {
	StateMachine
	meanwhile func()
}

func (l *looked) Quiet(*Request, int64) bool { return true }

func (l *looked) Read(_ *Request, _ int64, _ bool, out []byte) ([]byte, *blocking.Wait, ReadOutcome) {
	l.meanwhile()
	return append(out, "-gone\r\n"...), nil, ReadDone
}

// filled counts replies.
type filled struct{ replies []string }

func (f *filled) Fill(reply []byte) { f.replies = append(f.replies, string(reply)) }

// The timer may look for a waiter while an entry is applied that signals its key. Only
// one of them looks: a request is run by one goroutine at a time.
func TestLookAgainIsForOneAtATime(t *testing.T) {
	sm := &looked{}
	p, key, _ := inLine(sm, blocking.Wait{Group: "g", Claim: true, MinIdle: 1, LookAt: 1})
	p.ready.Store(true)
	looks := 0
	sm.meanwhile = func() {
		if looks++; looks == 1 {
			p.serveGroups(key)
		}
	}
	p.lookDue()
	if looks != 1 {
		t.Errorf("%d looked at once", looks)
	}
}

// inLine is a partition where one request of a group waits for a key.
func inLine(sm StateMachine, want blocking.Wait) (p *Partition, key blocking.Key, to *filled) {
	p = New(sm, Options{Flush: func() {}})
	key, to = blocking.Key{Name: "k"}, &filled{}
	want.Keys = []blocking.Key{key}
	p.await(&Request{To: to}, &want)
	return p, key, to
}

func TestLookAgainAnswers(t *testing.T) {
	sm := &looked{meanwhile: func() {}}
	p, key, to := inLine(sm, blocking.Wait{Group: "g"})
	p.serveGroups(key)
	if n, _ := p.Blocked(); n != 0 || len(to.replies) != 1 {
		t.Errorf("%d wait, replies %q", n, to.replies)
	}
}

// The proposer may claim a waiter for the next entry while it looks again behind the
// last one: the entry decides then. Were it answered here, the entry would serve
// somebody who is gone.
func TestLookAgainLeavesTheClaimedAlone(t *testing.T) {
	sm := &looked{}
	p, key, to := inLine(sm, blocking.Wait{Group: "g"})
	var claimed []*waiter
	sm.meanwhile = func() { claimed = append(claimed, p.waits.claimFirst(key)...) }
	p.serveGroups(key)
	if n, _ := p.Blocked(); n != 1 || len(to.replies) != 0 || len(claimed) != 1 {
		t.Fatalf("%d wait, %d claimed, replies %q: the entry has nobody to serve", n, len(claimed), to.replies)
	}
	p.waits.served(claimed[0], func(to Replier) { to.Fill([]byte("+served\r\n")) })
	if n, _ := p.Blocked(); n != 0 || len(to.replies) != 1 || to.replies[0] != "+served\r\n" || !p.waits.none() {
		t.Errorf("behind the entry %d wait, replies %q", n, to.replies)
	}
}
