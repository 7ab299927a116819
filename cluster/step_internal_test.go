package cluster

import (
	"flag"
	"math/rand/v2"
	"slices"
	"testing"
)

var seedFlag = flag.Uint64("seed", 0, "seed of the random clusters; 0 draws one")

func newRand(t *testing.T) *rand.Rand {
	seed := *seedFlag
	if seed == 0 {
		seed = rand.Uint64()
	}
	t.Logf("-seed %d", seed)
	return rand.New(rand.NewPCG(seed, 0))
}

// voters and learners make a configuration of the nodes up to v, and behind them l.
func config(v, l int) (list []member) {
	for n := 1; n <= v+l; n++ {
		list = append(list, member{uint64(n), n <= v})
	}
	return list
}

func TestNextStep(t *testing.T) {
	const all = 99
	rows := []struct {
		name      string
		members   []member
		wanted    []uint64
		down      uint64
		behind    uint64
		preferred uint64
		held      uint64
		unknown   uint64
		want      step // of node 1, which leads
	}{
		{"nothing to do", config(3, 0), []uint64{1, 2, 3}, 0, 0, 1, 0, 0, step{}},
		{"a new node", config(1, 0), []uint64{1, 2}, 0, 0, 1, 0, 0, step{addLearner, 2}},
		{"a new node that is not linked", config(1, 0), []uint64{1, 2}, 2, 0, 1, 0, 0, step{}},
		{"a learner that has caught up", config(1, 1), []uint64{1, 2}, 0, 0, 1, 0, 0, step{promote, 2}},
		{"a learner that is behind", config(1, 1), []uint64{1, 2}, 0, 2, 1, 0, 0, step{}},
		{"a learner that is down", config(1, 1), []uint64{1, 2}, 2, 0, 1, 0, 0, step{}},
		{"one leaves", config(3, 0), []uint64{1, 2}, 0, 0, 1, 0, 0, step{remove, 3}},
		{"a dead one leaves", config(3, 0), []uint64{1, 2}, 3, 0, 1, 0, 0, step{remove, 3}},
		{"a dead one leaves before a new one is added", config(3, 0), []uint64{1, 2, 4}, 3, 0, 1, 0, 0, step{remove, 3}},
		{"a live one leaves after a new one has come", config(3, 0), []uint64{1, 2, 4}, 0, 0, 1, 0, 0, step{addLearner, 4}},
		{"a live one leaves while a learner is behind", config(3, 1), []uint64{1, 2, 4}, 0, 4, 1, 0, 0, step{remove, 3}},
		{"one leaves and another is down", config(3, 0), []uint64{1, 2}, 2, 0, 1, 0, 0, step{}},
		{"one of five leaves and another is down", config(5, 0), []uint64{1, 2, 3, 4}, 2, 0, 1, 0, 0, step{remove, 5}},
		{"down to one", config(2, 0), []uint64{1}, 0, 0, 1, 0, 0, step{remove, 2}},
		{"a learner leaves while its leader is alone", config(1, 1), []uint64{1}, 2, 0, 1, 0, 0, step{remove, 2}},
		{"the leader leaves", config(3, 0), []uint64{2, 3}, 0, 0, 3, 0, 0, step{transfer, 3}},
		{"the leader leaves to the next", config(3, 0), []uint64{2, 3}, 3, 0, 3, 0, 0, step{transfer, 2}},
		{"the leader leaves and is the only voter", config(1, 1), []uint64{2}, 0, 2, 0, 0, 0, step{}},
		{"the leader leaves last", config(1, 1), []uint64{2}, 0, 0, 0, 0, 0, step{promote, 2}},
		{"another is preferred", config(3, 0), []uint64{1, 2, 3}, 0, 0, 2, 0, 0, step{transfer, 2}},
		{"another is preferred and down", config(3, 0), []uint64{1, 2, 3}, 2, 0, 2, 0, 0, step{}},
		{"another is preferred and a learner", config(2, 1), []uint64{1, 2, 3}, 0, 3, 3, 0, 0, step{}},
		{"one leaves and has clients", config(3, 0), []uint64{1, 2}, 0, 0, 1, 3, 0, step{}},
		{"a dead one leaves that had clients", config(3, 0), []uint64{1, 2}, 3, 0, 1, 3, 0, step{remove, 3}},
		{"a voter that is not known here", config(3, 0), []uint64{1, 2}, 0, 0, 1, 0, 3, step{}},
		{"a dead voter that is not known here", config(3, 0), []uint64{1, 2}, 3, 0, 1, 0, 3, step{}},
		{"a majority is down", config(5, 0), []uint64{1, 2, 3, 4}, all, 0, 1, 0, 0, step{}},
	}
	for _, r := range rows {
		t.Run(r.name, func(t *testing.T) {
			s := situation{gone: func(n uint64) bool { return !slices.Contains(r.wanted, n) && n != r.unknown },
				self: 1, members: r.members, wanted: r.wanted, preferred: r.preferred,
				up:       func(n uint64) bool { return n == 1 || n != r.down && r.down != all },
				caughtUp: func(n uint64) bool { return n != r.behind },
				held:     func(n uint64) bool { return n == r.held }}
			if got := s.next(); got != r.want {
				t.Errorf("%v %d, want %v %d", got.do, got.node, r.want.do, r.want.node)
			}
		})
	}
}

// drawn is a Raft group whose nodes come and go, for TestEveryWayEnds.
type drawn struct {
	leader  uint64
	members []member
	wanted  []uint64
	down    map[uint64]bool
}

func (g *drawn) situation() *situation {
	return &situation{gone: func(n uint64) bool { return !slices.Contains(g.wanted, n) }, self: g.leader, members: g.members, wanted: g.wanted, preferred: preferredLeader(1, g.members, g.wanted),
		up: func(n uint64) bool { return !g.down[n] }, caughtUp: func(uint64) bool { return true },
		held: func(uint64) bool { return false }}
}

// do takes a step, and reports whether the voters that are up are still a majority.
func (g *drawn) do(st step) bool {
	at := slices.IndexFunc(g.members, func(m member) bool { return m.node == st.node })
	switch st.do {
	case addLearner:
		g.members = append(g.members, member{st.node, false})
	case promote:
		g.members[at].voter = true
	case remove:
		g.members = slices.Delete(g.members, at, at+1)
	case transfer:
		g.leader = st.node
	}
	voters, up := g.situation().voters()
	return up > voters/2
}

// draw makes a group with a majority that is up, and a wish.
func draw(rng *rand.Rand) *drawn {
	for {
		g := &drawn{down: map[uint64]bool{}}
		for n := uint64(1); n <= 7; n++ {
			if rng.IntN(2) == 0 {
				g.members = append(g.members, member{n, rng.IntN(4) > 0})
			}
			if rng.IntN(2) == 0 {
				g.wanted = append(g.wanted, n)
			}
			g.down[n] = rng.IntN(4) == 0
		}
		voters, up := g.situation().voters()
		for _, m := range g.members {
			if m.voter && !g.down[m.node] {
				g.leader = m.node
			}
		}
		if g.leader != 0 && up > voters/2 && slices.ContainsFunc(g.wanted, func(n uint64) bool { return !g.down[n] }) {
			return g
		}
	}
}

// From any configuration, with any nodes down: no step costs the majority, the steps
// end, and once all nodes are up the group is what is wanted and led by whom it should.
func TestEveryWayEnds(t *testing.T) {
	rng := newRand(t)
	for range 20_000 {
		g := draw(rng)
		settle := func() {
			for steps := 0; ; steps++ {
				st := g.situation().next()
				if st.do == nothing {
					return
				}
				if !g.do(st) {
					t.Fatalf("%v %d costs the majority: %+v", st.do, st.node, g)
				}
				if steps > 50 {
					t.Fatalf("the steps don't end: %+v", g)
				}
			}
		}
		settle()
		clear(g.down)
		settle()
		for _, n := range g.wanted {
			if !slices.Contains(g.members, member{n, true}) {
				t.Fatalf("node %d is no voter: %+v", n, g)
			}
		}
		if len(g.members) != len(g.wanted) || g.leader != preferredLeader(1, g.members, g.wanted) {
			t.Fatalf("another group than what is wanted: %+v", g)
		}
	}
}
