package chaos

import (
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/millrace-io/millrace/integration/chaos/history"
)

const (
	streams   = 3
	producers = 4
	workers   = 2 // of each stream's group
	readers   = 2
	setters   = 3
	counters  = 2

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
	log     *history.Log
	stop    chan struct{} // closed when clients shall end
	told    []string      // the faults
	ops     []history.Op  // once the clients have ended
	away    int           // the node that clients keep away from, -1 for none
	jumps   bool          // clocks jump: idle times tell nothing
	changes bool          // who belongs to the cluster changes while faults come
}

func newRound(t *testing.T, c *cluster, seed uint64) *round {
	return &round{t: t, cluster: c, seed: seed, name: fmt.Sprint("r", seed), log: history.NewLog(), stop: make(chan struct{}), away: -1}
}

func (r *round) streamKey(i int) string { return fmt.Sprintf("%s:stream:%d", r.name, i) }

// stream is the key of a random one.
func (r *round) stream(rng *rand.Rand) string { return r.streamKey(rng.IntN(streams)) }

// run plays the round and returns which promises were broken.
func (r *round) run() []string {
	r.draw()
	if err := r.makeGroups(r.t.Context()); err != nil {
		return []string{fmt.Sprint("create the groups: ", err)}
	}
	wait := r.startClients()
	err := r.torment()
	var resumed time.Duration
	if err == nil {
		resumed, err = r.resumed()
	}
	close(r.stop)
	wait()
	r.ops = r.log.Ops()
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

// startClients starts all clients and returns what waits for their end.
func (r *round) startClients() (wait func()) {
	var wg sync.WaitGroup
	number := uint64(0)
	start := func(n int, make func(*client) func()) {
		for range n {
			number++
			c := &client{round: r, rng: rand.New(rand.NewPCG(r.seed, number))}
			turn := make(c)
			wg.Go(func() {
				defer c.close()
				for !r.over() {
					turn()
				}
			})
		}
	}
	start(producers, func(c *client) func() { return c.produce })
	start(readers, func(c *client) func() { return c.read })
	start(setters, func(c *client) func() { return c.set })
	start(counters, func(c *client) func() { return c.count })
	for i := range streams {
		start(workers, func(c *client) func() { return (&worker{client: c, key: r.streamKey(i)}).work })
	}
	return wg.Wait
}

// place is a random node for a client.
func (r *round) place(rng *rand.Rand) int {
	for {
		if i := rng.IntN(len(r.cluster.members)); i != r.away {
			return i
		}
	}
}

func (r *round) over() bool {
	select {
	case <-r.stop:
		return true
	default:
		return false
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
	found := history.Equal(digests)
	found = append(found, history.Entries(r.ops, final)...)
	found = append(found, history.Streams(r.ops, final)...)
	found = append(found, history.Groups(r.ops, final)...)
	acks, undecidedAcks := history.Acks(r.ops, final, decideIn)
	texts, undecidedTexts := history.Registers(r.ops, decideIn)
	if n := undecidedAcks + undecidedTexts; n > 0 {
		r.t.Logf("-seed %d: %d histories of keys were not decided within %v", r.seed, n, decideIn)
	}
	return append(append(found, acks...), texts...)
}

// keep writes what is needed to understand a failure into a folder.
func (r *round) keep(dir string, found []string) error {
	file, err := os.Create(filepath.Join(dir, "history.jsonl"))
	if err != nil {
		return err
	}
	lines := json.NewEncoder(file)
	for _, op := range r.ops {
		err = errors.Join(err, lines.Encode(op))
	}
	report, jsonErr := json.MarshalIndent(map[string]any{"seed": r.seed, "faults": r.told, "broken": found}, "", "  ")
	return errors.Join(err, file.Close(), jsonErr, os.WriteFile(filepath.Join(dir, "report.json"), report, 0o600), r.cluster.writeLogs(dir))
}
