package chaos

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/millrace-io/millrace/integration/chaos/faultnet"
)

const (
	// linkRate is a slow link between two places, in bytes per second.
	linkRate = 20_000_000
	// shortestFreeze is how long a process is held up at least.
	shortestFreeze = time.Second
)

// fault is one way to break a cluster. It takes its whole time; what it leaves broken is
// healed after it, or after the next one: two at a time are none too rare.
//
// Those of disks and clocks, which need nodes of their own, are in disk_test.go.
type fault struct {
	name   string
	least  int // how many nodes it needs
	strike func(*nemesis) error
	needs  needs
}

// needs is what a fault needs beside nodes.
type needs uint8

const (
	whole   needs = 1 << iota // a cluster that is whole: it is healed before
	members                   // that nobody else changes who belongs to the cluster
	clocks                    // a round in which clocks may jump
)

var faults = []fault{
	{name: "kill -9 of the leader", least: 1, strike: func(n *nemesis) error { return n.kill(n.leader()) }},
	{name: "kill -9 of a follower", least: 2, strike: func(n *nemesis) error { return n.kill(n.follower()) }},
	{name: "kill -9 of a majority", least: 3, strike: func(n *nemesis) error { return n.kill(n.majority()...) }},
	{name: "kill -9 of all", least: 1, strike: func(n *nemesis) error { return n.kill(n.shuffled()...) }},
	{name: "the leader is frozen", least: 1, strike: func(n *nemesis) error { return n.freeze(n.leader()) }},
	{name: "a follower is frozen", least: 2, strike: func(n *nemesis) error { return n.freeze(n.follower()) }},
	{name: "a majority is frozen", least: 3, strike: func(n *nemesis) error { return n.freeze(n.majority()...) }},
	{name: "the leader is alone", least: 3, strike: func(n *nemesis) error { return n.part(n.leader()) }},
	{name: "a majority and a minority", least: 3, strike: func(n *nemesis) error { return n.part(n.majority()...) }},
	{name: "nobody hears the leader", least: 2, strike: func(n *nemesis) error { return n.deafen(n.leader(), true) }},
	{name: "the leader hears nobody", least: 2, strike: func(n *nemesis) error { return n.deafen(n.leader(), false) }},
	{name: "links come and go", least: 2, strike: (*nemesis).flap},
	{name: "slow links", least: 2, strike: (*nemesis).slow},
	{name: "rolling restart", least: 1, strike: (*nemesis).roll, needs: whole},
	{name: "kill -9 after a snapshot", least: 1, strike: (*nemesis).saves},
	{name: "leaders hand over", least: 3, strike: (*nemesis).transfer},
	{name: "a dead node is replaced", least: 3, strike: (*nemesis).replace, needs: whole | members},
	{name: "the leader is removed", least: 3, strike: (*nemesis).dismiss, needs: whole | members},
}

// nemesis breaks a cluster, as its seed chooses.
type nemesis struct {
	cluster *cluster
	rng     *rand.Rand
	faults  []fault
	longest time.Duration // of one fault
	broken  bool          // there is something to heal
	busy    bool          // somebody changes who belongs to the cluster meanwhile
	told    []string      // what it did
}

// newNemesis knows all faults that the cluster can be given, but those that need what
// there is not.
func newNemesis(c *cluster, seed uint64, longest time.Duration, without needs) *nemesis {
	n := &nemesis{cluster: c, rng: rand.New(rand.NewPCG(seed, 0)), longest: longest, faults: slices.Clone(faults)}
	if c.hurt {
		n.faults = slices.Concat(diskFaults, faults)
	}
	n.faults = slices.DeleteFunc(n.faults, func(f fault) bool { return f.needs&without != 0 || f.least > len(c.members) })
	n.busy = without&members != 0
	return n
}

// torment strikes with one fault after the other until the time is up, and leaves the
// cluster whole.
func (n *nemesis) torment(d time.Duration) error {
	began := time.Now()
	for time.Since(began) < d {
		f := n.faults[n.rng.IntN(len(n.faults))]
		if f.needs&whole != 0 {
			if err := n.heal("before " + f.name); err != nil {
				return err
			}
		}
		n.wait(200*time.Millisecond, time.Second) // the clients get to work
		n.told = append(n.told, fmt.Sprintf("%v: %s%s", time.Since(began).Round(time.Millisecond), f.name, onTop[n.broken]))
		if err := f.strike(n); err != nil {
			return fmt.Errorf("%s: %w", f.name, err)
		}
		n.broken = true
		if n.rng.IntN(3) == 0 {
			continue
		}
		if err := n.heal("after " + f.name); err != nil {
			return err
		}
	}
	return n.heal("in the end")
}

// onTop says that a fault meets what the one before it has left.
var onTop = map[bool]string{true: " on top"}

func (n *nemesis) heal(when string) error {
	if !n.broken {
		return nil
	}
	n.broken = false
	if err := n.cluster.heal(); err != nil {
		return fmt.Errorf("%s: %w", when, err)
	}
	return nil
}

func (n *nemesis) wait(from, to time.Duration) { n.cluster.pause(nil, from, to) }

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
	n.wait(shortestFreeze, max(n.longest, 2*shortestFreeze))
	return nil
}

// part cuts some nodes off from all others.
func (n *nemesis) part(nodes ...int) error {
	inside := map[int]bool{}
	for _, i := range nodes {
		inside[i] = true
	}
	cut := n.cut()
	for i := range n.cluster.everybody() {
		for j := range n.cluster.everybody() {
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
	for i := range n.cluster.everybody() {
		if i != node && says {
			n.cluster.set(node, i, faultnet.Faults{Hold: true})
		} else if i != node {
			n.cluster.set(i, node, faultnet.Faults{Hold: true})
		}
	}
	n.hold()
	return nil
}

// flap cuts a random link and mends it, over and over.
func (n *nemesis) flap() error {
	began, d := time.Now(), 500*time.Millisecond+rand.N(n.longest)
	for time.Since(began) < d {
		two := n.rng.Perm(len(n.cluster.everybody()))[:2]
		for _, f := range []faultnet.Faults{n.cut(), {}} {
			n.cluster.set(two[0], two[1], f)
			n.cluster.set(two[1], two[0], f)
			n.wait(20*time.Millisecond, 300*time.Millisecond)
		}
	}
	return nil
}

// slow makes one node's links slow, or everybody's.
func (n *nemesis) slow() error {
	f := faultnet.Faults{Rate: linkRate, Delay: 10*time.Millisecond + time.Duration(n.rng.Int64N(int64(90*time.Millisecond)))}
	one, all := n.rng.IntN(len(n.cluster.members)), n.rng.IntN(2) == 0
	for i := range n.cluster.everybody() {
		for j := range n.cluster.everybody() {
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
		m := n.cluster.members[i]
		if err := m.stop(); err != nil {
			return err
		}
		if err := m.start(); err != nil && err != errStruck { // who takes it out has it come back
			return err
		}
	}
	return nil
}

// set puts faults on the way from one node to another, of everybody.
func (c *cluster) set(from, to int, f faultnet.Faults) {
	all := c.everybody()
	if a, b := all[from].identity(), all[to].identity(); a != 0 && b != 0 {
		c.net.Set(a, b, f)
	}
}
