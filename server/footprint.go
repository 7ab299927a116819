package server

import (
	"bytes"
	"context"
	"math"
	"os"
	"runtime/debug"
	"runtime/metrics"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"time"
)

const (
	// footprintEvery is how often the process is measured while maxmemory is set,
	// footprintSeldom while it is not. In between the state's own accounting tells
	// by how much it has grown.
	footprintEvery  = 20 * time.Millisecond
	footprintSeldom = 100 * time.Millisecond

	// collectorRoom is the part of what is in use that the collector is granted on
	// top: it counts as used. collectorSlack is by how much the process may exceed
	// maxmemory before the collector runs all the time. Both as one part in so many.
	collectorRoom  = 20
	collectorSlack = 20

	// cyclesKept is how many cycles of the collector tell what is in use and not counted.
	cyclesKept = 3
)

// footprint is what the process takes of the machine's memory. It joins two
// measures, since each lacks something: the collector knows what is in use, but
// only as of its last cycle; the state knows what its values take at any moment, but
// not what is around them. So used is what the collector found, and by how much the
// state and the requests on their way have grown since.
//
// It also makes Go's heap stay near maxmemory, by a memory limit, which is one for
// the process: of several nodes in one the last one decides.
//
// Its methods may be called from any goroutine.
type footprint struct {
	counts func() int64 // state and requests on their way, by their own accounting

	// top is the most that was counted since the last sample.
	top atomic.Int64

	maxMemory atomic.Int64
	// base is used without what the state's accounting says.
	base atomic.Int64
	peak atomic.Int64
	// startup is what was used before there was a client.
	startup atomic.Int64
	ready   atomic.Bool   // the log was run again, and what that left behind is still there
	retuned chan struct{} // holds a token when maxMemory or ready has changed; never closed

	refused atomic.Bool // something was, since the last cycle of the collector

	reviewing time.Duration // how long the last review took; run's own

	// mu covers what follows.
	mu   sync.Mutex
	last processSample
	// found is what the last cycles of the collector found in use and was not counted, the
	// last one at the end; beyond is the least of it.
	found  []int64
	beyond int64
	most   int64     // that was counted at any time since the next cycle may have begun
	unused uint64    // least part of the heap's spans that was free, in this cycle
	waste  uint64    // the same of the cycle before: what new values do not fill
	seen   time.Time // when the last cycle was
	limit  int64     // Go's memory limit as it was last set
	outer  int64     // what it was before: it belongs to who started the process
}

func newFootprint(counts func() int64) *footprint {
	return &footprint{counts: counts, retuned: make(chan struct{}, 1), unused: math.MaxUint64}
}

// counted is the size of the state and of the requests on their way. It is asked for
// whenever the state has another size, so that the most of it is known.
func (f *footprint) counted() int64 {
	n := f.counts()
	for {
		if top := f.top.Load(); n <= top || f.top.CompareAndSwap(top, n) {
			return n
		}
	}
}

// run measures until ctx ends. Go's memory limit is then as it was.
func (f *footprint) run(ctx context.Context) {
	outer := debug.SetMemoryLimit(-1)
	f.mu.Lock()
	f.outer, f.limit = outer, outer
	f.mu.Unlock()
	defer debug.SetMemoryLimit(outer)
	for {
		if f.ready.CompareAndSwap(true, false) {
			f.settle()
		}
		f.measure()
		f.review()
		pause := footprintSeldom
		if f.maxMemory.Load() > 0 {
			pause = footprintEvery
		}
		t := time.NewTimer(pause)
		select {
		case <-ctx.Done():
			t.Stop()
			return
		case <-f.retuned:
			t.Stop()
		case <-t.C:
		}
	}
}

// setMax takes a new maxmemory.
func (f *footprint) setMax(n int64) {
	f.maxMemory.Store(n)
	f.poke()
}

// used is the memory in use, with the room that the collector needs.
func (f *footprint) used() int64 { return max(f.base.Load()+withRoom(f.counted()), 0) }

// exceeds reports whether more bytes would make it more than maxmemory.
func (f *footprint) exceeds(more int64) bool {
	limit := f.maxMemory.Load()
	if limit == 0 || f.used()+more <= limit {
		return false
	}
	f.refused.Store(true)
	return true
}

func withRoom(n int64) int64 { return n + n/collectorRoom }

// measure looks at the process and tunes the collector by it.
func (f *footprint) measure() {
	f.mu.Lock()
	defer f.mu.Unlock()
	s := sampleProcess()
	counted := f.counted()
	f.takeLocked(s, counted)
	f.peak.Store(max(f.peak.Load(), f.used()))
	f.tuneLocked()
}

// takeLocked learns from a sample. counted is read after it: a state that grew in between
// makes used a little too low, until the next cycle.
func (f *footprint) takeLocked(s processSample, counted int64) {
	// The next cycle may have begun by the time that this sample shows the end of one,
	// but not before the sample of before.
	top := max(f.top.Swap(counted), counted)
	f.most = max(f.most, top)
	switch {
	case s.cycles == 0: // nothing is known but what was allocated
		f.beyond = int64(s.objects) - f.most
	case s.cycles != f.last.cycles:
		f.foundLocked(s.live, counted)
		f.seen = time.Now()
		f.refused.Store(false)
		f.most = top
		f.waste, f.unused = f.unused, s.unused
		if f.last.cycles == 0 {
			f.waste = 0
		}
	}
	f.unused = min(f.unused, s.unused)
	f.last = s
	f.base.Store(withRoom(f.beyond + int64(s.around)))
}

// foundLocked takes what a cycle found in use. It errs upwards in two ways, and either
// would last: writes that are refused bring no next cycle about.
//
// It is seen later than it was found, and the cycle has begun earlier still: what was
// freed meanwhile is part of it, or not. So beyond stays as it was where it can. And
// all that is allocated during a cycle is found in use, also what is garbage at its end,
// as most of what a write needs on its way: so the least of a few cycles counts.
func (f *footprint) foundLocked(live uint64, counted int64) {
	beyond := min(max(f.beyond, int64(live)-f.most), int64(live)-counted)
	if len(f.found) == cyclesKept {
		f.found = slices.Delete(f.found, 0, 1)
	}
	f.found = append(f.found, beyond)
	f.beyond = slices.Min(f.found)
}

// passingLocked is what the last cycle found in use beyond what is used: garbage since then,
// or more that lasts.
func (f *footprint) passingLocked() int64 {
	if len(f.found) == 0 {
		return 0
	}
	return f.found[len(f.found)-1] - f.beyond
}

// tuneLocked keeps Go's heap near maxmemory. The limit rises with what is in use
// above that (a smaller maxmemory than there is data, a request of 512 MB) and with
// holes in the heap: a collector that can't get below its limit would take half of
// the processors.
func (f *footprint) tuneLocked() {
	limit := f.heapLimitLocked()
	// A change stops all goroutines for a moment: not for less than 1 %.
	if d := limit - f.limit; d == 0 || limit != f.outer && max(d, -d) < f.limit/100 {
		return
	}
	debug.SetMemoryLimit(limit)
	f.limit = limit
}

func (f *footprint) heapLimitLocked() int64 {
	m := f.maxMemory.Load()
	if m == 0 {
		return f.outer
	}
	need := max(m, f.used()+f.passingLocked()+int64(f.waste))
	return min(f.outer, need+need/collectorSlack-int64(f.last.files)) // Go counts no files
}

// started notes that the node is ready.
func (f *footprint) started() {
	f.ready.Store(true)
	f.poke()
}

// settle gets rid of what the start left behind, which the collector may have taken
// for used while the log was run again. What is used besides the state is there
// without any client.
func (f *footprint) settle() {
	if f.maxMemory.Load() > 0 {
		debug.FreeOSMemory()
	}
	f.measure()
	f.startup.Store(max(f.used()-withRoom(f.counted()), 0))
}

func (f *footprint) poke() {
	select {
	case f.retuned <- struct{}{}:
	default:
	}
}

// sample is the last measure, which is at most footprintSeldom old.
func (f *footprint) sample() processSample {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.last
}

// processSample is what the system and the runtime say of the process.
type processSample struct {
	cycles   uint64 // of the collector
	live     uint64 // what the last one found in use
	objects  uint64 // of the heap, garbage included
	unused   uint64 // free places in spans that hold objects
	mapped   uint64 // by the runtime, without what it gave back
	around   uint64 // stacks, the runtime's own, and files
	resident uint64
	files    uint64 // resident pages of files, as of the binary
}

// sampleProcess reads it without stopping the world.
func sampleProcess() processSample {
	m := []metrics.Sample{
		{Name: "/gc/cycles/total:gc-cycles"}, {Name: "/gc/heap/live:bytes"},
		{Name: "/memory/classes/heap/objects:bytes"}, {Name: "/memory/classes/heap/unused:bytes"},
		{Name: "/memory/classes/heap/free:bytes"}, {Name: "/memory/classes/heap/released:bytes"},
		{Name: "/memory/classes/total:bytes"},
	}
	metrics.Read(m)
	value := func(i int) uint64 { return m[i].Value.Uint64() }
	s := processSample{cycles: value(0), live: value(1), objects: value(2), unused: value(3)}
	s.mapped = value(6) - min(value(6), value(5))
	heap := s.objects + s.unused + value(4)
	s.resident, s.files = residentBytes()
	s.around = s.mapped - min(s.mapped, heap) + s.files
	return s
}

// residentBytes is the process' resident memory, and what of it are pages of files,
// as those of its binary; 0 where it can't be told.
func residentBytes() (resident, files uint64) {
	statm, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		return 0, 0
	}
	fields := bytes.Fields(statm)
	if len(fields) < 3 {
		return 0, 0
	}
	page := uint64(os.Getpagesize())
	resident, _ = strconv.ParseUint(string(fields[1]), 10, 64)
	files, _ = strconv.ParseUint(string(fields[2]), 10, 64)
	return resident * page, files * page
}
