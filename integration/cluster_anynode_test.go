package integration

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/redis/rueidis"
)

// What is not about keys alone works across nodes, too: each step is said on one node
// and seen on another.
func TestClusterAnyNode(t *testing.T) {
	c := serveCluster(t, "--partitions", "4", "--notify-keyspace-events", "KEA")
	var clients [3]*redis.Client
	for i, m := range c.nodes {
		clients[i] = m.client()
	}
	for name, test := range map[string]func(t *testing.T, c *trio, clients [3]*redis.Client){
		"blocked readers wake":     wakesAcross,
		"transactions":             transactsAcross,
		"subscriptions":            publishesAcross,
		"client-side caching":      cachesAcross,
		"CLIENT UNBLOCK":           unblocksAcross,
		"reads see what was acked": readsAcross,
		"redis-cli":                toolsAcross,
	} {
		t.Run(name, func(t *testing.T) { test(t, c, clients) })
	}
	c.stop()
}

func wakesAcross(t *testing.T, c *trio, clients [3]*redis.Client) {
	for i := range 12 {
		key := fmt.Sprint("wake", i)
		mustDo(t, clients[i%3], "XGROUP", "CREATE", key, "g", "0", "MKSTREAM")
		reader := c.nodes[i%3].client()
		woken := make(chan error, 1)
		go func() {
			args := []any{"XREAD", "BLOCK", 0, "STREAMS", key, "$"}
			if i%2 == 0 {
				args = []any{"XREADGROUP", "GROUP", "g", "c", "BLOCK", 0, "STREAMS", key, ">"}
			}
			got := entriesOf(reader.Do(t.Context(), args...).Val())
			if len(got) != 1 || got["5-1"] != "hello" {
				woken <- fmt.Errorf("%v: got %v", args, got)
			}
			close(woken)
		}()
		c.nodes[i%3].blocked(clients[i%3], 1)
		mustDo(t, clients[(i+1)%3], "XADD", key, "5-1", "f", "hello")
		if err := <-woken; err != nil {
			t.Error(err)
		}
	}
}

func transactsAcross(t *testing.T, _ *trio, clients [3]*redis.Client) {
	for i := range 12 {
		key := fmt.Sprint("sum", i)
		attempt := func(meanwhile func()) error {
			return clients[i%3].Watch(t.Context(), func(tx *redis.Tx) error {
				n, err := tx.Get(t.Context(), key).Int()
				if err != nil && !errors.Is(err, redis.Nil) {
					return err
				}
				meanwhile()
				_, err = tx.TxPipelined(t.Context(), func(p redis.Pipeliner) error {
					p.Set(t.Context(), key, n+1, 0)
					p.Get(t.Context(), key)
					return nil
				})
				return err
			}, key)
		}
		if err := attempt(func() {}); err != nil {
			t.Error(err)
		}
		if err := attempt(func() { mustDo(t, clients[(i+1)%3], "INCR", key) }); !errors.Is(err, redis.TxFailedErr) {
			t.Errorf("with a change through another node: %v", err)
		}
		if got := mustDo(t, clients[(i+2)%3], "GET", key); got != "2" {
			t.Errorf("%s is %v", key, got)
		}
	}
}

func publishesAcross(t *testing.T, c *trio, clients [3]*redis.Client) {
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	for i := range c.nodes {
		plain := clients[i].Subscribe(ctx, "news")
		pattern := clients[i].PSubscribe(ctx, "__keyspace@0__:noted*")
		shard := clients[i].SSubscribe(ctx, "shard")
		for _, s := range []*redis.PubSub{plain, pattern, shard} {
			defer s.Close()
			if _, err := s.Receive(ctx); err != nil {
				t.Fatal(err)
			}
		}
		publisher := clients[(i+1)%3]
		mustDo(t, publisher, "PUBLISH", "news", i)
		mustDo(t, publisher, "SPUBLISH", "shard", i)
		mustDo(t, publisher, "SET", fmt.Sprint("noted", i), "v")
		for s, want := range map[*redis.PubSub]string{plain: fmt.Sprint(i), shard: fmt.Sprint(i), pattern: "set"} {
			m, err := s.ReceiveMessage(ctx)
			if err != nil {
				t.Fatalf("node %d: %v", i, err)
			}
			if m.Payload != want {
				t.Errorf("node %d: got %v, want %q", i, m, want)
			}
		}
	}
}

// cachesAcross has a caching client on each node while the next one writes: it is told
// of every change in the end.
func cachesAcross(t *testing.T, c *trio, clients [3]*redis.Client) {
	for i, m := range c.nodes {
		cache, err := rueidis.NewClient(rueidis.ClientOption{InitAddress: []string{m.addr}, ForceSingleClient: true})
		if err != nil {
			t.Fatal(err)
		}
		defer cache.Close()
		hits := 0
		for n := range 50 {
			key, want := fmt.Sprint("cached", n%7), strconv.Itoa(n)
			mustDo(t, clients[(i+1)%3], "SET", key, want)
			eventually(t, fmt.Sprintf("node %d hears that %s has changed", i, key), func() bool {
				reply := cache.DoCache(t.Context(), cache.B().Get().Key(key).Cache(), time.Hour)
				got, err := reply.ToString()
				return err == nil && got == want
			})
			if cache.DoCache(t.Context(), cache.B().Get().Key(key).Cache(), time.Hour).IsCacheHit() {
				hits++
			}
		}
		if hits == 0 {
			t.Errorf("node %d: nothing came from the cache", i)
		}
	}
}

func unblocksAcross(t *testing.T, c *trio, clients [3]*redis.Client) {
	for i := range c.nodes {
		reader := c.nodes[i].client()
		id := mustDo(t, reader, "CLIENT", "ID")
		ended := make(chan error, 1)
		go func() { ended <- reader.Do(t.Context(), "XREAD", "BLOCK", 0, "STREAMS", "nothing", "$").Err() }()
		c.nodes[i].blocked(clients[i], 1)
		if got := mustDo(t, clients[(i+1)%3], "CLIENT", "UNBLOCK", id, "ERROR"); got != int64(1) {
			t.Errorf("CLIENT UNBLOCK: %v", got)
		}
		if err := <-ended; err == nil || !strings.HasPrefix(err.Error(), "UNBLOCKED ") {
			t.Errorf("the unblocked client got %v", err)
		}
	}
}

// readsAcross: what one node has acknowledged, every other one shows.
func readsAcross(t *testing.T, _ *trio, clients [3]*redis.Client) {
	for n := range 300 {
		key := fmt.Sprint("seen", n%11)
		mustDo(t, clients[n%3], "SET", key, n)
		for d := 1; d < 3; d++ {
			if got := mustDo(t, clients[(n+d)%3], "GET", key); got != strconv.Itoa(n) {
				t.Fatalf("SET %s %d through node %d; node %d shows %v", key, n, n%3, (n+d)%3, got)
			}
		}
	}
}

// toolsAcross runs the tools of Redis against a node.
func toolsAcross(t *testing.T, c *trio, clients [3]*redis.Client) {
	tool(t, "redis-cli")
	p := c.nodes[1].process
	var input strings.Builder
	for i := range 3000 {
		input.WriteString(command("SET", fmt.Sprint("piped", i), "v"))
	}
	if got := redisTool(t, p, input.String(), "redis-cli", "--pipe"); !strings.Contains(got, "errors: 0, replies: 3000") {
		t.Errorf("redis-cli --pipe: %s", got)
	}
	if got := redisTool(t, c.nodes[2].process, "", "redis-cli", "--scan", "--pattern", "piped*"); strings.Count(got, "\n") != 3000 {
		t.Errorf("redis-cli --scan shows %d keys", strings.Count(got, "\n"))
	}
	if got := redisTool(t, p, "", "redis-cli", "--bigkeys"); !strings.Contains(got, "Sampled "+fmt.Sprint(mustDo(t, clients[0], "DBSIZE"))+" keys") {
		t.Errorf("redis-cli --bigkeys: %s", got)
	}
	got := redisTool(t, p, "", "redis-benchmark", "-n", "1000", "-t", "ping,set,get,incr", "-P", "4", "-r", "1000", "-q") // MSET is CROSSSLOT
	for _, name := range []string{"SET:", "GET:", "INCR:"} {
		if !strings.Contains(got, name) {
			t.Errorf("redis-benchmark: no %s in %s", name, got)
		}
	}
}
