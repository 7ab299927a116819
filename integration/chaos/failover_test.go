package chaos

import (
	"flag"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/millrace-io/millrace/integration/chaos/history"
)

var failovers = flag.Int("failovers", 3, "how often the failover test kills the leader")

// resumeWithin is in which time writes must go on after the leader's death, in 19 of
// 20 tries.
const resumeWithin = 1500 * time.Millisecond

// Clients of the surviving nodes see the death of the leader as latency: all that they
// sent is answered, with the true reply and in order, what the leader had taken over
// included. Nothing is refused, and nothing is unknown.
func TestFailoverIsLatency(t *testing.T) {
	if *nodes < 3 {
		t.Skip("needs three nodes: run with -args -nodes 3")
	}
	if *seed == 0 {
		*seed = uint64(time.Now().UnixNano())
	}
	t.Logf("-seed %d -failovers %d", *seed, *failovers)
	dir := keptOnFailure(t)
	c := newCluster(t, dir, *nodes)
	var gaps []time.Duration
	for n := range uint64(*failovers) {
		r := newRound(t, c, *seed+n)
		gap, found := r.failover()
		if len(found) > 0 {
			t.Errorf("-seed %d\n%s", r.seed, strings.Join(found, "\n"))
			if err := r.keep(dir, found); err != nil {
				t.Error(err)
			}
			return
		}
		gaps = append(gaps, gap)
		if err := r.clean(); err != nil {
			t.Fatal(err)
		}
	}
	slices.Sort(gaps)
	t.Logf("longest time without a write, in each try: %v", gaps)
	if late := gaps[len(gaps)*19/20]; late > resumeWithin {
		t.Errorf("writes stopped for %v", late)
	}
}

// failover kills the leader under the load of clients that are elsewhere.
func (r *round) failover() (gap time.Duration, found []string) {
	if err := r.makeGroups(r.t.Context()); err != nil {
		return 0, []string{"create the groups: " + err.Error()}
	}
	n := newNemesis(r.cluster, r.seed, time.Second)
	r.away = n.leader()
	wait := r.startClients()
	n.wait(500*time.Millisecond, time.Second)
	r.told = []string{"kill -9 of the leader"}
	r.cluster.members[r.away].kill()
	n.wait(3*time.Second, 4*time.Second)
	err := r.cluster.heal()
	if err == nil {
		_, err = r.resumed()
	}
	close(r.stop)
	wait()
	r.ops = r.log.Ops()
	if err != nil {
		return 0, []string{err.Error()}
	}
	f := history.Count(r.ops)
	r.t.Logf("-seed %d: %v", r.seed, f)
	found = r.judge()
	for i := range r.ops {
		if op := &r.ops[i]; op.Outcome != history.OK && len(found) < 40 {
			found = append(found, "not latency alone: "+op.String())
		}
	}
	return f.Gap, found
}
