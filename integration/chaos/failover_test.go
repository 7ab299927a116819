package chaos

import (
	"flag"
	"fmt"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/millrace-io/millrace/integration/chaos/history"
)

var failovers = flag.Int("failovers", 2, "how often the failover test kills the leader")

const (
	// resumeWithin is in which time writes must go on after the leader's death, in 19 of
	// 20 tries, with -strict: fewer tries than that say nothing about it.
	resumeWithin = 1500 * time.Millisecond
	enoughTries  = 20
	// smooth is how long one command may take while all nodes are restarted in turn, with
	// -strict.
	smooth = time.Second
)

// Clients of the surviving nodes see the death of the leader as latency: all that they
// sent is answered, with the true reply and in order, what the leader had taken over
// included. Nothing is refused, and nothing is unknown.
func TestFailoverIsLatency(t *testing.T) {
	if *nodes < 3 {
		t.Skip("needs three nodes: run with -args -nodes 3")
	}
	drawSeed()
	t.Logf("-seed %d -failovers %d", *seed, *failovers)
	c := newCluster(t, keptOnFailure(t), *nodes)
	c.timeout = patience
	var gaps []time.Duration
	for n := range uint64(*failovers) {
		r := newRound(t, c, *seed+n)
		gap, found := r.failover()
		if r.failed(found) {
			return
		}
		gaps = append(gaps, gap)
		if err := r.clean(); err != nil {
			t.Fatal(err)
		}
	}
	slices.Sort(gaps)
	t.Logf("longest time without a write, in each try: %v", gaps)
	if late := gaps[(len(gaps)*19-1)/20]; *strict && len(gaps) >= enoughTries && late > resumeWithin {
		t.Errorf("writes stopped for %v", late)
		if err := c.writeLogs(filepath.Dir(c.members[0].dir)); err != nil {
			t.Error(err)
		}
	}
}

// failover kills the leader under the load of clients that are elsewhere. It was told to
// lead: who leads by the cluster's own choice may hand over before it is killed.
func (r *round) failover() (gap time.Duration, found []string) {
	n := newNemesis(r.cluster, r.seed, time.Second, 0)
	r.away = n.rng.IntN(len(r.cluster.members))
	for partition := range *parts {
		id := fmt.Sprintf("%016x", r.cluster.members[r.away].identity())
		err := n.order(r.away, "MILLRACE", "TRANSFER", strconv.Itoa(partition), id)
		for end := time.Now().Add(joinIn); err != nil && strings.Contains(err.Error(), "joining") && time.Now().Before(end) && r.cluster.tick() == nil; {
			err = n.order(r.away, "MILLRACE", "TRANSFER", strconv.Itoa(partition), id) // it has only just come
		}
		if err != nil {
			return 0, []string{err.Error()}
		}
	}
	found = r.during("kill -9 of the leader", func() error {
		r.cluster.members[r.away].kill()
		n.wait(3*time.Second, 4*time.Second)
		return r.cluster.heal()
	})
	for i := range r.ops {
		if op := &r.ops[i]; op.Outcome != history.OK && len(found) < 40 {
			found = append(found, "not latency alone: "+op.String())
		}
	}
	return history.Count(r.ops).Gap, found
}

// during runs the clients while one thing happens, and judges.
func (r *round) during(what string, happens func() error) []string {
	if err := r.begin(); err != nil {
		return []string{err.Error()}
	}
	n := newNemesis(r.cluster, r.seed, time.Second, 0)
	n.wait(500*time.Millisecond, time.Second)
	r.told = []string{what}
	err := happens()
	if err == nil {
		_, err = r.resumed()
	}
	r.ops = r.load.Stop()
	if err != nil {
		return []string{err.Error()}
	}
	r.t.Logf("-seed %d: %s: %v", r.seed, what, history.Count(r.ops))
	return r.judge()
}

// A node that is stopped gracefully hands over what it leads first: all nodes can be
// restarted in turn, nothing is lost, and no command takes long.
func TestRollingRestartIsSmooth(t *testing.T) {
	if *nodes < 3 {
		t.Skip("needs three nodes: run with -args -nodes 3")
	}
	drawSeed()
	c := newCluster(t, keptOnFailure(t), *nodes)
	r := newRound(t, c, *seed)
	found := r.during("rolling restart", newNemesis(c, *seed, time.Second, 0).roll)
	if f := history.Count(r.ops); *strict && f.Slowest > smooth {
		found = append(found, fmt.Sprintf("a command took %v", f.Slowest))
	}
	r.failed(found)
}
