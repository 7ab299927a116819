package replication_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/hashicorp/raft"

	"github.com/millrace-io/millrace/replication"
)

// group is a partition with a replica on each of several nodes, whose messages go
// through links that can be cut.
type group struct {
	t     *testing.T
	nodes []*member
	mu    sync.Mutex
	cut   map[[2]uint64]bool
	// copies says how often a message arrives: 0 loses it. nil: once.
	copies func(from, to uint64, body []byte) int
	// reads is what all nodes answer reads from.
	reads replication.Reads
}

type member struct {
	*harness
	node      uint64
	transport *raft.InmemTransport
	stores    replication.Stores
	disk      *diskStores // behind stores; nil: they are in memory
	inbox     chan func()
	end       func()
	log       *logged
	isFull    atomic.Bool
}

// inBubble runs a test with virtual time.
func inBubble(t *testing.T, fn func(*testing.T)) { synctest.Test(t, fn) }

// newGroup starts a group of n voters.
func newGroup(t *testing.T, n int) *group {
	g := &group{t: t, cut: make(map[[2]uint64]bool)}
	for i := range n {
		g.join(uint64(i + 1))
	}
	return g
}

// join starts a node and makes it a voter.
func (g *group) join(node uint64) *member {
	return g.joinOn(node, inMemory())
}

func inMemory() replication.Stores {
	store := raft.NewInmemStore()
	return replication.Stores{Log: store, Stable: store, Snapshots: raft.NewInmemSnapshotStore()}
}

func (g *group) joinOn(node uint64, stores replication.Stores) *member {
	m := g.startNode(node, 1, stores)
	if len(g.nodes) == 1 {
		g.ready(m)
		return m
	}
	l := g.leader()
	if err := errors.Join(l.AddLearner(node), l.Promote(node)); err != nil {
		g.t.Fatal(err)
	}
	g.ready(m)
	return m
}

func (g *group) startNode(node, boot uint64, stores replication.Stores) *member {
	id := replication.ServerID(node)
	_, transport := raft.NewInmemTransportWithTimeout(raft.ServerAddress(id), 200*time.Millisecond)
	m := &member{node: node, transport: transport, stores: stores, inbox: make(chan func(), 1<<12), log: new(logged)}
	m.harness = &harness{t: g.t, lists: &lists{values: map[string][]string{}, since: map[string][]int64{}}, fatal: make(chan error, 1)}
	origin := replication.Origin{Node: node, Boot: boot}
	m.Partition = replication.New(m.lists, replication.Options{
		Origin: origin,
		Flush:  func() { m.flushes.Add(1) },
		Emit:   m.emitted,
		Refuse: func(int64) error {
			if m.isFull.Load() {
				return errFull
			}
			return nil
		},
		ReadsFrom: func() replication.Reads { return g.reads },
		Fatal:     func(err error) { m.fatal <- err },
		Logger:    m.log.logger(),
		Send: func(to uint64, body ...[]byte) bool {
			return g.send(origin, to, slices.Concat(body...))
		},
	})
	g.mu.Lock()
	i := slices.IndexFunc(g.nodes, func(other *member) bool { return other.node == node })
	if i < 0 {
		g.nodes = append(g.nodes, m)
	} else {
		g.nodes[i] = m
	}
	g.mu.Unlock()
	g.connect()
	if err := m.Open(stores, replication.Membership{Transport: transport, Joins: len(g.nodes) > 1}); err != nil {
		g.t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	var wg sync.WaitGroup
	wg.Go(func() {
		if err := m.Run(ctx); err != nil {
			g.t.Error(err)
		}
	})
	wg.Go(func() {
		for {
			select {
			case <-ctx.Done():
				return
			case deliver := <-m.inbox:
				deliver()
			}
		}
	})
	m.end = sync.OnceFunc(func() {
		transport.DisconnectAll()
		cancel()
		wg.Wait()
		if err := m.Stop(); err != nil {
			g.t.Error(err)
		}
		transport.Close()
	})
	g.t.Cleanup(m.end)
	for _, other := range g.nodes {
		if other != m {
			other.Linked(node, true)
			m.Linked(other.node, true)
		}
	}
	return m
}

func (g *group) ready(m *member) {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	if err := m.Ready(ctx); err != nil {
		g.t.Fatalf("node %d: %v", m.node, err)
	}
}

// send delivers a message later, in order, unless the link is cut: both ends hear of
// that.
func (g *group) send(from replication.Origin, to uint64, body []byte) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	m := g.find(to)
	if m == nil || g.cut[[2]uint64{from.Node, to}] {
		return false
	}
	deliver := func() {
		g.mu.Lock()
		lost := g.cut[[2]uint64{from.Node, to}]
		g.mu.Unlock()
		if !lost {
			m.Receive(from, body)
		}
	}
	n := 1
	if g.copies != nil {
		n = g.copies(from.Node, to, body)
	}
	for range n {
		select {
		case m.inbox <- deliver:
		default:
			return false
		}
	}
	return true
}

func (g *group) find(node uint64) *member {
	if i := slices.IndexFunc(g.nodes, func(m *member) bool { return m.node == node }); i >= 0 {
		return g.nodes[i]
	}
	return nil
}

// connect joins the transports of nodes that are not cut off from each other.
func (g *group) connect() {
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, a := range g.nodes {
		for _, b := range g.nodes {
			if a == b {
				continue
			}
			if g.cut[[2]uint64{a.node, b.node}] {
				a.transport.Disconnect(b.transport.LocalAddr())
			} else {
				a.transport.Connect(b.transport.LocalAddr(), b.transport)
			}
		}
	}
}

// isolate cuts a node off, or heals that.
func (g *group) isolate(m *member, cut bool) {
	g.mu.Lock()
	for _, other := range g.nodes {
		if other != m {
			g.cut[[2]uint64{m.node, other.node}] = cut
			g.cut[[2]uint64{other.node, m.node}] = cut
		}
	}
	g.mu.Unlock()
	g.connect()
	for _, other := range g.nodes {
		if other != m {
			other.Linked(m.node, !cut)
			m.Linked(other.node, !cut)
		}
	}
}

// leader waits until one leads.
func (g *group) leader() *member {
	g.t.Helper()
	for range 1000 {
		for _, m := range g.nodes {
			if m.Leads() {
				return m
			}
		}
		time.Sleep(100 * time.Millisecond) // of virtual time
	}
	g.t.Fatal("nobody leads")
	return nil
}

func (g *group) others(m *member) []*member {
	return slices.DeleteFunc(slices.Clone(g.nodes), func(other *member) bool { return other == m })
}

// settled waits until all replicas have applied as much, and returns their lists.
func (g *group) settled(list string) []string {
	g.t.Helper()
	for range 1000 {
		l := g.leader()
		same := true
		for _, m := range g.nodes {
			same = same && m.Applied() == l.CommitIndex()
		}
		if same {
			break
		}
		time.Sleep(100 * time.Millisecond)
	}
	var first []string
	for i, m := range g.nodes {
		var values []string
		m.Inspect(func(replication.StateMachine, int64) { values = slices.Clone(m.lists.values[list]) })
		if i == 0 {
			first = values
		} else if !slices.Equal(values, first) {
			g.t.Fatalf("node %d has %q, node %d %q", m.node, values, g.nodes[0].node, first)
		}
	}
	return first
}

func TestAnyNodeTakesAnyCommand(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		g := newGroup(t, 3)
		n := 0
		for range 5 {
			for _, m := range g.nodes {
				n++
				m.submit(replication.Log, "PUSH", "l", fmt.Sprint(n)).want(t, fmt.Sprintf(":%d\r\n", n))
			}
		}
		if got := g.settled("l"); len(got) != n {
			t.Errorf("%d values, want %d", len(got), n)
		}
	})
}

// A follower hears at once what is committed: not with the next append, nor 50 ms later.
func TestFollowersHearOfCommitsAtOnce(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		g := newGroup(t, 3)
		for n := range 20 {
			m := g.others(g.leader())[n%2]
			time.Sleep(time.Second) // of virtual time, which passes only while all wait
			began := time.Now()
			m.submit(replication.Log, "PUSH", "l", "v").want(t, fmt.Sprintf(":%d\r\n", n+1))
			if took := time.Since(began); took > 5*time.Millisecond {
				t.Fatalf("a push by a follower took %v", took)
			}
		}
	})
}

// Whoever has a reply knows that a read on any node sees what it says.
func TestReadsSeeWhatWasAcknowledged(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		g := newGroup(t, 3)
		for n := range 50 {
			from, at := g.nodes[n%3], g.nodes[(n/3)%3]
			from.submit(replication.Log, "PUSH", "l", "v").want(t, fmt.Sprintf(":%d\r\n", n+1))
			at.submit(replication.Read, "LEN", "l").want(t, fmt.Sprintf(":%d\r\n", n+1))
		}
	})
}

// A connection's commands run in their order, whether they are logged or not.
func TestOrderOfReadsAndChangesElsewhere(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		g := newGroup(t, 3)
		for _, m := range g.nodes {
			list := fmt.Sprint("l", m.node)
			var slots []slot
			for range 200 {
				slots = append(slots, m.submit(replication.Read, "LEN", list), m.submit(replication.Log, "PUSH", list, "v"))
			}
			for i := range 200 {
				slots[2*i].want(t, fmt.Sprintf(":%d\r\n", i))
				slots[2*i+1].want(t, fmt.Sprintf(":%d\r\n", i+1))
			}
		}
	})
}

func TestWaitersElsewhereAreServed(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		g := newGroup(t, 3)
		for _, waits := range g.nodes {
			for _, pushes := range g.nodes {
				taken := waits.submit(replication.Log, "TAKE", "l")
				synctest.Wait()
				pushes.submit(replication.Log, "PUSH", "l", "v").want(t, ":1\r\n")
				taken.want(t, "$1\r\nv\r\n")
			}
		}
		if got := g.settled("l"); len(got) != 0 {
			t.Errorf("left: %q", got)
		}
	})
}

// writers push numbered values through nodes, one behind the other each, and end when
// told. What was answered is in replies.
type writers struct {
	stop    chan struct{}
	wg      sync.WaitGroup
	mu      sync.Mutex
	pushed  map[string]bool // acknowledged
	unknown int
	refused int
}

func (g *group) write(nodes ...*member) *writers {
	w := &writers{stop: make(chan struct{}), pushed: make(map[string]bool)}
	for _, m := range nodes {
		for c := range 3 {
			w.wg.Go(func() { w.run(g.t, m, fmt.Sprintf("n%d-%d", m.node, c)) })
		}
	}
	return w
}

func (w *writers) run(t *testing.T, m *member, name string) {
	for i := 0; ; i++ {
		select {
		case <-w.stop:
			return
		case <-time.After(50 * time.Millisecond):
		}
		value := fmt.Sprintf("%s-%06d", name, i)
		reply := <-m.submit(replication.Log, "PUSH", "l", value).reply
		w.mu.Lock()
		switch {
		case strings.HasPrefix(reply, ":"):
			w.pushed[value] = true
		case strings.HasPrefix(reply, "-UNCERTAIN"):
			w.unknown++
		case strings.HasPrefix(reply, "-CLUSTERDOWN"):
			w.refused++
		default:
			t.Errorf("PUSH %s: %q", value, reply)
		}
		w.mu.Unlock()
	}
}

func (w *writers) end() {
	close(w.stop)
	w.wg.Wait()
}

// check holds what was acknowledged against what is there: all of it, nothing twice, and
// each writer's in its order.
func (w *writers) check(t *testing.T, values []string) {
	t.Helper()
	seen, last := make(map[string]bool), make(map[string]string)
	for _, v := range values {
		if seen[v] {
			t.Fatalf("%s is there twice", v)
		}
		seen[v] = true
		name := v[:strings.LastIndexByte(v, '-')]
		if last[name] > v {
			t.Fatalf("%s stands behind %s", v, last[name])
		}
		last[name] = v
	}
	for v := range w.pushed {
		if !seen[v] {
			t.Fatalf("%s was acknowledged and is lost", v)
		}
	}
}

// A leader dies: clients of the others see an election as latency, and nothing else.
func TestElectionIsLatency(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		g := newGroup(t, 3)
		l := g.leader()
		rest := g.others(l)
		w := g.write(rest...)
		time.Sleep(time.Second)
		l.end()
		g.mu.Lock()
		g.nodes = rest
		g.mu.Unlock()
		time.Sleep(20 * time.Second)
		w.end()
		if w.unknown+w.refused > 0 {
			t.Errorf("%d uncertain, %d refused", w.unknown, w.refused)
		}
		w.check(t, g.settled("l"))
	})
}

// A leader that is cut off tells its clients that it does not know; when it is back,
// what it had on its way is there once, or not at all.
func TestIsolatedLeader(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		g := newGroup(t, 3)
		l := g.leader()
		w := g.write(g.nodes...)
		time.Sleep(time.Second)
		g.isolate(l, true)
		time.Sleep(30 * time.Second)
		g.isolate(l, false)
		time.Sleep(10 * time.Second)
		w.end()
		if w.refused == 0 {
			t.Error("no client of the node that was cut off was told")
		}
		w.check(t, g.settled("l"))
	})
}

// What a leader has on its way when it is cut off is uncertain; when it is back, it is
// there, once.
func TestUncertain(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		g := newGroup(t, 3)
		l := g.leader()
		g.isolate(l, true)
		late := l.submit(replication.Log, "PUSH", "l", "v") // it still leads, for a moment
		if reply := <-late.reply; !strings.HasPrefix(reply, "-UNCERTAIN") {
			t.Errorf("what the leader had on its way: %q", reply)
		}
		l.submit(replication.Log, "PUSH", "l", "never").want(t, "-CLUSTERDOWN The cluster is down\r\n")
		l.submit(replication.Read, "LEN", "l").want(t, "-CLUSTERDOWN The cluster is down\r\n")
		g.isolate(l, false)
		time.Sleep(10 * time.Second)
		if got := g.settled("l"); !slices.Equal(got, []string{"v"}) {
			t.Errorf("there is %q", got)
		}
	})
}

// Whatever links break, and whoever leads: each push is there once.
func TestLinksBreak(t *testing.T) {
	for seed := range uint64(6) {
		inBubble(t, func(t *testing.T) {
			rng := rand.New(rand.NewPCG(seed, 1))
			g := newGroup(t, 3)
			w := g.write(g.nodes...)
			for range 20 {
				m := g.nodes[rng.IntN(3)]
				g.isolate(m, true)
				time.Sleep(time.Duration(rng.IntN(4000)) * time.Millisecond)
				g.isolate(m, false)
				time.Sleep(time.Duration(rng.IntN(4000)) * time.Millisecond)
				if rng.IntN(3) == 0 {
					l := g.leader()
					_ = l.TransferTo(g.others(l)[rng.IntN(2)].node) // they may be cut off from each other
				}
			}
			w.end()
			w.check(t, g.settled("l"))
			if t.Failed() {
				t.Logf("seed %d", seed)
			}
		})
	}
}
