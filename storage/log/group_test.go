package log_test

import (
	"context"
	"errors"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/millrace-io/millrace/storage/log"
	"github.com/millrace-io/millrace/storage/vfs"
)

func TestGroupOperations(t *testing.T) {
	type g = *log.Group
	rows := []struct {
		name        string
		do          func(g) error
		first, last uint64
		err         error
	}{
		{"append goes on", func(g g) error { return g.Append(entries(13, 2, 2, 10)) }, 8, 14, nil},
		{"append with a gap", func(g g) error { return g.Append(entries(14, 1, 2, 10)) }, 8, 12, log.ErrOrder},
		{"append over what is there", func(g g) error { return g.Append(entries(12, 1, 2, 10)) }, 8, 12, log.ErrOrder},
		{"append index 0", func(g g) error { return g.Append(entries(0, 1, 2, 10)) }, 8, 12, log.ErrOrder},
		{"append with a gap inside", func(g g) error {
			return g.Append(append(entries(13, 1, 2, 10), entries(15, 1, 2, 10)...))
		}, 8, 12, log.ErrOrder},
		{"extensions too large", func(g g) error {
			return g.Append([]log.Entry{{Index: 13, Extensions: make([]byte, 1<<24)}})
		}, 8, 12, log.ErrTooLarge},
		{"truncate front", func(g g) error { return g.TruncateFront(9) }, 10, 12, nil},
		{"truncate front below the mark", func(g g) error { return g.TruncateFront(7) }, 8, 12, nil},
		{"truncate front up to the last", func(g g) error { return g.TruncateFront(12) }, 0, 0, nil},
		{"truncate front beyond the last", func(g g) error { return g.TruncateFront(99) }, 0, 0, nil},
		{"truncate back", func(g g) error { return g.TruncateBack(11) }, 8, 10, nil},
		{"truncate back behind the last", func(g g) error { return g.TruncateBack(13) }, 8, 12, nil},
		{"truncate back from the first", func(g g) error { return g.TruncateBack(8) }, 0, 0, nil},
		{"truncate back below the mark", func(g g) error { return g.TruncateBack(3) }, 0, 0, nil},
		{"truncate back of what was given up", func(g g) error {
			return errors.Join(g.TruncateFront(12), g.TruncateBack(3))
		}, 0, 0, nil},
		{"reset", func(g g) error { return g.Reset(500, 9) }, 0, 0, nil},
		{"reset and append", func(g g) error {
			if err := g.Reset(500, 9); err != nil {
				return err
			}
			return g.Append(entries(501, 2, 9, 10))
		}, 501, 502, nil},
		{"empty and append elsewhere", func(g g) error {
			if err := g.TruncateFront(12); err != nil {
				return err
			}
			return g.Append(entries(700, 1, 9, 10))
		}, 700, 700, nil},
	}
	for _, r := range rows {
		t.Run(r.name, func(t *testing.T) {
			mem := newMem(t)
			l := mustOpen(t, mem, dir, smallLog())
			gr := l.Group(1)
			must(t, gr.Append(entries(1, 12, 1, 10)))
			must(t, gr.TruncateFront(7)) // holds 8 to 12, and 1 to 7 are still there
			if err := r.do(gr); !errors.Is(err, r.err) {
				t.Fatalf("%v, want %v", err, r.err)
			}
			check := func(gr g, when string) {
				t.Helper()
				if gr.FirstIndex() != r.first || gr.LastIndex() != r.last {
					t.Errorf("%s: holds %d to %d, want %d to %d", when, gr.FirstIndex(), gr.LastIndex(), r.first, r.last)
				}
				var e log.Entry
				if err := gr.Entry(max(r.last, 12)+1, &e); !errors.Is(err, log.ErrNotFound) {
					t.Errorf("%s: entry behind the last: %v", when, err)
				}
			}
			check(gr, "at once")
			must(t, l.Close())
			check(mustOpen(t, mem, dir, smallLog()).Group(1), "reopened")
		})
	}
}

func TestEntriesBelowTheMarkAreReadable(t *testing.T) {
	mem := newMem(t)
	l := mustOpen(t, mem, dir, smallLog())
	must(t, l.Group(1).Append(entries(1, 12, 1, 1000)))
	must(t, l.Group(1).TruncateFront(12))
	mustEntries(t, l.Group(1), entries(1, 12, 1, 1000))
	must(t, l.Group(1).Append(entries(13, 1, 1, 10)))
	must(t, l.Close())
	l = mustOpen(t, mem, dir, smallLog())
	mustEntries(t, l.Group(1), entries(1, 12, 1, 1000))
	must(t, l.Group(1).Reset(20, 1))
	var e log.Entry
	if err := l.Group(1).Entry(5, &e); !errors.Is(err, log.ErrNotFound) {
		t.Errorf("entry of before the reset: %v", err)
	}
}

// A truncated index that is written again is read as it is now, not as the frame
// kept from the last read has it.
func TestReadAfterTruncateSeesTheNewEntry(t *testing.T) {
	l := mustOpen(t, newMem(t), dir, smallLog())
	g := l.Group(1)
	must(t, g.Append(entries(1, 10, 1, 100)))
	mustEntries(t, g, entries(1, 10, 1, 100))
	must(t, g.TruncateBack(5))
	must(t, g.Append(entries(5, 10, 2, 100)))
	mustEntries(t, g, entries(1, 4, 1, 100))
	mustEntries(t, g, entries(5, 10, 2, 100))
}

func TestLogBytesCountsWhatIsBehindAnIndex(t *testing.T) {
	l := mustOpen(t, newMem(t), dir, smallLog())
	g := l.Group(1)
	if g.LogBytes(0) != 0 {
		t.Error("an empty group has bytes")
	}
	must(t, g.Append([]log.Entry{{Index: 5, Data: make([]byte, 100)}, {Index: 6, Data: make([]byte, 200)}, {Index: 7, Data: make([]byte, 400)}}))
	for since, want := range map[uint64]int64{0: 700 + 3*24, 5: 600 + 2*24, 6: 400 + 24, 7: 0, 100: 0} {
		if n := g.LogBytes(since); n != want {
			t.Errorf("%d bytes behind %d, want %d", n, since, want)
		}
	}
}

// One batch is one write and one sync, however many entries and frames it has.
func TestOneWriteAndOneSyncPerBatch(t *testing.T) {
	l := mustOpen(t, newMem(t), dir, log.Options{SegmentBytes: 8 << 20})
	for i, n := range []int{1, 100, 1000} {
		before := l.Stats()
		must(t, l.Group(log.GroupID(i)).Append(entries(1, n, 1, 3000)))
		after := l.Stats()
		if w, s := after.Writes-before.Writes, after.Syncs-before.Syncs; w != 1 || s != 1 {
			t.Errorf("%d entries: %d writes, %d syncs", n, w, s)
		}
	}
}

// Large data is written from where it is.
func TestLargeDataIsNotCopied(t *testing.T) {
	l := mustOpen(t, vfs.OS(), t.TempDir(), log.Options{SegmentBytes: 32 << 20, CacheBytes: -1})
	defer l.Close()
	es := []log.Entry{{Index: 1, Term: 1, Data: make([]byte, 16<<20)}}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	must(t, l.Group(1).Append(es))
	runtime.ReadMemStats(&after)
	if n := after.TotalAlloc - before.TotalAlloc; n > 1<<20 {
		t.Errorf("%d bytes allocated for an append of %d", n, len(es[0].Data))
	}
}

// Everything at once, for the race detector: groups that append, read, truncate
// and vote, Collect, and what Run does.
func TestConcurrentUse(t *testing.T) {
	mem := newMem(t)
	o := smallLog()
	o.CacheBytes = 8 << 10
	l := mustOpen(t, mem, dir, o)
	ctx, cancel := context.WithCancel(context.Background())
	var background, work sync.WaitGroup
	background.Go(func() { _ = l.Run(ctx) })
	background.Go(func() {
		for ctx.Err() == nil {
			if err := l.Collect(func(log.GroupID) uint64 { return 1 << 60 }); err != nil {
				t.Error(err)
			}
			l.Stats()
		}
	})
	var lasts [4]atomic.Uint64
	for id := range log.GroupID(4) {
		g := l.Group(id)
		work.Go(func() {
			for i := uint64(1); i <= 150; i++ {
				if err := g.Append(entries(i, 1, 1, 2000)); err != nil {
					t.Error(err)
				}
				lasts[id].Store(i)
				if i%10 == 0 {
					if err := errors.Join(g.TruncateFront(i-5), g.SetState(log.State{Term: i})); err != nil {
						t.Error(err)
					}
				}
			}
		})
		work.Go(func() {
			for lasts[id].Load() < 150 {
				var e log.Entry
				i := lasts[id].Load()
				if err := g.Entry(i, &e); i > 0 && (err != nil || e.Index != i) && !errors.Is(err, log.ErrNotFound) {
					t.Errorf("entry %d: %v", i, err)
				}
			}
		})
	}
	work.Wait()
	cancel()
	background.Wait()
	want := newModel()
	for id := range log.GroupID(4) {
		*want.group(id) = modelGroup{entries: entries(146, 5, 1, 2000), state: log.State{Term: 150}}
	}
	mustHold(t, l, want, nil, "running")
	mustHold(t, mustOpen(t, mem.CrashKeepNothing(), dir, smallLog()), want, nil, "after a crash")
	must(t, l.Close())
}
