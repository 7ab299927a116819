package chaos

import (
	"context"
	"errors"
	"fmt"
	"os"
	"regexp"
	"time"

	"github.com/redis/go-redis/v9"
)

// joinIn is in which time a node must be a voter of all partitions.
const joinIn = 2 * time.Minute

// transfer hands all leaderships over.
func (n *nemesis) transfer() error {
	if err := n.order(n.leader(), "MILLRACE", "TRANSFER"); err != nil {
		return err
	}
	n.hold()
	return nil
}

// saves takes a snapshot on one node and kills it right behind, or in the middle.
func (n *nemesis) saves() error {
	i := n.rng.IntN(len(n.cluster.members))
	var reply redis.Error // a snapshot is being taken already, as good as this one
	if err := n.order(i, "BGSAVE"); err != nil && !errors.As(err, &reply) {
		return err
	}
	n.wait(0, 100*time.Millisecond)
	return n.kill(i)
}

// replace takes a dead node out of the cluster and has one with an empty folder join
// in its place.
func (n *nemesis) replace() error {
	i := n.follower()
	n.cluster.members[i].kill()
	n.wait(0, time.Second)
	return n.rejoin(i, (i+1)%len(n.cluster.members))
}

// dismiss takes the leader out of the cluster while it leads, by its own order, and
// has it come back as a new node.
func (n *nemesis) dismiss() error {
	i := n.leader()
	return n.rejoin(i, i)
}

// rejoin removes a node, by the order of one, and has a new one join in its place.
func (n *nemesis) rejoin(i, by int) error {
	m := n.cluster.members[i]
	if err := n.order(by, "MILLRACE", "REMOVE", fmt.Sprintf("%016x", m.id)); err != nil {
		return err
	}
	m.kill()
	if err := m.wipe(); err != nil {
		return err
	}
	if err := m.start(); err != nil {
		return err
	}
	return n.cluster.votes(i)
}

// order has a node do something. What is refused for the moment, by a disk that was
// full until now or for want of a leader, is asked for again.
func (n *nemesis) order(node int, args ...any) error {
	ctx, cancel := context.WithTimeout(n.cluster.t.Context(), joinIn)
	defer cancel()
	c := n.cluster.patient(node) // it is done when the order is answered
	defer c.Close()
	for {
		err := c.Do(ctx, args...).Err()
		if err == nil {
			return nil
		}
		if !later.MatchString(err.Error()) || ctx.Err() != nil {
			return fmt.Errorf("%v on node %d: %w", args, node, err)
		}
		if err := n.cluster.tick(); err != nil {
			return err
		}
	}
}

// later are errors that pass.
var later = regexp.MustCompile("^(ERR )*(MISCONF|TRYAGAIN|CLUSTERDOWN)")

// wipe makes a node that is down a new one.
func (m *member) wipe() error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.id = 0
	return os.RemoveAll(m.dir)
}

// votes waits until a node that has joined votes in all partitions: as long as it does
// not, the loss of another could stop the cluster.
func (c *cluster) votes(node int) error {
	want := fmt.Sprintf("%016x", c.members[node].id)
	client := c.client((node + 1) % len(c.members))
	defer client.Close()
	var seen any
	for end := time.Now().Add(joinIn); time.Now().Before(end); {
		reply, err := client.Do(c.t.Context(), "MILLRACE", "NODES").Slice()
		if seen = err; err == nil {
			seen = reply
		}
		for _, one := range reply {
			if m, ok := one.(map[any]any); ok && m["id"] == want && m["voter"] == int64(1) {
				return nil
			}
		}
		if err := c.tick(); err != nil {
			return err
		}
	}
	return fmt.Errorf("node %d is no voter after %v: %v", node, joinIn, seen)
}
