package resp

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/millrace-io/millrace/commands"
)

func TestBucketsFollowEachOther(t *testing.T) {
	if bucketOf(0) != 0 || bucketOf(-5) != 0 {
		t.Error("nothing, and a clock that went back, are not in bucket 0")
	}
	if got := bucketOf(math.MaxInt64); got >= buckets || upper(got) != math.MaxInt64 {
		t.Errorf("the longest is in bucket %d of %d, up to %d", got, buckets, upper(got))
	}
	for i := range bucketOf(math.MaxInt64) {
		if bucketOf(upper(i)) != i || bucketOf(upper(i)+1) != i+1 {
			t.Fatalf("bucket %d ends at %d, of buckets %d and %d", i, upper(i), bucketOf(upper(i)), bucketOf(upper(i)+1))
		}
	}
}

func TestPercentilesAreNearTheTrueOnes(t *testing.T) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	r := rand.New(rand.NewPCG(seed, 0))
	var h Histogram
	all := make([]time.Duration, 10_000)
	for i := range all {
		all[i] = time.Duration(r.ExpFloat64() * float64(50*time.Microsecond))
		h.Add(all[i])
	}
	slices.Sort(all)
	for _, percent := range []float64{50, 90, 99, 99.9} {
		want := all[int(percent/100*float64(len(all)))-1]
		if got := h.Percentile(percent); got < want || got > want+want/stepsPerPower+1 {
			t.Errorf("p%v: %v, true %v", percent, got, want)
		}
	}
}

func TestDistributionHasTheStepsThatAdd(t *testing.T) {
	var h Histogram
	if got := h.Distribution(); got != nil {
		t.Errorf("of nothing: %v", got)
	}
	for _, d := range []time.Duration{0, 1000, 1024, 1500, 3000, 1 << 20, math.MaxInt64} {
		h.Add(d)
	}
	want := []commands.LatencyStep{{Most: 1024, Count: 3}, {Most: 2048, Count: 4}, {Most: 4096, Count: 5}, {Most: 1 << 20, Count: 6}}
	if got := h.Distribution(); !slices.Equal(got[:min(len(got), 4)], want) {
		t.Errorf("got %v, want %v and what is longer than all steps", got, want)
	}
}

// The calls of a command are counted for each home, and told of together.
func TestLatencyOfAllHomes(t *testing.T) {
	table := commands.NewTable()
	set, get := table.Lookup([]byte("set")), table.Lookup([]byte("get"))
	srv := &Server{table: table, homes: []*homeStats{newHomeStats(table), newHomeStats(table)}}
	srv.homes[0].commands[set].ran(3*time.Microsecond, false)
	srv.homes[1].commands[set].ran(3*time.Microsecond, false)
	srv.homes[1].commands[set].Calls.Add(2)
	if h := srv.Latency(set); h == nil || h.Calls() != 2 || h.Total() != 6*time.Microsecond {
		t.Errorf("SET: %+v", h)
	}
	srv.EachCommand(func(c *commands.Command, n CommandCounts) {
		if c != set || n.Took != 6*time.Microsecond {
			t.Errorf("%s: %+v", c.Name, n)
		}
	})
	if srv.Latency(get) != nil {
		t.Error("GET was never called")
	}
	srv.ResetStats()
	if srv.Latency(set) != nil {
		t.Error("SET was reset")
	}
}

func TestLaps(t *testing.T) {
	var l Laps
	l.Resume()
	begun := l.last
	l.Resume()
	if l.last != begun {
		t.Error("a lap that was running began again")
	}
	first := l.Lap()
	l.Stop()
	l.Resume()
	if l.last < begun+first {
		t.Errorf("began at %v again, after %v and %v", l.last, begun, first)
	}
	if l.Lap() < 0 {
		t.Error("the clock went back")
	}
}
