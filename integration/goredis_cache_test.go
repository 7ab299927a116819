package integration

import (
	"fmt"
	"testing"

	"github.com/redis/go-redis/v9"
)

// The client-side cache of go-redis: what it has read it answers itself, until the
// server tells it that somebody changed the key, and after a kill it starts afresh.
func TestGoRedisClientSideCache(t *testing.T) {
	for _, listener := range listeners {
		t.Run(listener, func(t *testing.T) {
			dir := t.TempDir()
			p := serve(t, dir, "--listener", listener, "--addr", unsharedAddr(t))
			c := redis.NewClient(&redis.Options{Addr: p.Addr, ClientSideCacheConfig: &redis.ClientSideCacheConfig{}})
			defer c.Close()
			cached(t, p, c, "before the kill")
			p.kill()
			p = serve(t, dir, "--listener", listener, "--addr", p.Addr)
			sees(t, c, "before the kill, changed")
			cached(t, p, c, "after the kill")
			p.stop()
		})
	}
}

// cached checks that a value is answered from the cache and that its change by
// another client arrives.
func cached(t *testing.T, p *process, c *redis.Client, value string) {
	t.Helper()
	other := p.client()
	mustDo(t, other, "SET", "k", value)
	hits := c.CSCStats().Hits
	eventually(t, fmt.Sprintf("%q comes from the cache", value), func() bool {
		got, err := c.Get(t.Context(), "k").Result()
		return err == nil && got == value && c.CSCStats().Hits > hits
	})
	mustDo(t, other, "SET", "k", value+", changed")
	sees(t, c, value+", changed")
	other.Close()
}

func sees(t *testing.T, c *redis.Client, value string) {
	t.Helper()
	eventually(t, fmt.Sprintf("the caching client sees %q", value), func() bool {
		got, err := c.Get(t.Context(), "k").Result()
		return err == nil && got == value
	})
}
