package main

import (
	"errors"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/millrace-io/millrace/bench/load"
)

// failoverGoal is when writes must go on after the leader's death, in 19 of 20 tries.
const failoverGoal = 1500 * time.Millisecond

// failoverCase kills the leader under load, as often as there are rounds.
func failoverCase() *testCase {
	return clusterCase(testCase{
		name: "cluster/failover", title: "3 nodes: from kill -9 of the leader under load until both survivors answer XADD again, a try each round", rounds: 1,
		metrics: []metric{
			{name: "p50", unit: "ms", lower: true}, {name: "max", unit: "ms", lower: true},
			{name: "tries within 1.5 s", unit: "%", least: 95},
		},
		measure: (*job).failovers,
	})
}

func (j *job) failovers() ([]float64, error) {
	var gaps []float64
	within := 0
	for range j.bench.rounds {
		gap, err := j.failover()
		if err != nil {
			return nil, err
		}
		gaps = append(gaps, float64(gap)/float64(time.Millisecond))
		if gap <= failoverGoal {
			within++
		}
	}
	return []float64{median(gaps), slices.Max(gaps), 100 * float64(within) / float64(len(gaps))}, nil
}

// failover kills the leader while clients append through the survivors, starts it again
// when they were answered, and checks that exactly what was acknowledged is there.
func (j *job) failover() (time.Duration, error) {
	if err := j.settled(); err != nil {
		return 0, err
	}
	leader, err := j.leader()
	if err != nil {
		return 0, err
	}
	survivors := slices.DeleteFunc(slices.Clone(j.members), func(s *server) bool { return s == leader })
	w := &writers{job: j, resumed: make([]atomic.Int64, len(survivors)), stop: make(chan struct{})}
	if err := w.start(survivors); err != nil {
		return 0, err
	}
	time.Sleep(500 * time.Millisecond) // under way
	killed := time.Now()
	leader.kill()
	w.dead.Store(time.Now().UnixNano())
	resumed := w.awaitResumed()
	if err := errors.Join(w.end(), leader.run(), resumed, j.settled()); err != nil {
		return 0, err
	}
	if err := j.expectOnEach(int(w.acknowledged.Load()), "XLEN", j.key); err != nil {
		return 0, err
	}
	last := int64(0)
	for i := range w.resumed {
		last = max(last, w.resumed[i].Load())
	}
	_, err = j.do("DEL", j.key)
	return time.Unix(0, last).Sub(killed), err
}

// writers append one entry after the other, several of them through each survivor.
type writers struct {
	*job
	dead         atomic.Int64   // when the leader was dead, 0 before
	resumed      []atomic.Int64 // by survivor: when the first reply came to what was sent after that
	acknowledged atomic.Int64
	stop         chan struct{}
	wg           sync.WaitGroup
	mu           sync.Mutex
	errs         []error
}

const writersEach = 10

var errNotResumed = errors.New("no writes for a minute after the leader's death")

func (w *writers) start(survivors []*server) error {
	add := load.Command("XADD", w.key, "*", "f", payload)
	for i, s := range survivors {
		conns, err := load.DialMany(s.addr, writersEach)
		if err != nil {
			return errors.Join(err, w.end())
		}
		for _, c := range conns {
			w.wg.Go(func() {
				defer c.Close()
				if err := w.write(i, c, add); err != nil {
					w.mu.Lock()
					w.errs = append(w.errs, err)
					w.mu.Unlock()
				}
			})
		}
	}
	return nil
}

func (w *writers) write(i int, c *load.Conn, add []byte) error {
	for {
		select {
		case <-w.stop:
			return nil
		default:
		}
		after := w.dead.Load() != 0
		if _, err := c.Call(add); err != nil {
			return err
		}
		w.acknowledged.Add(1)
		if after {
			w.resumed[i].CompareAndSwap(0, time.Now().UnixNano())
		}
	}
}

func (w *writers) awaitResumed() error {
	for deadline := time.Now().Add(time.Minute); time.Now().Before(deadline); time.Sleep(time.Millisecond) {
		missing := false
		for i := range w.resumed {
			missing = missing || w.resumed[i].Load() == 0
		}
		if !missing {
			return nil
		}
	}
	return errNotResumed
}

// end stops the writers and waits for them.
func (w *writers) end() error {
	close(w.stop)
	w.wg.Wait()
	return errors.Join(w.errs...)
}
