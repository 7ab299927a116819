package integration

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
)

// The kill -9 test runs producers and workers of consumer groups against a process,
// kills it in the middle, starts it again and compares what it holds with the
// record that the clients kept of the replies they got.

const (
	killStreams   = 3
	killProducers = 4 // of each stream
	killWorkers   = 3 // of each stream's group
	killPipeline  = 50
	killGroup     = "crew"
)

func TestKillLosesNothingAcknowledged(t *testing.T) { killAgainAndAgain(t) }

// Each of the streams is in a partition of its own.
func TestKillOfSeveralPartitionsLosesNothingAcknowledged(t *testing.T) {
	killAgainAndAgain(t, "--partitions", "4")
}

func killAgainAndAgain(t *testing.T, more ...string) {
	if *seed == 0 {
		*seed = uint64(time.Now().UnixNano())
	}
	t.Logf("-seed %d", *seed)
	rng := rand.New(rand.NewPCG(*seed, 1))
	dir := t.TempDir()
	args := append([]string{"--snapshot-log-bytes", "16mb", "--log-segment-bytes", "4mb"}, more...)

	p := serve(t, dir, args...)
	var models []*model
	for i := range killStreams {
		m := newModel(fmt.Sprint("stream", i))
		models = append(models, m)
		if err := p.client().XGroupCreateMkStream(t.Context(), m.key, killGroup, "0").Err(); err != nil {
			t.Fatal(err)
		}
	}
	late := 0
	for cycle := range *cycles {
		run := startLoad(t, p, models, *seed+uint64(cycle))
		run.until(t, 1000+rng.IntN(30_000))
		killed := time.Now()
		p.kill()
		run.wait()
		for _, m := range models {
			late += m.acknowledgedSince(killed.Add(-5 * time.Millisecond))
			m.acked = m.acked[:0]
		}
		p = serve(t, dir, args...)
		c := p.client()
		for _, m := range models {
			m.verify(t, c)
		}
		c.Close()
		if t.Failed() {
			t.Fatalf("cycle %d of %d, log of the server:\n%s", cycle+1, *cycles, p.log())
		}
	}
	c := p.client()
	for _, m := range models {
		m.drain(t, c)
	}
	p.stop()
	perKill := late / *cycles
	t.Logf("%d kills; %d writes were acknowledged in the last 5 ms before a kill on average", *cycles, perKill)
	if perKill < 100 {
		t.Errorf("only %d: the test proves little", perKill)
	}
}

// load is the clients of one cycle.
type load struct {
	ctx    context.Context
	cancel context.CancelFunc
	wg     sync.WaitGroup
	models []*model
}

func startLoad(t *testing.T, p *process, models []*model, seed uint64) *load {
	l := &load{models: models}
	l.ctx, l.cancel = context.WithCancel(t.Context())
	n := uint64(0)
	start := func(f func(context.Context, *redis.Client, *rand.Rand)) {
		n++
		rng := rand.New(rand.NewPCG(seed, n))
		c := p.client()
		l.wg.Go(func() {
			defer c.Close()
			f(l.ctx, c, rng)
		})
	}
	for _, m := range models {
		for range killProducers {
			start(m.produce)
		}
		for w := range killWorkers {
			start(func(ctx context.Context, c *redis.Client, rng *rand.Rand) {
				m.work(ctx, c, rng, fmt.Sprint("worker", w))
			})
		}
	}
	return l
}

// until waits until so many writes were acknowledged.
func (l *load) until(t *testing.T, n int) {
	t.Helper()
	eventually(t, fmt.Sprint(n, " writes acknowledged"), func() bool {
		sum := 0
		for _, m := range l.models {
			sum += m.acknowledgedSince(time.Time{})
		}
		return sum >= n
	})
}

// wait ends the load: every client has met the end of its connection.
func (l *load) wait() {
	l.cancel()
	l.wg.Wait()
}
