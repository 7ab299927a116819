package mesh

import (
	"context"
	"fmt"
	"sync"
	"time"
)

const (
	// maxKnown bounds the nodes whose processes are remembered. Only who knows the
	// secret gets a place.
	maxKnown = 4096
	// judgeWithin is how long a handshake waits for what a contest brings. The process
	// asks again after that.
	judgeWithin = time.Second
	// probeTime bounds the question whether a process still answers.
	probeTime = silence
)

// fence lets one process at a time run as a node. Two do when somebody copies a data
// folder, or clones a machine: both would vote with one node's voice and acknowledge
// with one node's disk, each knowing half of it.
//
// Starts of a folder are numbered (Boot), so of two processes the one with the lower
// number, or the same, is never a successor: it is turned away for good. One with a
// higher number is a restart, or the copy of the folder of a node that runs on. That is
// a contest: the address of the process before is asked who is there. When that process
// itself answers, the other is turned away for good. When another process of the node answers
// there that started later, that one is let in: mostly it is the very one that asks. When nobody of
// the node answers and the links of the process before are down (its silence ends them), the node has
// started anew.
type fence struct {
	mu       sync.Mutex          // covers all below, and the contests
	known    map[uint64]Identity // the process of each node that was let in last; at most maxKnown
	contests map[uint64]*contest // by node
}

// contest is between the process of a node that is known and one that started later.
type contest struct {
	before, after Identity
	done          chan struct{} // closed when the question is answered, or will not be
	lives         bool          // before has answered
	asked         time.Time     // when done was closed
}

// sameProcess reports whether two of a node are one process.
func sameProcess(a, b Identity) bool {
	return a.Node == b.Node && a.Boot == b.Boot && a.Instance == b.Instance
}

// admitProcess is why a peer that has shown the secret is not let in as the node that it says
// it is, nil: it is. at is the address at which it has answered, "" when it has
// dialled.
func (m *Mesh) admitProcess(peer Identity, at string) error {
	if peer.Cluster == "" || m.self().Cluster == "" {
		return nil // one of the two counts for nothing yet
	}
	c, err := m.fence.challenge(m, peer, at)
	if c == nil {
		return err
	}
	timer := time.NewTimer(judgeWithin)
	defer timer.Stop()
	select {
	case <-c.done:
	case <-timer.C:
	}
	return m.fence.decide(m, c)
}

// challenge lets a process in that nothing speaks against, and refuses one that is no
// successor. For any other it returns the contest that decides.
func (f *fence) challenge(m *Mesh, peer Identity, at string) (*contest, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	before, ok := f.known[peer.Node]
	switch {
	case !ok || sameProcess(before, peer):
		f.letInLocked(peer)
		return nil, nil
	case peer.Boot <= before.Boot:
		return nil, copied("node %x knows a process of node %x at %s that was started after the one at %s: the folder of this one is a copy of that one's, or an old state of it",
			m.self().Node, peer.Node, before.Addr, peer.Addr)
	case at != "" && at == before.Addr:
		f.letInLocked(peer) // it answers in the place of the one before
		return nil, nil
	}
	c := f.contests[peer.Node]
	if c == nil || !sameProcess(c.before, before) || !sameProcess(c.after, peer) || c.stale() {
		c = &contest{before: before, after: peer, done: make(chan struct{})}
		if !m.run(func() { f.ask(m, c) }) {
			return nil, ErrEnded
		}
		if f.contests == nil {
			f.contests = map[uint64]*contest{}
		}
		f.contests[peer.Node] = c
	}
	return c, nil
}

// stale reports that the answer is too old to be believed: it is asked again.
func (c *contest) stale() bool { return !c.asked.IsZero() && time.Since(c.asked) > silence }

// ask finds out whether the process before answers at its address.
func (f *fence) ask(m *Mesh, c *contest) {
	who, err := m.probe(c.before)
	f.mu.Lock()
	defer f.mu.Unlock()
	c.asked = time.Now()
	c.lives = err == nil && sameProcess(who, c.before)
	if known := f.known[c.after.Node]; err == nil && !c.lives && sameProcess(known, c.before) {
		if who.Boot > c.before.Boot {
			f.letInLocked(who) // its successor, be it a third one: then the one that asks is not the first
		} else {
			f.letInLocked(c.after) // an old state runs there, so that one does not
		}
	}
	close(c.done)
}

// decide is what a contest brings, as far as it is known.
func (f *fence) decide(m *Mesh, c *contest) error {
	linked := m.held.linked(c.before)
	f.mu.Lock()
	defer f.mu.Unlock()
	node := m.self().Node
	switch known := f.known[c.after.Node]; {
	case sameProcess(known, c.after):
		return nil
	case c.lives:
		return copied("node %x lets no second process run as node %x: the one at %s answers, so the folder of the one at %s is a copy of that one's",
			node, c.after.Node, c.before.Addr, c.after.Addr)
	case c.asked.IsZero() || linked || !sameProcess(known, c.before):
		return &RefusedError{NotNow: true, Reason: fmt.Sprintf("node %x asks whether the process of node %x at %s, before the one at %s, still runs",
			node, c.after.Node, c.before.Addr, c.after.Addr)}
	}
	f.letInLocked(c.after)
	return nil
}

// letInLocked notes that the process is the node's.
func (f *fence) letInLocked(peer Identity) {
	if f.known == nil {
		f.known = map[uint64]Identity{}
	}
	if _, ok := f.known[peer.Node]; !ok && len(f.known) >= maxKnown {
		for node := range f.known {
			delete(f.known, node)
			break
		}
	}
	f.known[peer.Node] = peer
	if c := f.contests[peer.Node]; c != nil && sameProcess(c.after, peer) {
		delete(f.contests, peer.Node)
	}
}

// probe asks who runs as a node at the address where a process of it was.
func (m *Mesh) probe(was Identity) (Identity, error) {
	ctx, cancel := context.WithTimeout(m.background(), probeTime)
	defer cancel()
	h, err := m.dial(ctx, was.Addr)
	if err != nil {
		return Identity{}, err
	}
	defer m.held.release(h)
	stop := context.AfterFunc(ctx, func() { _ = h.conn.Close() })
	defer stop()
	_, peer, err := m.shakeHands(h, was.Addr, was.Node, forCalls, 0)
	return peer, err
}

func copied(format string, args ...any) error {
	return &RefusedError{Copied: true, Reason: fmt.Sprintf(format, args...)}
}
