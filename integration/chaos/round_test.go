package chaos

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/millrace-io/millrace/integration/chaos/history"
	"github.com/millrace-io/millrace/integration/chaos/workload"
)

const (
	leastOps  = 300
	roundTime = 6 * time.Second  // how long faults go on in a round
	resumeIn  = 2 * time.Minute  // in which a healed cluster must take writes again
	decideIn  = 20 * time.Second // for a search of one key
)

// round is one run of all clients under faults, with keys of its own.
type round struct {
	t       *testing.T
	cluster *cluster
	seed    uint64
	name    string // what its keys begin with
	load    *workload.Workload
	told    []string     // the faults
	ops     []history.Op // once the clients have ended
	away    int          // the node that clients keep away from, -1 for none
	jumps   bool         // clocks jump: idle times tell nothing
	changes bool         // who belongs to the cluster changes while faults come
}

func newRound(t *testing.T, c *cluster, seed uint64) *round {
	return &round{t: t, cluster: c, seed: seed, name: fmt.Sprint("r", seed), away: -1}
}

// begin has the clients begin.
func (r *round) begin() error {
	r.load = workload.New(workload.Options{
		Seed: r.seed, Prefix: r.name + ":",
		Streams: 3, Producers: 4, Workers: 2, Readers: 2, Setters: 3, Counters: 2,
		Least: time.Millisecond, Most: 12 * time.Millisecond, Pipeline: 21, Operations: 200,
		Block: 200 * time.Millisecond, Era: 2 * time.Second, Hard: 100, AnyIdle: r.jumps,
		Connect: func(rng *rand.Rand) (workload.Conn, error) { return r.cluster.connect(r.place(rng)), nil },
	})
	c := r.cluster.connect(0)
	defer c.Close()
	if err := r.load.MakeGroups(c); err != nil {
		return fmt.Errorf("create the groups: %w", err)
	}
	r.load.Start()
	return nil
}

// run plays the round and returns which promises were broken.
func (r *round) run() []string {
	r.draw()
	if err := r.begin(); err != nil {
		return []string{err.Error()}
	}
	err := r.torment()
	var resumed time.Duration
	if err == nil {
		resumed, err = r.resumed()
	}
	r.ops = r.load.Stop()
	if err != nil {
		return []string{err.Error()}
	}
	found := r.judge()
	f := history.Count(r.ops)
	r.t.Logf("-seed %d: %v; %v; writes resumed after %v", r.seed, r.told, f, resumed.Round(time.Millisecond))
	if f.OK < leastOps {
		found = append(found, fmt.Sprintf("only %d operations: the round proves little", f.OK))
	}
	return found
}

// draw chooses what kind of round it is.
func (r *round) draw() {
	rng := rand.New(rand.NewPCG(r.seed, 1))
	r.jumps = rng.IntN(3) == 0 && r.cluster.hurt
	r.changes = rng.IntN(2) == 0 && r.cluster.spare != nil
}

// torment breaks the cluster for some time, and changes its members meanwhile in rounds
// that do. In the end it is whole.
func (r *round) torment() error {
	without := needs(0)
	if !r.jumps {
		without |= clocks
	}
	if r.changes {
		without |= members
	}
	n := newNemesis(r.cluster, r.seed, *longest, without)
	s := &membership{cluster: r.cluster, rng: rand.New(rand.NewPCG(r.seed, 2))}
	stop := make(chan struct{})
	changed := make(chan error, 1) // takes how the changes ended
	if r.changes {
		go func() { changed <- s.during(stop) }()
	} else {
		changed <- nil
	}
	err := n.torment(max(roundTime, 2**longest))
	close(stop)
	if err != nil {
		err = errors.Join(err, r.cluster.heal()) // so that what is being changed comes to its end
	}
	err = errors.Join(err, <-changed)
	r.told = append(n.told, s.told...)
	if err != nil {
		return err
	}
	if r.jumps {
		for _, m := range r.cluster.members {
			if _, err := m.order(orderClock + "0s"); err != nil {
				return err
			}
		}
	}
	return r.cluster.heal()
}

// place is a random node for a client.
func (r *round) place(rng *rand.Rand) int {
	for {
		if i := rng.IntN(len(r.cluster.members)); i != r.away {
			return i
		}
	}
}

// judge compares what the clients saw with what is left.
func (r *round) judge() []string {
	digests, same := r.settle()
	if !same {
		return append(history.Equal(digests), "the state of the nodes does not come to rest")
	}
	final, err := r.final()
	if err != nil {
		return []string{fmt.Sprint("read the final state: ", err)}
	}
	found, undecided := history.Judge(r.ops, final, decideIn)
	if undecided > 0 {
		r.t.Logf("-seed %d: %d histories of keys were not decided within %v", r.seed, undecided, decideIn)
	}
	return found
}

// keep writes what is needed to understand a failure into a folder.
func (r *round) keep(dir string, found []string) error {
	return errors.Join(history.Keep(dir, r.seed, r.ops, r.told, found), r.cluster.writeLogs(dir))
}
