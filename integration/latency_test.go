package integration

import (
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
)

// What takes long is noted: a command by its run, an expiry of many keys, a sync of
// the log. Which of them takes how long is up to the machine: the least threshold is
// a millisecond, so each is made long enough.
func TestLatencyEvents(t *testing.T) {
	onBoth(t, []string{"--latency-monitor-threshold", "1"}, func(t *testing.T, p *process) {
		c := p.client()
		pipe := c.Pipeline()
		for i := range 100_000 {
			pipe.Set(t.Context(), fmt.Sprintf("key:%d", i), "v", 0)
		}
		if _, err := pipe.Exec(t.Context()); err != nil {
			t.Fatal(err)
		}
		eventually(t, "KEYS took a millisecond", func() bool {
			mustDo(t, c, "KEYS", "*z*z*z*z*")
			return latencyMax(t, c, "command") > 0
		})
		eventually(t, "a sync took a millisecond", func() bool {
			mustDo(t, c, "SET", "large", strings.Repeat("x", 4*mib))
			return latencyMax(t, c, "aof-fsync-always") > 0 || latencyMax(t, c, "aof-write") > 0
		})
		text, err := c.Do(t.Context(), "LATENCY", "GRAPH", "command").Text()
		if err != nil || !strings.HasPrefix(text, "command - high ") {
			t.Errorf("LATENCY GRAPH: %q, %v", text, err)
		}
		text, err = c.Do(t.Context(), "LATENCY", "DOCTOR").Text()
		if err != nil || !strings.Contains(text, ". command: ") {
			t.Errorf("LATENCY DOCTOR: %q, %v", text, err)
		}
		if n, err := c.Do(t.Context(), "LATENCY", "RESET", "command").Int(); n != 1 || err != nil {
			t.Errorf("LATENCY RESET: %d, %v", n, err)
		}
		history, err := c.Do(t.Context(), "LATENCY", "HISTORY", "command").Slice()
		if err != nil || len(history) > 1 { // RESET itself may have been slow
			t.Errorf("LATENCY HISTORY after RESET: %v, %v", history, err)
		}
	})
}

// latencyMax is the longest time of an event, 0 when there was none.
func latencyMax(t *testing.T, c *redis.Client, event string) int64 {
	t.Helper()
	latest, err := c.Do(t.Context(), "LATENCY", "LATEST").Slice()
	if err != nil {
		t.Fatal(err)
	}
	for _, l := range latest {
		e := l.([]any)
		if at := time.Unix(e[1].(int64), 0); time.Since(at) > time.Hour || e[2].(int64) > e[3].(int64) {
			t.Errorf("LATENCY LATEST: %v", e)
		}
		if e[0] == event {
			return e[3].(int64)
		}
	}
	return 0
}

func TestLatencyHistogram(t *testing.T) {
	onBoth(t, nil, func(t *testing.T, p *process) {
		c := p.client()
		for range 100 {
			mustDo(t, c, "SET", "k", "v")
		}
		mustDo(t, c, "CONFIG", "GET", "maxmemory")
		got, err := c.Do(t.Context(), "LATENCY", "HISTOGRAM", "set", "config", "get").Result()
		if err != nil {
			t.Fatal(err)
		}
		m := got.(map[any]any)
		set, _ := m["set"].(map[any]any)
		if len(m) != 2 || set["calls"] != int64(100) || m["config|get"] == nil {
			t.Fatalf("got %v", m)
		}
		last := int64(0)
		for _, n := range set["histogram_usec"].(map[any]any) {
			last = max(last, n.(int64))
		}
		if last != 100 {
			t.Errorf("the distribution ends at %d: %v", last, set)
		}
		stats := infoField(t, c, "latencystats", "latency_percentiles_usec_set")
		var p50, p99, p999 float64
		if _, err := fmt.Sscanf(stats, "p50=%g,p99=%g,p99.9=%g", &p50, &p99, &p999); err != nil || p50 <= 0 || p50 > p99 || p99 > p999 {
			t.Errorf("INFO latencystats: %q, %v", stats, err)
		}
		calls := infoField(t, c, "commandstats", "cmdstat_set")
		var n, usec int
		var perCall float64
		if _, err := fmt.Sscanf(calls, "calls=%d,usec=%d,usec_per_call=%g,", &n, &usec, &perCall); err != nil || n != 100 || perCall <= 0 {
			t.Errorf("INFO commandstats: %q, %v", calls, err)
		}
		mustDo(t, c, "CONFIG", "RESETSTAT")
		if got, err := c.Do(t.Context(), "LATENCY", "HISTOGRAM", "set").Result(); err != nil || len(got.(map[any]any)) != 0 {
			t.Errorf("after RESETSTAT: %v, %v", got, err)
		}
	})
}

// INFO latencystats shows the percentiles that were asked for, and nothing, like LATENCY
// HISTOGRAM, when nothing was.
func TestLatencyTracking(t *testing.T) {
	onBoth(t, []string{"--latency-tracking-info-percentiles", "99.90 5e1"}, func(t *testing.T, p *process) {
		c := p.client()
		mustDo(t, c, "CONFIG", "RESETSTAT")
		mustDo(t, c, "SET", "k", "v")
		line := func() string { return allInfo(t, c)["latency_percentiles_usec_set"] }
		if got := regexp.MustCompile(`\d+\.\d{3}`).ReplaceAllString(line(), "t"); got != "p99.9=t,p50=t" {
			t.Errorf("INFO latencystats of SET: %s", got)
		}
		mustDo(t, c, "CONFIG", "SET", "latency-tracking-info-percentiles", "0 100")
		if got := line(); !strings.HasPrefix(got, "p0=") || !strings.Contains(got, ",p100=") {
			t.Errorf("INFO latencystats of SET: %s", got)
		}
		mustDo(t, c, "CONFIG", "SET", "latency-tracking", "no")
		if got := line(); got != "" {
			t.Errorf("without latency-tracking INFO latencystats has %s", got)
		}
		if got := fmt.Sprint(mustDo(t, c, "LATENCY", "HISTOGRAM", "set")); got != "map[]" {
			t.Errorf("without latency-tracking LATENCY HISTOGRAM has %s", got)
		}
		mustDo(t, c, "CONFIG", "SET", "latency-tracking", "yes")
		if got := line(); got == "" {
			t.Error("nothing in INFO latencystats")
		}
	})
}
