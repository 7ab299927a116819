package chaos

import (
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/millrace-io/millrace/integration/chaos/faultnet"
)

var behind = flag.Int("behind", 32, "how many megabytes of log a follower has to catch up with")

const (
	behindKeys  = 500
	behindValue = 64 << 10
	behindPipe  = 8
	// calm is how long a write may take while another node catches up, with -strict: the
	// followers that are there answer as ever.
	calm = time.Second
)

// A follower that was away catches up over a link of 20 MB/s, from the log, or from a
// snapshot when the log it needs is gone. Meanwhile the leader stays the leader, and
// writes are as quick as ever.
func TestFollowerCatchesUp(t *testing.T) {
	if *nodes < 3 {
		t.Skip("needs three nodes: run with -args -nodes 3")
	}
	for _, row := range []struct{ name, snapshots string }{{"by log", "64gb"}, {"by snapshot", "8mb"}} {
		t.Run(row.name, func(t *testing.T) {
			c := newCluster(t, keptOnFailure(t), *nodes, "--snapshot-log-bytes", row.snapshots)
			c.timeout = patience
			rng := rand.New(rand.NewPCG(1, 1))
			leader := c.leader(rng)
			away := (leader + 1) % len(c.members)
			c.members[away].kill()
			c.fill(*behind << 20)
			for i := range c.members {
				c.set(i, away, faultnet.Faults{Rate: linkRate})
				c.set(away, i, faultnet.Faults{Rate: linkRate})
			}
			began := time.Now()
			slowest, err := c.writeWhile(leader, func() error { return errors.Join(c.members[away].start(), c.votes(c.members[away])) })
			if err != nil {
				t.Fatal(err)
			}
			t.Logf("caught up with %d MB in %v, slowest write %v", *behind, time.Since(began), slowest)
			if *strict && slowest > calm {
				t.Errorf("a write took %v", slowest)
			}
			if now := c.leader(rng); *strict && now != leader {
				t.Errorf("node %d led before, now node %d does", leader, now)
			}
			c.net.Heal()
			r := newRound(t, c, 0)
			if digests, same := r.settle(); !same {
				t.Errorf("the replicas differ: %v", digests)
			}
		})
	}
}

// fill writes so many bytes, over and over to the same keys: the log grows, the state
// does not.
func (c *cluster) fill(bytes int) {
	c.t.Helper()
	client := c.client(c.leader(rand.New(rand.NewPCG(1, 2))))
	defer client.Close()
	value := strings.Repeat("x", behindValue)
	p := client.Pipeline()
	for i := range bytes / behindValue {
		p.Set(c.t.Context(), fmt.Sprint("filled:", i%behindKeys), value, 0)
		if i%behindPipe == behindPipe-1 {
			if _, err := p.Exec(c.t.Context()); err != nil {
				c.t.Fatal(err)
			}
		}
	}
	if _, err := p.Exec(c.t.Context()); err != nil {
		c.t.Fatal(err)
	}
}

// writeWhile writes through a node until something is done, and returns how long the
// slowest write took. Every write must succeed.
func (c *cluster) writeWhile(node int, do func() error) (slowest time.Duration, err error) {
	done := make(chan error, 1) // takes what do returned
	go func() { done <- do() }()
	client := c.client(node)
	defer client.Close()
	for i := 0; ; i++ {
		select {
		case failed := <-done:
			return slowest, errors.Join(err, failed)
		default:
		}
		began := time.Now()
		if failed := client.Set(c.t.Context(), "meanwhile", i, 0).Err(); failed != nil {
			err = fmt.Errorf("write while a node catches up: %w", failed)
			_ = c.tick() // when the test ends, do ends as well
		}
		slowest = max(slowest, time.Since(began))
	}
}
