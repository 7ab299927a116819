package server

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
	var h histogram
	all := make([]time.Duration, 10_000)
	for i := range all {
		all[i] = time.Duration(r.ExpFloat64() * float64(50*time.Microsecond))
		h.add(all[i])
	}
	slices.Sort(all)
	for _, percent := range []float64{50, 90, 99, 99.9} {
		want := all[int(percent/100*float64(len(all)))-1]
		if got := h.percentile(percent); got < want || got > want+want/stepsPerPower+1 {
			t.Errorf("p%v: %v, true %v", percent, got, want)
		}
	}
}

func TestDistributionHasTheStepsThatAdd(t *testing.T) {
	var h histogram
	if got := h.distribution(); got != nil {
		t.Errorf("of nothing: %v", got)
	}
	for _, d := range []time.Duration{0, 1000, 1024, 1500, 3000, 1 << 20, math.MaxInt64} {
		h.add(d)
	}
	want := []commands.LatencyStep{{Most: 1024, Count: 3}, {Most: 2048, Count: 4}, {Most: 4096, Count: 5}, {Most: 1 << 20, Count: 6}}
	if got := h.distribution(); !slices.Equal(got[:min(len(got), 4)], want) {
		t.Errorf("got %v, want %v and what is longer than all steps", got, want)
	}
}
