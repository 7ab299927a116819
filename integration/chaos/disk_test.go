package chaos

import (
	"context"
	"fmt"
	"io"
	"strings"
	"time"
)

// diskFaults need nodes whose disks fail on order.
var diskFaults = []fault{
	{"the leader's disk is full", 1, func(n *nemesis) error { return n.full(n.leader()) }},
	{"a follower's disk is full", 2, func(n *nemesis) error { return n.full(n.follower()) }},
	{"all disks are full", 1, func(n *nemesis) error { return n.full(n.shuffled()...) }},
	{"the leader's fsync fails", 1, func(n *nemesis) error { return n.fsyncFails(n.leader()) }},
	{"a follower's fsync fails", 2, func(n *nemesis) error { return n.fsyncFails(n.follower()) }},
	{"the leader loses its power", 1, func(n *nemesis) error { return n.powerLoss(n.leader()) }},
	{"a follower loses its power", 2, func(n *nemesis) error { return n.powerLoss(n.follower()) }},
	{"all lose their power", 1, func(n *nemesis) error { return n.powerLoss(n.shuffled()...) }},
}

// diedIn is in which time a node whose fsync fails ends.
const diedIn = time.Minute

// order tells a hurt node what is wrong with its disk from now on.
func (m *member) order(what string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.disk == nil {
		return fmt.Errorf("node %d has a disk that nobody orders about", m.number)
	}
	_, err := io.WriteString(m.disk, what+"\n")
	return err
}

// full leaves some nodes without space, and writes until what they have is used up.
func (n *nemesis) full(nodes ...int) error {
	for _, i := range nodes {
		if err := n.cluster.members[i].order(orderFull); err != nil {
			return err
		}
	}
	n.fill()
	n.hold()
	for _, i := range nodes {
		if err := n.cluster.members[i].order(orderWhole); err != nil {
			return err
		}
	}
	return nil
}

// fill writes until writes are refused, at most a few segments.
func (n *nemesis) fill() {
	ctx, cancel := context.WithTimeout(n.cluster.t.Context(), n.longest)
	defer cancel()
	c := n.cluster.client(n.rng.IntN(len(n.cluster.members)))
	defer c.Close()
	value := strings.Repeat("x", 256<<10)
	for range 64 {
		if c.Set(ctx, "filler", value, 0).Err() != nil {
			return
		}
	}
}

// fsyncFails has a node's fsync fail: the node must end by itself, rather than go on
// with data of unknown fate.
func (n *nemesis) fsyncFails(node int) error {
	m := n.cluster.members[node]
	if err := m.order(orderBroken); err != nil {
		return err
	}
	for end := time.Now().Add(diedIn); m.alive() == nil; {
		if time.Now().After(end) {
			return fmt.Errorf("node %d lives on, its fsync fails since %v", node, diedIn)
		}
		n.fill() // something to sync
		if err := n.cluster.tick(); err != nil {
			return err
		}
	}
	m.kill() // takes its log
	n.hold()
	return nil
}

// powerLoss takes some nodes' power at once: what they did not sync may be gone.
func (n *nemesis) powerLoss(nodes ...int) error {
	for _, i := range nodes {
		if err := n.cluster.members[i].order(orderPower); err != nil {
			return err
		}
	}
	for _, i := range nodes {
		for end := time.Now().Add(diedIn); n.cluster.members[i].alive() == nil; {
			if time.Now().After(end) {
				return fmt.Errorf("node %d lives on without power", i)
			}
			if err := n.cluster.tick(); err != nil {
				return err
			}
		}
		n.cluster.members[i].kill() // takes its log
	}
	n.hold()
	return nil
}
