package chaos

import (
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/millrace-io/millrace/integration/chaos/faultnet"
)

var (
	behind      = flag.Int("behind", 32, "how many megabytes of log a follower has to catch up with")
	behindState = flag.Int("behind-state", 32, "how many megabytes of state they leave, and a snapshot has")
)

const (
	behindValue = 64 << 10
	behindPipe  = 8
	// behindSnapshots is the setting that has snapshots taken, logSlack what a log may have
	// above its bound: what is written while a snapshot is, and segments that are not full.
	behindSnapshots = 8 << 20
	logSlack        = 64 << 20
	// calm is how long a write may take while another node catches up, with -strict: the
	// followers that are there answer as ever.
	calm = time.Second
)

// A follower that was away catches up over a link of 20 MB/s, from the log, or from a
// snapshot when the log it needs is gone: nobody keeps more of it for who is away.
// Meanwhile the leader stays the leader, and writes are as quick as ever.
func TestFollowerCatchesUp(t *testing.T) {
	if *nodes < 3 {
		t.Skip("needs three nodes: run with -args -nodes 3")
	}
	const never = 64 << 30
	for _, row := range []struct {
		name      string
		snapshots int
	}{{"by log", never}, {"by snapshot", behindSnapshots}} {
		t.Run(row.name, func(t *testing.T) {
			c := newCluster(t, keptOnFailure(t), *nodes, "--snapshot-log-bytes", fmt.Sprint(row.snapshots))
			c.timeout = patience
			rng := rand.New(rand.NewPCG(1, 1))
			leader := c.leader(rng)
			away := (leader + 1) % len(c.members)
			c.members[away].kill()
			c.fill(*behind << 20)
			if row.snapshots < never {
				c.checkLog(leader)
			}
			term := c.term(leader)
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
			if now, then := c.leader(rng), c.term(leader); *strict && (now != leader || then != term) {
				t.Errorf("node %d led term %d before, now node %d does term %d", leader, term, now, then)
			}
			c.net.Heal()
			c.catchUp(leader, away)
			r := newRound(t, c, 0)
			if digests, same := r.settle(); !same {
				t.Errorf("the replicas differ: %v", digests)
			}
		})
	}
}

// checkLog looks how much log a node keeps that takes snapshots.
func (c *cluster) checkLog(node int) {
	c.t.Helper()
	files, err := filepath.Glob(filepath.Join(c.members[node].dir, "log", "*.seg"))
	if err != nil {
		c.t.Fatal(err)
	}
	bytes := int64(0)
	for _, f := range files {
		if info, err := os.Stat(f); err == nil { // else it went meanwhile
			bytes += info.Size()
		}
	}
	most := int64(max(2*behindSnapshots, *behindState<<20) + logSlack)
	c.t.Logf("%d MB of log are kept, in %d files", bytes>>20, len(files))
	if bytes > most {
		c.t.Errorf("%d MB of log are kept in %d files, want %d at most", bytes>>20, len(files), most>>20)
	}
}

// catchUp waits until a node has what was written last: to compare the states of nodes
// keeps them busy.
func (c *cluster) catchUp(leader, node int) {
	c.t.Helper()
	newest, there := c.client(leader), c.client(node)
	defer newest.Close()
	defer there.Close()
	if err := there.ReadOnly(c.t.Context()).Err(); err != nil {
		c.t.Fatal(err)
	}
	began := time.Now()
	for {
		want, err := newest.Get(c.t.Context(), "meanwhile").Result()
		got, failed := there.Get(c.t.Context(), "meanwhile").Result()
		switch {
		case err == nil && failed == nil && got == want:
			c.t.Logf("and with what was written meanwhile in another %v", time.Since(began))
			return
		case time.Since(began) > patience:
			c.t.Fatalf("node %d has %q after %v, node %d %q (%v)", node, got, patience, leader, want, errors.Join(err, failed))
		case c.tick() != nil:
			c.t.Fatal("the test is over")
		}
	}
}

// term is the newest term that a node leads.
func (c *cluster) term(node int) int {
	c.t.Helper()
	client := c.client(node)
	defer client.Close()
	info, err := client.Info(c.t.Context(), "cluster").Result()
	if err != nil {
		c.t.Fatal(err)
	}
	_, rest, _ := strings.Cut(info, "cluster_my_epoch:")
	line, _, _ := strings.Cut(rest, "\r\n")
	term, err := strconv.Atoi(line)
	if err != nil {
		c.t.Fatalf("no term in %q", info)
	}
	return term
}

// fill writes so many bytes that can't be compressed, over and over to the same keys:
// the log grows, the state does not.
func (c *cluster) fill(bytes int) {
	c.t.Helper()
	client := c.client(c.leader(rand.New(rand.NewPCG(1, 2))))
	defer client.Close()
	random := rand.NewChaCha8([32]byte{})
	keys := *behindState << 20 / behindValue
	p := client.Pipeline()
	for i := range bytes / behindValue {
		value := make([]byte, behindValue)
		_, _ = random.Read(value)
		p.Set(c.t.Context(), fmt.Sprint("filled:", i%keys), value, 0)
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
