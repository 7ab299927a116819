package sim

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/millrace-io/millrace/integration/chaos/history"
	"github.com/millrace-io/millrace/integration/chaos/workload"
	"github.com/millrace-io/millrace/replication/mesh/meshtest"
)

const (
	nodes = 3
	// clientAddr is where all clients are.
	clientAddr = "clients:1"
	// startIn is in which time a node must be ready, resumeIn a healed cluster take
	// writes.
	startIn  = 2 * time.Minute
	resumeIn = 2 * time.Minute
)

// world is a cluster and its clients, inside a bubble.
type world struct {
	t       *testing.T
	seed    uint64
	rng     *rand.Rand // of the faults
	network *meshtest.Network
	members []*member
	trace   *trace
	load    *workload.Workload
	jumps   bool // clocks jump: idle times tell nothing
	parts   int
	ops     []history.Op
	// How much log the nodes have grow before they take a snapshot, and its segments.
	snapshotBytes, segmentBytes int64
}

func newWorld(t *testing.T, seed uint64) *world {
	rng := rand.New(rand.NewPCG(seed, 0))
	w := &world{t: t, seed: seed, rng: rng, network: meshtest.New(), trace: newTrace(),
		jumps: rng.IntN(3) == 0, parts: 1 + 2*rng.IntN(2), snapshotBytes: 1 << 20, segmentBytes: 1 << 20}
	for i := range nodes {
		w.members = append(w.members, newMember(w, i))
	}
	w.links()
	return w
}

// links gives all links the delay that they have when they are well.
func (w *world) links() {
	for i, m := range w.members {
		w.network.Delay(clientAddr, m.addr, 100*time.Microsecond)
		for _, n := range w.members[:i] {
			w.network.Delay(m.bus, n.bus, 200*time.Microsecond)
			w.network.Rate(m.bus, n.bus, 0)
		}
	}
}

// play is the life of a cluster. It returns the promises that were broken.
func (w *world) play(of []fault, n int) (found []string) {
	defer w.end()
	if err := w.form(); err != nil {
		return []string{fmt.Sprint("form a cluster: ", err)}
	}
	if err := w.begin(); err != nil {
		return []string{fmt.Sprint("create the groups: ", err)}
	}
	err := w.torment(of, n)
	if err == nil {
		err = w.resumed()
	}
	w.ops = w.load.Stop()
	if err != nil {
		return []string{err.Error()}
	}
	return w.judge()
}

// begin has the clients begin.
func (w *world) begin() error {
	w.load = workload.New(workload.Options{
		Seed: w.seed, Streams: 2, Producers: 2, Workers: 2, Readers: 1, Setters: 2, Counters: 1,
		Least: 20 * time.Millisecond, Most: 200 * time.Millisecond, Pipeline: 11, Operations: 100,
		Block: 2 * time.Second, Era: 5 * time.Second, Hard: 50, AnyIdle: w.jumps,
		Connect: func(rng *rand.Rand) (workload.Conn, error) { return w.connect(rng.IntN(nodes)) },
	})
	c, err := w.connect(0)
	if err != nil {
		return err
	}
	defer c.Close()
	if err := w.load.MakeGroups(c); err != nil {
		return err
	}
	w.load.Start()
	return nil
}

// form starts the nodes, one after the other.
func (w *world) form() error {
	for _, m := range w.members {
		m.start()
		if err := m.ready(); err != nil {
			return err
		}
	}
	for i := range w.members {
		if err := w.votes(i); err != nil {
			return err
		}
	}
	return nil
}

// end stops all nodes; their goroutines must be gone then.
func (w *world) end() {
	for _, m := range w.members {
		m.stop()
	}
}

// heal mends links and disks and starts the nodes that are down.
func (w *world) heal() error {
	w.trace.note("healed")
	w.network.HealAll()
	w.links()
	for _, m := range w.members {
		m.disk.SetLimit(0)
		m.start()
	}
	var errs []error
	for _, m := range w.members {
		errs = append(errs, m.ready())
	}
	return errors.Join(errs...)
}

// wait lets the bubble's time pass.
func (w *world) wait(from, to time.Duration) {
	time.Sleep(from + time.Duration(w.rng.Int64N(int64(max(1, to-from)))))
}

// until waits for a condition.
func (w *world) until(within time.Duration, cond func() error) (err error) {
	for began := time.Now(); time.Since(began) < within; time.Sleep(50 * time.Millisecond) {
		if err = cond(); err == nil {
			return nil
		}
	}
	return fmt.Errorf("in vain for %v: %w", within, err)
}
