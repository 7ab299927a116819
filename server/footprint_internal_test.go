package server

import (
	"math"
	"testing"
	"time"
)

const mib = 1 << 20

// counting is a footprint with a state of a size that tests set.
type counting struct {
	*footprint
	state int64
}

func newTestFootprint() *counting {
	f := &counting{}
	f.footprint = newFootprint(func() int64 { return f.state })
	f.outer, f.limit = math.MaxInt64, math.MaxInt64
	return f
}

func (f *counting) holds(bytes int64) {
	f.state = bytes
	f.counted()
}

func (f *counting) after(s processSample) int64 {
	f.takeLocked(s, f.counted())
	return f.used()
}

func TestUsedIsWhatTheCollectorFoundAndTheGrowthSince(t *testing.T) {
	f := newTestFootprint()
	f.holds(100 * mib)
	if got := f.after(processSample{cycles: 1, live: 110 * mib, around: 10 * mib, objects: 150 * mib}); got != 126*mib {
		t.Errorf("after a cycle: %d, want 120 MiB and a twentieth", got)
	}
	f.holds(140 * mib)
	if got := f.used(); got != 168*mib {
		t.Errorf("grown by 40 MiB: %d, want 160 MiB and a twentieth", got)
	}
	// No cycle in between: what the collector found is still of the smaller state.
	if got := f.after(processSample{cycles: 1, live: 110 * mib, around: 10 * mib, objects: 190 * mib}); got != 168*mib {
		t.Errorf("measured again: %d", got)
	}
	f.holds(20 * mib)
	if got := f.used(); got != 42*mib {
		t.Errorf("shrunk to 20 MiB: %d, want 40 MiB and a twentieth", got)
	}
}

// A cycle that ran while the state shrank has found what was freed, or not: it makes
// room in either case, and at once.
func TestWhatIsFreedMakesRoomWhenACycleSeesItLate(t *testing.T) {
	const before = 126 * mib // a state of 100 MiB, 10 beyond it and 10 around, and a twentieth
	rows := []struct {
		name string
		live uint64 // found by a cycle that is seen when 40 MiB were freed
		want int64
	}{
		{"found in use", 110 * mib, 84 * mib},
		{"half of it", 90 * mib, 84 * mib},
		{"not found", 70 * mib, 84 * mib},
		{"and more that is used", 112 * mib, 86*mib + mib/10},
		{"and some that is not", 68 * mib, 82*mib - mib/10},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			f := newTestFootprint()
			for cycle := range uint64(cyclesKept) {
				f.holds(100 * mib)
				if got := f.after(processSample{cycles: cycle + 1, live: 110 * mib, around: 10 * mib}); got != before {
					t.Fatalf("before: %d", got)
				}
			}
			f.holds(60 * mib)
			if got := f.used(); got != before-42*mib {
				t.Errorf("freed: %d", got)
			}
			f.after(processSample{cycles: cyclesKept, live: 110 * mib, around: 10 * mib})
			for cycle := range uint64(cyclesKept) { // all like the first: one alone would not count
				f.top.Store(100 * mib)
				f.after(processSample{cycles: cyclesKept + 1 + cycle, live: row.live, around: 10 * mib})
			}
			if got := f.used(); max(got-row.want, row.want-got) > 1 {
				t.Errorf("seen: %d, want %d", got, row.want)
			}
		})
	}
}

// What was counted between two samples only may be part of what is found, too.
func TestWhatCameAndWentBetweenTwoSamplesIsNotUsed(t *testing.T) {
	f := newTestFootprint()
	f.holds(10 * mib)
	f.after(processSample{cycles: 1, live: 10 * mib})
	f.holds(90 * mib)
	f.holds(20 * mib)
	if got := f.after(processSample{cycles: 2, live: 90 * mib}); got != 21*mib {
		t.Errorf("got %d, want 20 MiB and a twentieth", got)
	}
}

// What a cycle finds in use and the next ones do not is garbage of writes on their way.
func TestGarbageOfOneCycleIsNotUsed(t *testing.T) {
	f := newTestFootprint()
	f.holds(100 * mib)
	for i, live := range []uint64{110, 130, 150, 110, 110} {
		if got := f.after(processSample{cycles: uint64(i) + 1, live: live * mib}); got != 115*mib+mib/2 {
			t.Errorf("cycle %d: %d, want 110 MiB and a twentieth", i+1, got)
		}
	}
	for range cyclesKept {
		f.after(processSample{cycles: f.last.cycles + 1, live: 120 * mib})
	}
	if got := f.used(); got != 126*mib {
		t.Errorf("found by all of the last cycles: %d, want 120 MiB and a twentieth", got)
	}
}

func TestUsedBeforeTheFirstCycleIsWhatWasAllocated(t *testing.T) {
	f := newTestFootprint()
	if got := f.after(processSample{objects: 20 * mib, around: 20 * mib}); got != 42*mib {
		t.Errorf("got %d", got)
	}
}

func TestExceedsCountsWhatIsToCome(t *testing.T) {
	f := newTestFootprint()
	if f.exceeds(math.MaxInt64) {
		t.Error("exceeds no limit")
	}
	f.maxMemory.Store(105)
	f.holds(100)
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
			f := newTestFootprint()
			f.maxMemory.Store(row.max)
			for _, s := range row.samples {
				f.holds(int64(s.live)) // that is all there is
				f.after(s)
			}
			if got := f.heapLimitLocked(); got/mib != row.want/mib {
				t.Errorf("got %d MiB, want %d", got/mib, row.want/mib)
			}
		})
	}
}

func TestHeapLimitIsNeverAboveTheOperators(t *testing.T) {
	f := newTestFootprint()
	f.outer = 50 * mib
	f.maxMemory.Store(200 * mib)
	if got := f.heapLimitLocked(); got != 50*mib {
		t.Errorf("got %d", got)
	}
}

// What was found long ago is not what something is refused by for long.
func TestRefusalBringsACycleAbout(t *testing.T) {
	f := newTestFootprint()
	f.measure()
	f.review()
	if f.reviewing != 0 {
		t.Error("reviewed though nothing was refused")
	}
	f.maxMemory.Store(1)
	if !f.exceeds(1) {
		t.Fatal("nothing exceeds a limit of 1")
	}
	f.seen = time.Now().Add(time.Hour)
	f.review()
	if f.reviewing != 0 {
		t.Error("reviewed though the last cycle was just now")
	}
	f.seen = time.Now().Add(-reviewAfter)
	before := f.last.cycles
	f.review()
	if f.reviewing == 0 || f.last.cycles == before {
		t.Errorf("no cycle: %d before, %d now", before, f.last.cycles)
	}
	if f.refused.Load() {
		t.Error("refused, as of a cycle of before")
	}
	f.exceeds(1)
	f.seen, f.reviewing = time.Now().Add(-time.Minute), time.Hour
	if f.review(); f.reviewing != time.Hour {
		t.Error("reviewed though a review takes an hour")
	}
}
