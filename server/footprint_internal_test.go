package server

import (
	"math"
	"testing"
)

const mib = 1 << 20

// counted is a state of a given size.
type counted struct{ bytes int64 }

func newTestFootprint() (*footprint, *counted) {
	c := &counted{}
	f := newFootprint(func() int64 { return c.bytes })
	f.outer, f.limit = math.MaxInt64, math.MaxInt64
	return f, c
}

func (f *footprint) after(s processSample) int64 {
	f.takeLocked(s, f.counted())
	return f.used()
}

func TestUsedIsWhatTheCollectorFoundAndTheGrowthSince(t *testing.T) {
	f, c := newTestFootprint()
	c.bytes = 100 * mib
	if got := f.after(processSample{cycles: 1, live: 110 * mib, around: 10 * mib, objects: 150 * mib}); got != 126*mib {
		t.Errorf("after a cycle: %d, want 120 MiB and a twentieth", got)
	}
	c.bytes = 140 * mib
	if got := f.used(); got != 168*mib {
		t.Errorf("grown by 40 MiB: %d, want 160 MiB and a twentieth", got)
	}
	// No cycle in between: what the collector found is still of the smaller state.
	if got := f.after(processSample{cycles: 1, live: 110 * mib, around: 10 * mib, objects: 190 * mib}); got != 168*mib {
		t.Errorf("measured again: %d", got)
	}
	c.bytes = 20 * mib
	if got := f.used(); got != 42*mib {
		t.Errorf("shrunk to 20 MiB: %d, want 40 MiB and a twentieth", got)
	}
}

func TestUsedBeforeTheFirstCycleIsWhatWasAllocated(t *testing.T) {
	f, _ := newTestFootprint()
	if got := f.after(processSample{objects: 20 * mib, around: 20 * mib}); got != 42*mib {
		t.Errorf("got %d", got)
	}
}

func TestExceedsCountsWhatIsToCome(t *testing.T) {
	f, c := newTestFootprint()
	if f.exceeds(math.MaxInt64) {
		t.Error("exceeds no limit")
	}
	f.maxMemory.Store(105)
	c.bytes = 100
	if f.exceeds(0) || !f.exceeds(1) {
		t.Errorf("at the limit: exceeds(0) %t, exceeds(1) %t", f.exceeds(0), f.exceeds(1))
	}
}

// Below its limit the collector can only be when that leaves it room: it follows
// what is in use, and holes that nothing fills.
func TestHeapLimitLeavesRoomForTheCollector(t *testing.T) {
	const max = 200 * mib
	sample := func(cycle uint64, live, unused uint64) processSample {
		return processSample{cycles: cycle, live: live, unused: unused, around: 20 * mib, files: 10 * mib}
	}
	rows := []struct {
		name    string
		max     int64
		samples []processSample
		want    int64
	}{
		{"no maxmemory", 0, []processSample{sample(1, 100*mib, 0)}, math.MaxInt64},
		{"below it", max, []processSample{sample(1, 100*mib, 50*mib)}, 200 * mib},
		{"more in use", max, []processSample{sample(1, 380*mib, 0)}, 431 * mib},
		{"holes", max, []processSample{sample(1, 100*mib, 90*mib), sample(1, 100*mib, 80*mib), sample(2, 180*mib, 200*mib)}, 294 * mib},
		{"holes that were filled", max, []processSample{sample(1, 100*mib, 90*mib), sample(1, 100*mib, 0), sample(2, 180*mib, 200*mib)}, 210 * mib},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			f, _ := newTestFootprint()
			f.maxMemory.Store(row.max)
			for _, s := range row.samples {
				f.takeLocked(s, 0)
			}
			if got := f.heapLimitLocked(); got/mib != row.want/mib {
				t.Errorf("got %d MiB, want %d", got/mib, row.want/mib)
			}
		})
	}
}

func TestHeapLimitIsNeverAboveTheOperators(t *testing.T) {
	f, _ := newTestFootprint()
	f.outer = 50 * mib
	f.maxMemory.Store(200 * mib)
	if got := f.heapLimitLocked(); got != 50*mib {
		t.Errorf("got %d", got)
	}
}
