package integration

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
)

// Producers and group workers go on, each with any one node, while all three nodes are
// stopped and started one after the other: nothing is lost, nothing delivered twice,
// and who is connected to a node that is up gets no error.
func TestClusterRollingRestart(t *testing.T) {
	for _, partitions := range []string{"1", "4"} {
		t.Run("partitions="+partitions, func(t *testing.T) {
			c := serveCluster(t, "--partitions", partitions)
			w := startClusterWork(c)
			for i := range c.nodes {
				w.more(200)
				w.stopping.Store(int32(i) + 1)
				c.nodes[i].stop()
				c.start(i)
				c.settled()
				w.stopping.Store(0)
			}
			w.more(200)
			w.finish()
			c.stop()
		})
	}
}

// clusterWork is producers and workers of three streams, one of each per node.
type clusterWork struct {
	c        *trio
	ctx      context.Context // of all of them
	stopping atomic.Int32    // the node that is being stopped, from 1; 0: none
	acked    atomic.Int64    // entries whose workers have the reply to their XACK
	longest  atomic.Int64    // the longest command that ended well, in ns
	stop     atomic.Bool     // of the producers
	wg       sync.WaitGroup

	mu        sync.Mutex
	added     map[string]bool // acknowledged
	doubtful  map[string]bool // sent, and the connection broke
	delivered map[string]int
}

func startClusterWork(c *trio) *clusterWork {
	ctx, cancel := context.WithTimeout(c.t.Context(), 4*patience)
	c.t.Cleanup(cancel)
	w := &clusterWork{c: c, ctx: ctx, added: map[string]bool{}, doubtful: map[string]bool{}, delivered: map[string]int{}}
	for i := range c.nodes {
		if _, err := c.nodes[0].client().XGroupCreateMkStream(ctx, stream(i), "crew", "0").Result(); err != nil {
			c.t.Fatal(err)
		}
	}
	for i := range c.nodes {
		w.wg.Go(func() { w.produce(i) })
		w.wg.Go(func() { w.consume(i) })
	}
	return w
}

func stream(i int) string { return fmt.Sprint("jobs", i%3) }

// link is a connection to one node, which goes to the next when it breaks.
type link struct {
	w      *clusterWork
	node   int
	client *redis.Client
}

func (w *clusterWork) dial(node int) *link {
	l := &link{w: w, node: node}
	l.connect()
	return l
}

func (l *link) connect() {
	l.client = redis.NewClient(&redis.Options{Addr: l.w.c.nodes[l.node].addr, MaxRetries: -1, PoolSize: 1, DialerRetries: 1, ReadTimeout: patience})
}

// do runs a command. broken: the connection broke under it, and there is a new one, to
// another node; nobody but the node that is being stopped does that.
func (l *link) do(args ...any) (reply any, broken bool) {
	began := time.Now()
	reply, err := l.client.Do(l.w.ctx, args...).Result()
	var refused redis.Error
	switch {
	case err == nil || errors.Is(err, redis.Nil):
		if took := int64(time.Since(began)); !slices.Contains(args, any("BLOCK")) {
			for old := l.w.longest.Load(); took > old && !l.w.longest.CompareAndSwap(old, took); old = l.w.longest.Load() {
			}
		}
		return reply, false
	case errors.As(err, &refused):
		l.w.c.t.Errorf("node %d answers %v with %v", l.node, args, err)
	case int(l.w.stopping.Load()) != l.node+1 && l.w.ctx.Err() == nil:
		l.w.c.t.Errorf("the connection to node %d broke, which is not being stopped: %v: %v", l.node, args, err)
	}
	l.client.Close()
	l.node = (l.node + 1) % 3
	l.connect()
	return nil, true
}

// produce adds entries to all streams, each once.
func (w *clusterWork) produce(i int) {
	l := w.dial(i)
	defer func() { l.client.Close() }()
	for n := 0; !w.stop.Load() && w.ctx.Err() == nil && !w.c.t.Failed(); n++ {
		value := fmt.Sprintf("%d-%d", i, n)
		_, broken := l.do("XADD", stream(n), "*", "n", value)
		w.mu.Lock()
		if broken {
			w.doubtful[value] = true
		} else {
			w.added[value] = true
		}
		w.mu.Unlock()
	}
}

// consume takes entries of one stream and acknowledges them, until there are no more.
func (w *clusterWork) consume(i int) {
	l := w.dial((i + 1) % 3)
	defer func() { l.client.Close() }()
	for from := ">"; w.ctx.Err() == nil && !w.c.t.Failed(); {
		ending := w.stop.Load() && from == ">"
		reply, broken := l.do("XREADGROUP", "GROUP", "crew", fmt.Sprint("worker", i), "COUNT", 5, "BLOCK", 200, "STREAMS", stream(i), from)
		if broken {
			from = "0" // what was delivered and did not arrive
			continue
		}
		entries := entriesOf(reply)
		if len(entries) == 0 && ending {
			return
		}
		if from == "0" && len(entries) == 0 {
			from = ">"
		}
		for id, value := range entries {
			w.work(l, stream(i), id, value)
		}
	}
}

func (w *clusterWork) work(l *link, stream, id, value string) {
	for first := true; ; first = false {
		reply, broken := l.do("XACK", stream, "crew", id)
		if broken && w.ctx.Err() == nil && !w.c.t.Failed() {
			continue
		}
		if first && reply != int64(1) {
			w.c.t.Errorf("%s of %s was delivered, and not pending at its first XACK: %v", id, stream, reply)
		}
		break
	}
	w.acked.Add(1)
	w.mu.Lock()
	w.delivered[value]++
	w.mu.Unlock()
}

// entriesOf are the ids of a reply to XREADGROUP of one stream, with their values.
func entriesOf(reply any) map[string]string {
	entries := map[string]string{}
	streams, _ := reply.(map[any]any)
	for _, list := range streams {
		for _, e := range list.([]any) {
			pair := e.([]any)
			if fields, ok := pair[1].([]any); ok {
				entries[pair[0].(string)] = fields[1].(string)
			}
		}
	}
	return entries
}

// more waits until that many more entries are done.
func (w *clusterWork) more(n int64) {
	w.c.t.Helper()
	want := w.acked.Load() + n
	eventually(w.c.t, fmt.Sprint(n, " more entries are done"), func() bool { return w.acked.Load() >= want || w.c.t.Failed() })
	if w.c.t.Failed() {
		w.c.t.FailNow()
	}
}

// finish lets the workers take what is left, and compares.
func (w *clusterWork) finish() {
	t := w.c.t
	t.Helper()
	w.stop.Store(true)
	w.wg.Wait()
	t.Logf("%d added, %d in doubt, the longest command took %v", len(w.added), len(w.doubtful), time.Duration(w.longest.Load()))
	for value, n := range w.delivered {
		if n != 1 || !w.added[value] && !w.doubtful[value] {
			t.Errorf("%s was delivered %d times; added %v, in doubt %v", value, n, w.added[value], w.doubtful[value])
		}
	}
	var lost []string
	for value := range maps.Keys(w.added) {
		if w.delivered[value] == 0 {
			lost = append(lost, value)
		}
	}
	if len(lost) > 0 {
		t.Errorf("acknowledged, never delivered: %s", strings.Join(lost, " "))
	}
}
