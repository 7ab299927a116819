package sim

import (
	"flag"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/millrace-io/millrace/integration/chaos/history"
)

var (
	seed   = flag.Uint64("seed", 0, "the only seed to run, 0 for -seeds new ones")
	seeds  = flag.Int("seeds", 100, "how many new seeds are run")
	again  = flag.Int("again", 1, "how often the one seed is run")
	strike = flag.Int("faults", 4, "how many faults a cluster sees")
)

// stuckAfter is how much real time a seed may take before the whole run ends with all
// stacks: a bubble in which somebody waits for a lock has a clock that stands still.
const stuckAfter = 5 * time.Minute

// Clusters of three nodes under load and faults keep what they promise.
func TestSim(t *testing.T) {
	first, n := *seed, *again
	if first == 0 {
		first, n = uint64(time.Now().UnixNano()), *seeds
	}
	t.Logf("-seed %d, and the %d behind it", first, n-1)
	for i := range uint64(n) {
		s := first
		if *seed == 0 {
			s += i
		}
		t.Run(fmt.Sprintf("seed=%d", s), func(t *testing.T) {
			t.Parallel()
			simulate(t, s, faults)
		})
	}
}

// simulate runs one seed, with faults of those given.
func simulate(t *testing.T, seed uint64, of []fault) {
	simulateWith(t, seed, func(w *world) []string { return w.play(of, *strike) })
}

// simulateWith has a world of a seed live as it is told; what that returns went wrong.
func simulateWith(t *testing.T, seed uint64, live func(*world) []string) {
	stuck := time.AfterFunc(stuckAfter, func() { panic(fmt.Sprintf("-seed %d hangs", seed)) })
	defer stuck.Stop()
	began := time.Now()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, seed)
		found := live(w)
		lived := time.Since(w.trace.began)
		if len(found) == 0 && !t.Failed() {
			t.Logf("-seed %d: %v in %v; %v", seed, history.Count(w.ops), lived, w.trace.faults)
			return
		}
		dir, err := w.keep(found)
		t.Errorf("-seed %d, trace in %s (%v)\nfaults: %s\n%s", seed, dir, err, strings.Join(w.trace.faults, "; "), strings.Join(found, "\n"))
	})
	t.Logf("took %v", time.Since(began))
}
