package integration

import (
	"context"
	"fmt"
	"strings"
	"testing"
)

// A read whose reply is so long that it is built on a view, and one that waits, run
// twice and are one call each: INFO, LATENCY HISTOGRAM and SLOWLOG say so.
func TestCallsAreCountedOnce(t *testing.T) {
	onBoth(t, []string{"--slowlog-log-slower-than", "0"}, func(t *testing.T, p *process) {
		c := p.client()
		mustDo(t, c, "SET", "large", strings.Repeat("x", mib))
		mustDo(t, c, "CONFIG", "RESETSTAT")
		mustDo(t, c, "SLOWLOG", "RESET")
		mustDo(t, c, "MGET", "large", "large", "missing")
		read := make(chan error, 1)
		go func() {
			waits := p.client()
			read <- waits.Do(context.Background(), "XREAD", "BLOCK", "0", "STREAMS", "s", "0").Err()
		}()
		p.blocked(c, 1)
		mustDo(t, c, "XADD", "s", "1-1", "f", "v")
		if err := <-read; err != nil {
			t.Fatal(err)
		}
		info := allInfo(t, c)
		if hits, misses := info["keyspace_hits"], info["keyspace_misses"]; hits != "2" || misses != "2" {
			t.Errorf("%s hits and %s misses, want 2 and 2", hits, misses)
		}
		counted, err := c.Do(t.Context(), "LATENCY", "HISTOGRAM", "mget", "xread").Result()
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range []string{"mget", "xread"} {
			if m, _ := counted.(map[any]any)[name].(map[any]any); m["calls"] != int64(1) {
				t.Errorf("LATENCY HISTOGRAM of %s: %v, want one call", name, m)
			}
		}
		if log := fmt.Sprint(mustDo(t, c, "SLOWLOG", "GET", -1)); strings.Count(log, "[MGET large large missing]") != 1 {
			t.Errorf("SLOWLOG has not MGET once: %s", log)
		}
	})
}
