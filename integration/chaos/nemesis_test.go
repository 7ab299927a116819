package chaos

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/millrace-io/millrace/integration/chaos/faultnet"
)

// linkRate is a slow link between two places, in bytes per second.
const linkRate = 20_000_000

// fault is one way to break a cluster. It takes its whole time; whatever it leaves
// broken is healed after it.
//
// Those of disks are in disk_test.go. A clock that jumps cannot be had from outside a
// process.
type fault struct {
	name   string
	least  int // how many nodes it needs
	strike func(*nemesis) error
}

var faults = []fault{
	{"kill -9 of the leader", 1, func(n *nemesis) error { return n.kill(n.leader()) }},
	{"kill -9 of a follower", 2, func(n *nemesis) error { return n.kill(n.follower()) }},
	{"kill -9 of a majority", 3, func(n *nemesis) error { return n.kill(n.majority()...) }},
	{"kill -9 of all", 1, func(n *nemesis) error { return n.kill(n.shuffled()...) }},
	{"the leader is frozen", 1, func(n *nemesis) error { return n.freeze(n.leader()) }},
	{"a follower is frozen", 2, func(n *nemesis) error { return n.freeze(n.follower()) }},
	{"a majority is frozen", 3, func(n *nemesis) error { return n.freeze(n.majority()...) }},
	{"the leader is alone", 3, func(n *nemesis) error { return n.part(n.leader()) }},
	{"a majority and a minority", 3, func(n *nemesis) error { return n.part(n.majority()...) }},
	{"nobody hears the leader", 2, func(n *nemesis) error { return n.deafen(n.leader(), true) }},
	{"the leader hears nobody", 2, func(n *nemesis) error { return n.deafen(n.leader(), false) }},
	{"links come and go", 2, (*nemesis).flap},
	{"slow links", 2, (*nemesis).slow},
	{"rolling restart", 1, (*nemesis).roll},
	{"kill -9 after a snapshot", 1, (*nemesis).saves},
	{"leaders hand over", 3, (*nemesis).transfer},
	{"a dead node is replaced", 3, (*nemesis).replace},
	{"the leader is removed", 3, (*nemesis).dismiss},
}

// nemesis breaks a cluster, as its seed chooses.
type nemesis struct {
	cluster *cluster
	rng     *rand.Rand
	faults  []fault
	longest time.Duration // of one fault
	told    []string      // what it did
}

// newNemesis knows all faults that the cluster can be given.
func newNemesis(c *cluster, seed uint64, longest time.Duration) *nemesis {
	n := &nemesis{cluster: c, rng: rand.New(rand.NewPCG(seed, 0)), longest: longest, faults: faults}
	if c.hurt {
		n.faults = slices.Concat(diskFaults, faults)
	}
	return n
}

// torment strikes with one fault after the other until the time is up, and leaves the
// cluster whole.
func (n *nemesis) torment(d time.Duration) error {
	began := time.Now()
	for time.Since(began) < d {
		f := n.faults[n.rng.IntN(len(n.faults))]
		if f.least > len(n.cluster.members) {
			continue
		}
		n.wait(200*time.Millisecond, time.Second) // the clients get to work
		n.told = append(n.told, fmt.Sprintf("%v: %s", time.Since(began).Round(time.Millisecond), f.name))
		if err := f.strike(n); err != nil {
			return fmt.Errorf("%s: %w", f.name, err)
		}
		if err := n.cluster.heal(); err != nil {
			return fmt.Errorf("after %q: %w", f.name, err)
		}
	}
	return nil
}

func (n *nemesis) wait(from, to time.Duration) {
	timer := time.NewTimer(from + rand.N(max(1, to-from)))
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-n.cluster.t.Context().Done():
	}
}

// hold is how long a fault lasts.
func (n *nemesis) hold() { n.wait(100*time.Millisecond, n.longest) }

func (n *nemesis) leader() int { return n.cluster.leader(n.rng) }

func (n *nemesis) follower() int {
	return (n.leader() + 1 + n.rng.IntN(len(n.cluster.members)-1)) % len(n.cluster.members)
}

func (n *nemesis) shuffled() []int { return n.rng.Perm(len(n.cluster.members)) }

func (n *nemesis) majority() []int { return n.shuffled()[:len(n.cluster.members)/2+1] }

func (n *nemesis) kill(nodes ...int) error {
	for _, i := range nodes {
		n.cluster.members[i].kill()
	}
	n.hold()
	return nil
}

func (n *nemesis) freeze(nodes ...int) error {
	for _, i := range nodes {
		n.cluster.members[i].freeze()
	}
	n.hold()
	return nil
}

// part cuts some nodes off from all others.
func (n *nemesis) part(nodes ...int) error {
	inside := map[int]bool{}
	for _, i := range nodes {
		inside[i] = true
	}
	cut := n.cut()
	for i := range n.cluster.members {
		for j := range n.cluster.members {
			if inside[i] != inside[j] {
				n.cluster.set(i, j, cut)
			}
		}
	}
	n.hold()
	return nil
}

// cut is one of the two ways in which a network fails: in silence, or with resets.
func (n *nemesis) cut() faultnet.Faults {
	if n.rng.IntN(3) == 0 {
		return faultnet.Faults{Reset: true}
	}
	return faultnet.Faults{Hold: true}
}

// deafen cuts one direction between a node and all others: what it says, or what it
// is told.
func (n *nemesis) deafen(node int, says bool) error {
	for i := range n.cluster.members {
		if i != node && says {
			n.cluster.set(node, i, faultnet.Faults{Hold: true})
		} else if i != node {
			n.cluster.set(i, node, faultnet.Faults{Hold: true})
		}
	}
	n.hold()
	return nil
}

// flap cuts a random link and heals it, over and over.
func (n *nemesis) flap() error {
	began, d := time.Now(), 500*time.Millisecond+rand.N(n.longest)
	for time.Since(began) < d {
		two := n.shuffled()[:2]
		cut := n.cut()
		n.cluster.set(two[0], two[1], cut)
		n.cluster.set(two[1], two[0], cut)
		n.wait(20*time.Millisecond, 400*time.Millisecond)
		n.cluster.net.Heal()
		n.wait(20*time.Millisecond, 200*time.Millisecond)
	}
	return nil
}

// slow makes one node's links slow, or everybody's.
func (n *nemesis) slow() error {
	f := faultnet.Faults{Rate: linkRate, Delay: 10*time.Millisecond + time.Duration(n.rng.Int64N(int64(90*time.Millisecond)))}
	one, all := n.rng.IntN(len(n.cluster.members)), n.rng.IntN(2) == 0
	for i := range n.cluster.members {
		for j := range n.cluster.members {
			if i != j && (all || i == one || j == one) {
				n.cluster.set(i, j, f)
			}
		}
	}
	n.hold()
	return nil
}

// roll stops each node gracefully and starts it again, one at a time.
func (n *nemesis) roll() error {
	for _, i := range n.shuffled() {
		if err := n.cluster.members[i].stop(); err != nil {
			return err
		}
		if err := n.cluster.members[i].start(); err != nil {
			return err
		}
	}
	return nil
}

// set puts faults on the way from one node to another.
func (c *cluster) set(from, to int, f faultnet.Faults) {
	c.net.Set(c.members[from].id, c.members[to].id, f)
}
