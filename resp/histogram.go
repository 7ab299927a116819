package resp

import (
	"math/bits"
	"sync/atomic"
	"time"

	"github.com/millrace-io/millrace/commands"
)

// A Histogram counts durations in buckets whose width grows with them: each power of
// two of nanoseconds is cut into stepsPerPower, so a bucket is at most 3 % wide.
const (
	stepBits      = 5
	stepsPerPower = 1 << stepBits
	buckets       = (64 - stepBits) * stepsPerPower
)

// Histogram is how long something took, each time. Its methods may be called from
// any goroutine.
type Histogram struct {
	counts [buckets]atomic.Uint64
	total  atomic.Int64 // of all durations
}

// bucketOf is the bucket of a duration: its highest stepBits+1 bits say which.
func bucketOf(d time.Duration) int {
	n := uint64(max(d, 0))
	if n < stepsPerPower {
		return int(n)
	}
	power := bits.Len64(n) - 1 - stepBits
	return power*stepsPerPower + int(n>>power)
}

// upper is the largest duration of a bucket.
func upper(bucket int) time.Duration {
	if bucket < stepsPerPower {
		return time.Duration(bucket)
	}
	power := bucket/stepsPerPower - 1
	return time.Duration((uint64(bucket%stepsPerPower+stepsPerPower)+1)<<power - 1)
}

// Add counts a duration.
func (h *Histogram) Add(d time.Duration) {
	h.counts[bucketOf(d)].Add(1)
	h.total.Add(int64(d))
}

// Extend adds to the time of one that was counted before.
func (h *Histogram) Extend(d time.Duration) { h.total.Add(int64(d)) }

// Calls is the number of durations.
func (h *Histogram) Calls() (n uint64) {
	for i := range h.counts {
		n += h.counts[i].Load()
	}
	return n
}

// Percentile is the duration that so many percent do not exceed.
func (h *Histogram) Percentile(percent float64) time.Duration {
	wanted := max(uint64(float64(h.Calls())*percent/100+0.5), 1)
	n := uint64(0)
	for i := range h.counts {
		if n += h.counts[i].Load(); n >= wanted {
			return upper(i)
		}
	}
	return 0
}

// firstStep is where the distribution begins; each step is twice the one before.
const firstStep = 1024 * time.Nanosecond

// Distribution is the cumulative distribution, in those steps that add to it.
func (h *Histogram) Distribution() []commands.LatencyStep {
	var steps []commands.LatencyStep
	n, last := uint64(0), uint64(0)
	for i, most := 0, firstStep; i < buckets && most > 0; most *= 2 {
		for ; i < buckets && i <= bucketOf(most); i++ {
			n += h.counts[i].Load()
		}
		if n > last {
			steps = append(steps, commands.LatencyStep{Most: most, Count: n})
			last = n
		}
	}
	return steps
}

// Total is the sum of all durations.
func (h *Histogram) Total() time.Duration { return time.Duration(h.total.Load()) }

// merge adds what other has counted.
func (h *Histogram) merge(other *Histogram) {
	for i := range other.counts {
		if n := other.counts[i].Load(); n > 0 {
			h.counts[i].Add(n)
		}
	}
	h.total.Add(other.total.Load())
}
