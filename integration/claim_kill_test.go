package integration

import (
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
)

// A node that is killed while somebody waits for a pending entry has lost nothing:
// after the start the entry is pending as it was, and goes to who waits then, once
// it has been idle for long enough, the time of the node's absence included.
func TestKillWhileSomebodyWaitsToClaim(t *testing.T) {
	dir := t.TempDir()
	p := serve(t, dir)
	c := p.client()
	w := worker{t: t, c: c}
	w.fill("jobs", 2)
	w.take("dead", 1)
	args := &redis.XReadGroupArgs{Group: "crew", Consumer: "ann", Streams: []string{"jobs", ">"}, Count: 1, Block: time.Minute, Claim: time.Hour}
	w.take("dead", 1)
	cut := make(chan error, 1)
	go func() {
		// A connection that does not try again once it is cut.
		alone := redis.NewClient(&redis.Options{Addr: p.Addr, MaxRetries: -1})
		defer alone.Close()
		cut <- alone.XReadGroup(t.Context(), args).Err()
	}()
	p.blocked(c, 1)
	n, err := c.XNack(t.Context(), &redis.XNackArgs{Stream: "jobs", Group: "crew", Mode: "FATAL", IDs: []string{"9-9"}}).Result()
	is(t, "XNACK of nothing", n, err, 0)
	p.kill()
	if err := <-cut; err == nil {
		t.Error("the reader got something from a node that was killed")
	}

	p = serve(t, dir)
	c = p.client()
	w = worker{t: t, c: c}
	sum, err := c.XPending(t.Context(), "jobs", "crew").Result()
	is(t, "XPENDING", sum, err, &redis.XPending{Count: 2, Lower: "1-1", Higher: "1-2", Consumers: map[string]int64{"dead": 2}})
	args.Claim = 200 * time.Millisecond
	for i := 1; i <= 2; i++ {
		got, err := c.XReadGroup(t.Context(), args).Result()
		want := []redis.XStream{{Stream: "jobs", Messages: []redis.XMessage{again(i, args.Claim, 1)}}}
		is(t, "XREADGROUP CLAIM after the start", w.delivered(got, err, args.Claim), nil, want)
	}
	got, err := c.XReadGroup(t.Context(), args).Result()
	is(t, "XREADGROUP CLAIM of what was claimed", w.delivered(got, err, args.Claim), nil, []redis.XStream{{Stream: "jobs", Messages: []redis.XMessage{again(1, args.Claim, 2)}}})
	p.stop()
}
