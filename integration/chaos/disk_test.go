package chaos

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"syscall"
	"time"

	"github.com/millrace-io/millrace/integration/node"
)

// diskFaults need nodes whose disks fail, and whose clocks jump, on order.
var diskFaults = []fault{
	{name: "the leader's disk is full", least: 1, strike: func(n *nemesis) error { return n.full(n.leader()) }},
	{name: "a follower's disk is full", least: 2, strike: func(n *nemesis) error { return n.full(n.follower()) }},
	{name: "all disks are full", least: 1, strike: func(n *nemesis) error { return n.full(n.shuffled()...) }},
	{name: "the leader's fsync fails", least: 1, strike: func(n *nemesis) error { return n.fsyncFails(n.leader()) }, needs: whole},
	{name: "a follower's fsync fails", least: 2, strike: func(n *nemesis) error { return n.fsyncFails(n.follower()) }, needs: whole},
	{name: "the leader loses its power", least: 1, strike: func(n *nemesis) error { return n.powerLoss(n.leader()) }},
	{name: "a follower loses its power", least: 2, strike: func(n *nemesis) error { return n.powerLoss(n.follower()) }},
	{name: "all lose their power", least: 1, strike: func(n *nemesis) error { return n.powerLoss(n.shuffled()...) }},
	{name: "a clock jumps", least: 1, strike: (*nemesis).jump, needs: clocks},
}

// diedIn is in which time a node whose fsync fails ends.
const diedIn = time.Minute

// order tells a hurt node what is wrong from now on. It returns the process that was
// told, nil when the node is down.
func (m *member) order(what string) (*node.Process, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.process == nil {
		return nil, nil
	}
	if m.orders == nil {
		return nil, fmt.Errorf("node %d takes no orders", m.number)
	}
	if what == orderBroken || what == orderPower {
		m.doomed = true
	}
	_, err := io.WriteString(m.orders, what+"\n")
	if errors.Is(err, syscall.EPIPE) || errors.Is(err, os.ErrClosed) { // has ended, which alive finds
		return nil, nil
	}
	return m.process, err
}

// full leaves some nodes without space, and writes until what they have is used up.
func (n *nemesis) full(nodes ...int) error {
	for _, i := range nodes {
		if _, err := n.cluster.members[i].order(orderFull); err != nil {
			return err
		}
	}
	n.fill()
	n.hold()
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
func (n *nemesis) fsyncFails(i int) error {
	m := n.cluster.members[i]
	p, err := m.order(orderBroken)
	if p == nil {
		return err
	}
	for end := time.Now().Add(diedIn); !ended(p); {
		if time.Now().After(end) {
			return fmt.Errorf("node %d lives on, its fsync fails since %v", i, diedIn)
		}
		n.fill() // something to sync
		if err := n.cluster.tick(); err != nil {
			return err
		}
	}
	m.bury(p)
	n.hold()
	return nil
}

// powerLoss takes some nodes' power at once: what they did not sync may be gone.
func (n *nemesis) powerLoss(nodes ...int) error {
	told := map[int]*node.Process{}
	for _, i := range nodes {
		p, err := n.cluster.members[i].order(orderPower)
		if err != nil {
			return err
		}
		if n.cluster.members[i].thaw(); p != nil { // one that is held up would obey when it is let go
			told[i] = p
		}
	}
	for i, p := range told {
		for end := time.Now().Add(diedIn); !ended(p); {
			if time.Now().After(end) {
				return fmt.Errorf("node %d lives on without power", i)
			}
			if err := n.cluster.tick(); err != nil {
				return err
			}
		}
		n.cluster.members[i].bury(p)
	}
	n.hold()
	return nil
}

// jump sets a node's clock an hour forward or back, or right again.
func (n *nemesis) jump() error {
	by := time.Duration(n.rng.IntN(3)-1) * time.Hour
	if _, err := n.cluster.members[n.rng.IntN(len(n.cluster.members))].order(orderClock + by.String()); err != nil {
		return err
	}
	n.hold()
	return nil
}

func ended(p *node.Process) bool {
	select {
	case <-p.Done():
		return true
	default:
		return false
	}
}

// bury takes note that a process has ended, as it was to.
func (m *member) bury(p *node.Process) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.process == p {
		m.endedLocked()
	}
}
