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

// Producers that repeat whatever was not acknowledged, and much that was, in
// pipelines and over kill -9: each of their pairs is in the stream exactly once.

const (
	idmpKey       = "orders"
	idmpProducers = 6
	idmpPipeline  = 20
	idmpRepeated  = 300 // of the last pairs acknowledged, any may come again
)

func TestKillRepeatsNoIdempotentEntry(t *testing.T) {
	if *seed == 0 {
		*seed = uint64(time.Now().UnixNano())
	}
	t.Logf("-seed %d", *seed)
	rng := rand.New(rand.NewPCG(*seed, 2))
	dir := t.TempDir()
	args := []string{"--log-segment-bytes", "1mb"}

	p := serve(t, dir, args...)
	c := p.client()
	mustDo(t, c, "XGROUP", "CREATE", idmpKey, "crew", "0", "MKSTREAM")
	err := c.XCfgSet(t.Context(), &redis.XCfgSetArgs{Stream: idmpKey, Duration: 86400, MaxSize: 1000}).Err()
	if err != nil {
		t.Fatal(err)
	}
	var producers []*idmpProducer
	for i := range idmpProducers {
		producers = append(producers, &idmpProducer{t: t, pid: fmt.Sprint("producer", i), auto: i%3 == 2, ids: map[int]string{}})
	}
	for cycle := range *cycles {
		runIDMP(t, p, producers, *seed+uint64(cycle), 2000+rng.IntN(4000))
		p = serve(t, dir, args...)
		c = p.client()
		verifyIDMP(t, c, producers)
		if t.Failed() {
			t.Fatalf("cycle %d of %d, log of the server:\n%s", cycle+1, *cycles, p.log())
		}
	}
	for _, pr := range producers {
		if !pr.send(t.Context(), c, rng, 0) {
			t.Fatalf("%s: the last pipeline failed", pr.pid)
		}
		if len(pr.open) > 0 {
			t.Errorf("%s: %d pairs were not acknowledged", pr.pid, len(pr.open))
		}
	}
	verifyIDMP(t, c, producers)
	p.stop()
}

// runIDMP lets the producers send until so many more pairs were acknowledged, has a
// snapshot written meanwhile, and kills the server soon after: most of what comes
// again is then known from the snapshot, the rest from the log.
func runIDMP(t *testing.T, p *process, producers []*idmpProducer, seed uint64, pairs int) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	sum := func() (n int) {
		for _, pr := range producers {
			pr.mu.Lock()
			n += len(pr.ids)
			pr.mu.Unlock()
		}
		return n
	}
	before := sum()
	var wg sync.WaitGroup
	for i, pr := range producers {
		c := p.client()
		wg.Go(func() {
			defer c.Close()
			rng := rand.New(rand.NewPCG(seed, uint64(i)))
			for pr.send(ctx, c, rng, idmpPipeline) {
			}
		})
	}
	eventually(t, fmt.Sprint(pairs, " pairs acknowledged"), func() bool { return sum() >= before+pairs })
	mustDo(t, p.client(), "SAVE")
	saved := sum()
	eventually(t, "pairs acknowledged after the snapshot", func() bool { return sum() >= saved+idmpRepeated })
	p.kill()
	wg.Wait()
}

// idmpProducer is one producer: its pairs are numbered.
type idmpProducer struct {
	t    *testing.T
	pid  string
	auto bool // IDMPAUTO: the iid is made of the fields
	next int
	open []int // sent, and not acknowledged yet

	mu  sync.Mutex
	ids map[int]string // acknowledged, and as which entry
}

func (pr *idmpProducer) value(n int) string {
	return fmt.Sprintf("%s-%d-%0200d", pr.pid, n, n)
}

// send sends one pipeline: what is open, so many new pairs, and some of both again
// together with old ones, in any order. It reports whether the connection lives.
func (pr *idmpProducer) send(ctx context.Context, c *redis.Client, rng *rand.Rand, fresh int) bool {
	for range fresh {
		pr.open = append(pr.open, pr.next)
		pr.next++
	}
	batch := append([]int(nil), pr.open...)
	for range rng.IntN(20) {
		if oldest := max(0, pr.next-idmpRepeated); pr.next > 0 {
			batch = append(batch, oldest+rng.IntN(pr.next-oldest))
		}
	}
	rng.Shuffle(len(batch), func(i, j int) { batch[i], batch[j] = batch[j], batch[i] })
	pipe := c.Pipeline()
	for _, n := range batch {
		args := &redis.XAddArgs{Stream: idmpKey, ProducerID: pr.pid, Values: []string{"value", pr.value(n)}}
		if args.IdempotentAuto = pr.auto; !pr.auto {
			args.IdempotentID = fmt.Sprint("iid-", n)
		}
		pipe.XAdd(ctx, args)
	}
	cmds, err := pipe.Exec(ctx)
	for i, cmd := range cmds {
		if id, ok := cmd.(*redis.StringCmd); ok && id.Err() == nil && id.Val() != "" {
			pr.acknowledge(batch[i], id.Val())
		}
	}
	var still []int
	for _, n := range pr.open {
		if _, ok := pr.ids[n]; !ok {
			still = append(still, n)
		}
	}
	pr.open = still
	return err == nil
}

func (pr *idmpProducer) acknowledge(n int, id string) {
	pr.mu.Lock()
	defer pr.mu.Unlock()
	if old, ok := pr.ids[n]; ok && old != id {
		pr.t.Errorf("%s: pair %d is entry %s, was %s", pr.pid, n, id, old)
	}
	pr.ids[n] = id
}

// verifyIDMP compares the stream with what the producers know. A pair whose reply was
// lost may be there or not.
func verifyIDMP(t *testing.T, c *redis.Client, producers []*idmpProducer) {
	t.Helper()
	all, err := c.XRange(t.Context(), idmpKey, "-", "+").Result()
	if err != nil {
		t.Fatal(err)
	}
	there := make(map[string]string, len(all))
	for _, e := range all {
		value, _ := e.Values["value"].(string)
		if other, twice := there[value]; twice {
			t.Errorf("%.40q is there twice, as %s and %s", value, other, e.ID)
		}
		there[value] = e.ID
	}
	sent := 0
	for _, pr := range producers {
		for n, id := range pr.ids {
			if there[pr.value(n)] != id {
				t.Errorf("%s: pair %d was acknowledged as %s, and is %q", pr.pid, n, id, there[pr.value(n)])
			}
		}
		sent += len(pr.ids)
		for _, n := range pr.open {
			if _, ok := there[pr.value(n)]; ok {
				sent++
			}
		}
	}
	if len(all) != sent {
		t.Errorf("%d entries, %d were sent", len(all), sent)
	}
	info, err := c.XInfoStream(t.Context(), idmpKey).Result()
	if err != nil {
		t.Fatal(err)
	}
	if info.PIDsTracked != idmpProducers || info.IIDsAdded != int64(len(all)) {
		t.Errorf("%d producers, %d iids of %d entries", info.PIDsTracked, info.IIDsAdded, len(all))
	}
}

// The settings are those of new streams, and they and what a stream has survive
// restarts.
func TestIDMPSettingsSurviveRestart(t *testing.T) {
	dir := t.TempDir()
	p := serve(t, dir, "--stream-idmp-duration", "7s", "--stream-idmp-maxsize", "8")
	c := p.client()
	limits := func(key string, duration, maxSize int64) {
		t.Helper()
		info, err := c.XInfoStream(t.Context(), key).Result()
		if err != nil {
			t.Fatal(err)
		}
		if info.IDMPDuration != duration || info.IDMPMaxSize != maxSize {
			t.Errorf("%s: duration %d, maximum %d, want %d, %d", key, info.IDMPDuration, info.IDMPMaxSize, duration, maxSize)
		}
	}
	mustDo(t, c, "XADD", "old", "*", "f", "v")
	mustDo(t, c, "CONFIG", "SET", "stream-idmp-duration", "2592000", "stream-idmp-maxsize", "9")
	mustDo(t, c, "XADD", "new", "*", "f", "v")
	for range 2 { // as they were set, then from a snapshot
		limits("old", 7, 8)
		limits("new", 2592000, 9)
		mustDo(t, c, "XGROUP", "CREATE", "newer", "g", "0", "MKSTREAM")
		limits("newer", 2592000, 9)
		mustDo(t, c, "DEL", "newer")
		got, err := c.ConfigGet(t.Context(), "stream-idmp-*").Result()
		is(t, "CONFIG GET", got, err, map[string]string{"stream-idmp-duration": "2592000", "stream-idmp-maxsize": "9"})
		mustDo(t, c, "SAVE")
		p.kill()
		p = serve(t, dir)
		c = p.client()
	}
	if err := c.ConfigSet(t.Context(), "stream-idmp-maxsize", "1000001").Err(); err == nil {
		t.Error("a maximum beyond the highest was taken")
	}
}
