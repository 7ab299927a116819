package sim

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/millrace-io/millrace/integration/chaos/workload"
	"github.com/millrace-io/millrace/storage/vfs"
)

// longest is how long a fault lasts at most, unless it says otherwise.
const longest = 4 * time.Second

// fault is one way to break a cluster. It takes its whole time; what it leaves broken is
// healed after it, or after the next one: two failures at a time are none too rare.
type fault struct {
	name   string
	strike func(*world) error
	whole  bool // it needs a cluster that is whole
}

var faults = []fault{
	{name: "the leader is killed", strike: func(w *world) error { return w.kill(w.leader()) }},
	{name: "a follower is killed", strike: func(w *world) error { return w.kill(w.follower()) }},
	{name: "a majority is killed", strike: func(w *world) error { return w.kill(w.majority()...) }},
	{name: "all are killed", strike: func(w *world) error { return w.kill(w.rng.Perm(nodes)...) }},
	{name: "the leader loses power", strike: func(w *world) error { return w.unplug(w.leader()) }},
	{name: "a follower loses power", strike: func(w *world) error { return w.unplug(w.follower()) }},
	{name: "a majority loses power", strike: func(w *world) error { return w.unplug(w.majority()...) }},
	{name: "all lose power", strike: func(w *world) error { return w.unplug(w.rng.Perm(nodes)...) }},
	{name: "power comes and goes", strike: (*world).flicker},
	{name: "the leader is alone", strike: func(w *world) error { return w.part(w.leader()) }},
	{name: "a majority and a minority", strike: func(w *world) error { return w.part(w.majority()...) }},
	{name: "nobody hears the leader", strike: func(w *world) error { return w.deafen(w.leader(), true) }},
	{name: "the leader hears nobody", strike: func(w *world) error { return w.deafen(w.leader(), false) }},
	{name: "links come and go", strike: (*world).flap},
	{name: "slow links", strike: (*world).slow},
	{name: "the leader's disk is full", strike: func(w *world) error { return w.fill(w.leader()) }},
	{name: "a follower's disk is full", strike: func(w *world) error { return w.fill(w.follower()) }},
	{name: "all disks are full", strike: func(w *world) error { return w.fill(w.rng.Perm(nodes)...) }},
	{name: "an fsync of the leader fails", strike: func(w *world) error { return w.rot(w.leader()) }, whole: true},
	{name: "an fsync of a follower fails", strike: func(w *world) error { return w.rot(w.follower()) }, whole: true},
	{name: "a clock jumps", strike: (*world).jump},
	{name: "leaders hand over", strike: (*world).transfer},
	{name: "rolling restart", strike: (*world).roll, whole: true},
	{name: "killed behind a snapshot", strike: (*world).saves},
	{name: "a dead node is replaced", strike: (*world).replace, whole: true},
	{name: "the leader is removed", strike: (*world).dismiss, whole: true},
}

// torment strikes so many times, one fault after the other, and leaves the cluster whole.
func (w *world) torment(of []fault, n int) error {
	broken := false
	for i := range n {
		f := of[w.rng.IntN(len(of))]
		if broken && f.whole {
			if err := w.heal(); err != nil {
				return fmt.Errorf("before %q: %w", f.name, err)
			}
			broken = false
		}
		w.wait(200*time.Millisecond, time.Second) // the clients get to work
		w.trace.fault(f.name)
		if err := f.strike(w); err != nil {
			return fmt.Errorf("%s: %w", f.name, err)
		}
		if broken = w.rng.IntN(3) == 0 && i < n-1; broken {
			continue
		}
		if err := w.heal(); err != nil {
			return fmt.Errorf("after %q: %w", f.name, err)
		}
	}
	return nil
}

// hold is how long a fault lasts.
func (w *world) hold() { w.wait(50*time.Millisecond, longest) }

// leader is who leads a random partition, as any node sees it; any node when none does.
func (w *world) leader() int {
	partition := int64(w.rng.IntN(w.parts))
	for _, i := range w.rng.Perm(nodes) {
		reply, err := w.ask(i, "MILLRACE", "NODES")
		if err != nil {
			continue
		}
		for _, n := range reply.([]any) {
			n := workload.Pairs(n)
			if leads, _ := n["leads"].([]any); slices.Contains(leads, any(partition)) {
				for j, m := range w.members {
					if n["cluster-addr"] == m.bus {
						return j
					}
				}
			}
		}
	}
	return w.rng.IntN(nodes)
}

func (w *world) follower() int { return (w.leader() + 1 + w.rng.IntN(nodes-1)) % nodes }

func (w *world) majority() []int { return w.rng.Perm(nodes)[:nodes/2+1] }

// kill ends processes: what they wrote is on their disks.
func (w *world) kill(which ...int) error {
	for _, i := range which {
		w.members[i].kill((*vfs.Mem).KillProcess)
	}
	w.hold()
	return nil
}

// crash is a picture of a disk that loses power: what was synced, and some of the rest,
// or nothing of it.
func (w *world) crash(m *vfs.Mem) *vfs.Mem {
	if w.rng.IntN(2) == 0 {
		return m.CrashKeepNothing()
	}
	return m.Crash(w.rng)
}

func (w *world) unplug(which ...int) error {
	for _, i := range which {
		w.members[i].kill(w.crash)
	}
	w.hold()
	return nil
}

// flicker takes the power from one machine after the other, some while they start.
func (w *world) flicker() error {
	for range 4 {
		m := w.members[w.rng.IntN(nodes)]
		m.kill(w.crash)
		w.wait(0, 300*time.Millisecond)
		m.start()
		w.wait(0, 2*time.Second)
	}
	return nil
}

// part cuts some nodes off from all others.
func (w *world) part(which ...int) error {
	for i := range nodes {
		for j := range i {
			if slices.Contains(which, i) != slices.Contains(which, j) {
				w.cut(i, j)
			}
		}
	}
	w.hold()
	return nil
}

// cut is one of the two ways in which a network fails: in silence, or with resets
// before that.
func (w *world) cut(i, j int) {
	a, b := w.members[i].bus, w.members[j].bus
	w.network.Cut(a, b)
	if w.rng.IntN(3) == 0 {
		w.network.Reset(a, b)
	}
}

// deafen cuts one direction between a node and all others: what it says, or what it is
// told.
func (w *world) deafen(node int, says bool) error {
	for i := range nodes {
		switch {
		case i == node:
		case says:
			w.network.OneWay(w.members[node].bus, w.members[i].bus)
		default:
			w.network.OneWay(w.members[i].bus, w.members[node].bus)
		}
	}
	w.hold()
	return nil
}

// flap cuts a random link and heals it, over and over.
func (w *world) flap() error {
	for range 5 + w.rng.IntN(10) {
		two := w.rng.Perm(nodes)[:2]
		w.cut(two[0], two[1])
		w.wait(20*time.Millisecond, 600*time.Millisecond)
		w.network.HealAll()
		w.wait(20*time.Millisecond, 200*time.Millisecond)
	}
	return nil
}

// slow makes one node's links slow, or everybody's.
func (w *world) slow() error {
	one, all := w.rng.IntN(nodes), w.rng.IntN(2) == 0
	d := 5*time.Millisecond + time.Duration(w.rng.Int64N(int64(95*time.Millisecond)))
	for i, m := range w.members {
		for j, n := range w.members[:i] {
			if all || i == one || j == one {
				w.network.Delay(m.bus, n.bus, d)
				w.network.Rate(m.bus, n.bus, 1_000_000)
			}
		}
	}
	w.hold()
	return nil
}

// fill leaves no room on disks.
func (w *world) fill(which ...int) error {
	for _, i := range which {
		w.members[i].disk.SetLimit(1)
	}
	w.hold()
	return nil
}

// rot has the next sync of a node fail: it must end by itself, then or when it next
// syncs anything.
func (w *world) rot(i int) error {
	p := w.members[i].process
	p.doomed.Store(true)
	p.rotten.Store(true)
	select {
	case <-p.done:
	case <-time.After(time.Minute):
		return fmt.Errorf("node %d still runs a minute after a sync failed", i)
	}
	if p.err == nil {
		return fmt.Errorf("node %d ended without an error after a sync failed", i)
	}
	w.members[i].kill(w.crash)
	return nil
}

// jump sets a clock an hour forward or back, or right again.
func (w *world) jump() error {
	if !w.jumps {
		return nil
	}
	m := w.members[w.rng.IntN(nodes)]
	m.clock.Store(int64(time.Hour) * int64(w.rng.IntN(3)-1))
	w.hold()
	return nil
}

// transfer hands all leaderships over.
func (w *world) transfer() error {
	for range 3 {
		_, err := w.ask(w.rng.IntN(nodes), "MILLRACE", "TRANSFER")
		w.trace.note("transfer: %v", err)
		w.wait(0, time.Second)
	}
	return nil
}

// roll stops each node gracefully and starts it again, one at a time.
func (w *world) roll() error {
	for _, i := range w.rng.Perm(nodes) {
		w.members[i].stop()
		w.members[i].start()
		if err := w.members[i].ready(); err != nil {
			return err
		}
	}
	return nil
}

// saves takes a snapshot on one node and kills it right behind, or in the middle.
func (w *world) saves() error {
	i := w.rng.IntN(nodes)
	_, err := w.ask(i, "BGSAVE")
	w.trace.note("snapshot: %v", err)
	w.wait(0, 10*time.Millisecond)
	if w.rng.IntN(2) == 0 {
		return w.kill(i)
	}
	return w.unplug(i)
}

// replace takes a dead node out of the cluster and has one with an empty folder join in
// its place.
func (w *world) replace() error {
	i := w.follower()
	id, err := w.nodeID(i)
	if err != nil {
		return err
	}
	w.members[i].kill(w.crash)
	w.wait(0, time.Second)
	return w.rejoin(i, (i+1)%nodes, id)
}

// dismiss takes the leader out of the cluster while it leads, by its own order, and has
// it come back as a new node.
func (w *world) dismiss() error {
	i := w.leader()
	id, err := w.nodeID(i)
	if err != nil {
		return err
	}
	return w.rejoin(i, i, id)
}

// rejoin removes a node, by the order of one, and has a new one join in its place.
func (w *world) rejoin(i, by int, id string) error {
	m := w.members[i]
	if m.process != nil {
		m.process.doomed.Store(true)
	}
	err := w.until(startIn, func() error {
		_, err := w.ask(by, "MILLRACE", "REMOVE", id)
		if err != nil && by == i && m.process != nil {
			select {
			case <-m.process.done: // gone, before it could say so
				return nil
			default:
			}
		}
		if err != nil && strings.Contains(err.Error(), "removed") {
			return nil
		}
		return err
	})
	if err != nil {
		return fmt.Errorf("remove node %d: %w", i, err)
	}
	if err := m.wipe(); err != nil {
		return err
	}
	m.start()
	if err := m.ready(); err != nil {
		return err
	}
	return w.votes(i)
}

// nodeID is a node's id.
func (w *world) nodeID(i int) (id string, err error) {
	err = w.until(startIn, func() error {
		reply, err := w.ask(i, "MILLRACE", "NODES")
		if err != nil {
			return err
		}
		for _, n := range reply.([]any) {
			if n := workload.Pairs(n); n["self"] == int64(1) {
				id = n["id"].(string)
			}
		}
		return nil
	})
	return id, err
}

// votes waits until a node votes in all partitions: as long as it does not, the loss of
// another could stop the cluster.
func (w *world) votes(i int) error {
	return w.until(startIn, func() error {
		reply, err := w.ask((i+1)%nodes, "MILLRACE", "NODES")
		if err != nil {
			return err
		}
		for _, n := range reply.([]any) {
			if n := workload.Pairs(n); n["cluster-addr"] == w.members[i].bus && n["voter"] == int64(1) && n["state"] == "up" {
				return nil
			}
		}
		return fmt.Errorf("node %d does not vote: %v", i, reply)
	})
}
