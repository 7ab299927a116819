package workload

import (
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"

	"github.com/millrace-io/millrace/integration/chaos/history"
)

// Group is the consumer group that each stream has.
const Group = "crew"

// Options say who the clients are and how they work. All fields must be set but those
// that say otherwise.
type Options struct {
	Seed   uint64
	Prefix string // what the keys begin with; may be empty

	Streams   int
	Producers int
	Workers   int // of each stream's group
	Readers   int
	Setters   int
	Counters  int

	Least, Most time.Duration // between two operations of a client
	Pipeline    int           // most XADDs that are sent together
	Operations  int           // most of a connection
	Block       time.Duration // longest wait for new entries
	Era         time.Duration // after which strings get other keys: what a search has to order stays small
	Hard        uint32        // one entry of so many is too hard for every worker

	// AnyIdle: clocks jump, so idle times tell nothing. May be false.
	AnyIdle bool

	// Connect opens a connection to a node that rng chooses.
	Connect func(rng *rand.Rand) (Conn, error)
}

// Workload is clients and what they have seen.
type Workload struct {
	Options
	Log  *history.Log
	over chan struct{} // closed by Stop
	wg   sync.WaitGroup
	last atomic.Int64 // number of a connection
}

// New returns clients that do not work yet. Their history begins now.
func New(o Options) *Workload {
	return &Workload{Options: o, Log: history.NewLog(), over: make(chan struct{})}
}

// StreamKey is the key of the i-th stream.
func (w *Workload) StreamKey(i int) string { return fmt.Sprintf("%sstream:%d", w.Prefix, i) }

// Start has all clients work. Stop must follow.
func (w *Workload) Start() {
	number := uint64(0)
	start := func(n int, turn func(*client) func()) {
		for range n {
			number++
			c := &client{w: w, rng: rand.New(rand.NewPCG(w.Seed, number))}
			next := turn(c)
			w.wg.Go(func() {
				defer c.close()
				for !w.isOver() {
					next()
				}
			})
		}
	}
	start(w.Producers, func(c *client) func() { return c.produce })
	start(w.Readers, func(c *client) func() { return c.look })
	start(w.Setters, func(c *client) func() { return c.set })
	start(w.Counters, func(c *client) func() { return c.count })
	for i := range w.Streams {
		start(w.Workers, func(c *client) func() { return (&worker{client: c, key: w.StreamKey(i)}).work })
	}
}

// Stop ends all clients and returns what they have seen, once.
func (w *Workload) Stop() []history.Op {
	close(w.over)
	w.wg.Wait()
	return w.Log.Ops()
}

func (w *Workload) isOver() bool {
	select {
	case <-w.over:
		return true
	default:
		return false
	}
}
