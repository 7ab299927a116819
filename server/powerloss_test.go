package server

import (
	"math/rand/v2"
	"reflect"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/millrace-io/millrace/server/config"
	"github.com/millrace-io/millrace/storage/vfs"
)

const workers = 3

// ordeal is a node that dies again and again, and the clients that remember.
type ordeal struct {
	t       *testing.T
	rng     *rand.Rand
	mode    config.Fsync
	workers []*worker
}

func newOrdeal(t *testing.T, rng *rand.Rand, mode config.Fsync) *ordeal {
	o := &ordeal{t: t, rng: rng, mode: mode}
	for i := range workers {
		o.workers = append(o.workers, newWorker(i))
	}
	return o
}

// live runs a node on disk while the workers write, until the operation after
// steps, and returns what picture then makes of the disk.
func (o *ordeal) live(disk *vfs.Mem, steps int, picture func(*vfs.Mem) *vfs.Mem) *vfs.Mem {
	o.t.Helper()
	fz := newFreezer(steps)
	dead := new(atomic.Bool)
	p := launch(o.t, vfs.WithFaults(disk, fz.hook), testConfig(fsync(o.mode)))
	var wg sync.WaitGroup
	var clients []*client
	select {
	case <-p.ready:
		for _, w := range o.workers {
			c := dial(o.t, p)
			clients = append(clients, c)
			w.dead = dead
			rng := rand.New(rand.NewPCG(o.rng.Uint64(), 1))
			wg.Go(func() { w.work(c, rng, 30, o.between(p, w)) })
		}
	case <-fz.reached:
	case <-p.done:
		o.t.Fatalf("the node ended: %v", p.err)
	}
	idle := make(chan struct{})
	go func() { wg.Wait(); close(idle) }()
	if len(clients) == 0 {
		<-fz.reached
	}
	select {
	case <-fz.reached:
		if len(clients) > 0 {
			drained(o.t, p)
		}
	case <-idle: // it dies with nothing to do
	}
	dead.Store(true)
	next := picture(disk)
	fz.release()
	for _, c := range clients {
		c.Close()
	}
	<-idle
	if err := p.stop(o.t); err != nil {
		o.t.Errorf("stop: %v", err)
	}
	return next
}

// between has the first worker take a snapshot now and then.
func (o *ordeal) between(p *process, w *worker) func(int) {
	return func(batch int) {
		if w == o.workers[0] && batch%7 == 6 {
			if err := p.Snapshot(); err != nil {
				o.t.Errorf("snapshot: %v", err)
			}
		}
	}
}

// check starts a node on disk and compares what it serves.
func (o *ordeal) check(disk *vfs.Mem, least func(*worker) int) {
	o.t.Helper()
	p := start(o.t, disk, fsync(o.mode))
	c := dial(o.t, p)
	for _, w := range o.workers {
		w.check(o.t, c, least(w))
	}
	if err := p.stop(o.t); err != nil {
		o.t.Errorf("stop: %v", err)
	}
}

func all(w *worker) int       { return w.acked }
func none(*worker) int        { return 0 }
func (o *ordeal) moment() int { return o.rng.IntN(220) }

func (o *ordeal) powerLoss(m *vfs.Mem) *vfs.Mem { return m.Crash(o.rng) }
func kill(m *vfs.Mem) *vfs.Mem                  { return m.KillProcess() }

// With fsync always a power loss at any moment takes nothing that was
// acknowledged and brings nothing twice; so does one while it recovers.
func TestPowerLossLosesNothingAcknowledged(t *testing.T) {
	seeds(t, func(t *testing.T, rng *rand.Rand) {
		o := newOrdeal(t, rng, config.FsyncAlways)
		disk := newDisk()
		for range 3 {
			disk = o.live(disk, o.moment(), o.powerLoss)
			disk = o.dieStarting(disk)
			o.check(disk.KillProcess(), all)
			if t.Failed() {
				return
			}
		}
	})
}

// dieStarting begins a life on disk that ends by power loss while it starts.
func (o *ordeal) dieStarting(disk *vfs.Mem) *vfs.Mem {
	fz := newFreezer(o.rng.IntN(16))
	p := launch(o.t, vfs.WithFaults(disk, fz.hook), testConfig(fsync(o.mode)))
	select {
	case <-fz.reached:
	case <-p.done:
		o.t.Fatalf("the node ended: %v", p.err)
	case <-p.ready: // the start took fewer steps
	}
	next := o.powerLoss(disk)
	fz.release()
	if err := p.stop(o.t); err != nil {
		o.t.Errorf("stop: %v", err)
	}
	return next
}

// kill -9 takes nothing in any mode: the page cache stays.
func TestKillLosesNothingInAnyMode(t *testing.T) {
	for _, mode := range []config.Fsync{config.FsyncEverySec, config.FsyncNo} {
		t.Run(string(mode), func(t *testing.T) {
			seeds(t, func(t *testing.T, rng *rand.Rand) {
				o := newOrdeal(t, rng, mode)
				disk := newDisk()
				for range 2 {
					disk = o.live(disk, o.moment()/2, kill)
					o.check(disk.KillProcess(), all)
				}
			})
		})
	}
}

// With everysec and no a power loss may take the latest writes, but only from the
// end: what each client wrote is there up to some point and then no more. Term and
// vote stay.
func TestPowerLossWithoutSyncLeavesAPrefix(t *testing.T) {
	for _, mode := range []config.Fsync{config.FsyncEverySec, config.FsyncNo} {
		t.Run(string(mode), func(t *testing.T) {
			seeds(t, func(t *testing.T, rng *rand.Rand) {
				o := newOrdeal(t, rng, mode)
				disk := newDisk()
				for range 2 {
					disk = o.live(disk, o.moment()/2, o.powerLoss)
					o.check(disk.KillProcess(), none)
				}
			})
		})
	}
}

// What a node served that came back after kill -9 is still there when the power
// fails then, though the process that wrote it never got to its sync.
func TestServedAfterKillSurvivesPowerLoss(t *testing.T) {
	for _, mode := range []config.Fsync{config.FsyncAlways, config.FsyncEverySec, config.FsyncNo} {
		t.Run(string(mode), func(t *testing.T) {
			seeds(t, func(t *testing.T, rng *rand.Rand) {
				o := newOrdeal(t, rng, mode)
				disk := o.live(newDisk(), 20+o.moment()/2, kill)
				served, term := o.serve(disk)
				for _, w := range o.workers {
					w.steps, w.acked = nil, 0
				}
				again, after := o.serve(o.powerLoss(disk))
				if !reflect.DeepEqual(served, again) {
					t.Errorf("after the power loss %v, served before %v", again, served)
				}
				if after <= term {
					t.Errorf("term %d after the power loss, was %d", after, term)
				}
			})
		})
	}
}

// serve shows what a node on disk serves, and its term. The node is not stopped
// but goes on without a disk: fs is as it was when it served.
func (o *ordeal) serve(disk *vfs.Mem) (all []seen, term uint64) {
	o.t.Helper()
	fz := newFreezer(never)
	p := start(o.t, vfs.WithFaults(disk, fz.hook), fsync(o.mode))
	c := dial(o.t, p)
	for _, w := range o.workers {
		all = append(all, look(o.t, c, w.key))
	}
	fz.in(0)
	o.t.Cleanup(fz.release)
	return all, p.log.Group(groupOf(0)).State().Term
}
