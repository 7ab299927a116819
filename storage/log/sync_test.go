package log_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"testing"

	"github.com/millrace-io/millrace/storage/log"
	"github.com/millrace-io/millrace/storage/vfs"
)

// bench runs one case of TestEverySyncIsNeeded: a log over a machine that may
// lose power, with syncs left out from arm on if the case is tried without them.
type bench struct {
	t     *testing.T
	mem   *vfs.Mem
	fs    vfs.FS
	rng   *rand.Rand
	skip  func(vfs.Op) bool
	once  bool // leave out the first one only
	armed bool
	watch func(vfs.Op) // sees each operation before it is done
}

func newBench(t *testing.T, rng *rand.Rand, skip func(vfs.Op) bool) *bench {
	b := &bench{t: t, rng: rng, skip: skip}
	b.on(newMem(t))
	return b
}

// on moves to another machine.
func (b *bench) on(m *vfs.Mem) {
	b.mem = m
	b.fs = vfs.WithFaults(m, func(op vfs.Op) error {
		if b.watch != nil {
			b.watch(op)
		}
		if b.armed && b.skip != nil && b.skip(op) {
			b.armed = !b.once
			return vfs.ErrSkip
		}
		return nil
	})
}

func (b *bench) arm() { b.armed = true }

func (b *bench) open(mode log.SyncMode) *log.Log {
	b.t.Helper()
	o := smallLog()
	o.Sync = mode
	return mustOpen(b.t, b.fs, dir, o)
}

// after opens the log that a power loss left and compares it.
func (b *bench) after(m *vfs.Mem, want *model) string {
	l, err := log.Open(m, dir, smallLog())
	if err != nil {
		return err.Error()
	}
	return want.differs(l)
}

// lost compares with what was synced and nothing else, and with some of what was
// not.
func (b *bench) lost(want *model) string {
	if why := b.after(b.mem.CrashKeepNothing(), want); why != "" {
		return why
	}
	for range 20 {
		if why := b.after(b.mem.Crash(b.rng), want); why != "" {
			return why
		}
	}
	return ""
}

// play does the changes, all of which must succeed, on log and model.
func (b *bench) play(l *log.Log, m *model, cs ...change) {
	b.t.Helper()
	for _, c := range cs {
		if err := c.do(l); err != nil {
			b.t.Fatalf("%s: %v", c.name, err)
		}
		c.apply(m)
	}
}

func syncOf(path string) func(vfs.Op) bool {
	return func(op vfs.Op) bool { return op.Kind == vfs.OpSyncDir && op.Path == path }
}

func dataSync(op vfs.Op) bool {
	return op.Kind == vfs.OpDataSync && filepath.Base(op.Path) != "spare.seg"
}

// syncCases: one for each sync in the code. check returns "" when nothing that
// was promised is lost; with skip left out it must not be "".
var syncCases = []struct {
	name  string
	skip  func(vfs.Op) bool
	check func(*bench) string
}{
	{"folder of the log folder, at Open", syncOf("/node"), func(b *bench) string {
		b.arm()
		want := newModel()
		b.play(b.open(log.SyncAlways), want, appendTo(1, entries(1, 3, 1, 100)))
		return b.lost(want)
	}},
	{"log folder, first segment at Open", syncOf(dir), func(b *bench) string {
		b.arm()
		want := newModel()
		b.play(b.open(log.SyncAlways), want, appendTo(1, entries(1, 3, 1, 100)))
		return b.lost(want)
	}},
	{"log folder, next segment", syncOf(dir), func(b *bench) string {
		l, want := b.open(log.SyncAlways), newModel()
		b.arm()
		b.play(l, want, appendTo(1, entries(1, 5, 1, 20000)))
		return b.lost(want)
	}},
	{"segment, batch of entries", dataSync, func(b *bench) string {
		l, want := b.open(log.SyncAlways), newModel()
		b.arm()
		b.play(l, want, appendTo(1, entries(1, 3, 1, 100)))
		return b.lost(want)
	}},
	{"segment, vote in mode no", dataSync, func(b *bench) string {
		l, want := b.open(log.SyncNone), newModel()
		b.arm()
		b.play(l, want, setState(1, log.State{Term: 3, VoteTerm: 3, VoteFor: []byte("n2")}))
		return b.lost(want)
	}},
	{"segment, to its end before the next begins", dataSync, func(b *bench) string {
		b.once = true
		l, want := b.open(log.SyncNone), newModel()
		b.arm()
		b.play(l, want, appendTo(1, entries(1, 5, 1, 20000)), setState(1, log.State{Term: 1}))
		return b.lost(want)
	}},
	{"segment found at Open, written again", dataSync, func(b *bench) string {
		b.once = true
		l, want := b.open(log.SyncNone), newModel()
		b.play(l, want, appendTo(1, entries(1, 5, 1, 5000)))
		b.on(b.mem.KillProcess())
		b.arm()
		b.open(log.SyncAlways)
		return b.lost(want)
	}},
	{"first frame at Open, before the old segment is shortened", dataSync, func(b *bench) string {
		l, want := b.open(log.SyncAlways), newModel()
		b.play(l, want, appendTo(1, entries(1, 2, 1, 5000)))
		must(b.t, l.Close())
		why := "never shortened"
		b.watch = func(op vfs.Op) {
			if op.Kind == vfs.OpTruncate {
				r, err := log.Inspect(b.mem.CrashKeepNothing(), dir, nil)
				if why = ""; err != nil || len(r.Segments) != 2 {
					why = fmt.Sprintf("shortened while the new segment is not on disk: %d segments, %v", len(r.Segments), err)
				}
			}
		}
		b.arm()
		b.open(log.SyncAlways)
		return why
	}},
	{"active segment, before Collect deletes", dataSync, func(b *bench) string {
		l, want := b.open(log.SyncNone), newModel()
		b.play(l, want, appendTo(1, entries(1, 5, 1, 20000)), setState(1, log.State{Term: 1}))
		b.arm()
		b.play(l, want, truncateFront(1, 4), collect())
		return b.lost(want)
	}},
	{"log folder, after each segment that Collect deletes", syncOf(dir), func(b *bench) string {
		l, want := b.open(log.SyncAlways), newModel()
		b.play(l, want, appendTo(1, entries(1, 12, 1, 20000)), truncateFront(1, 11))
		b.arm()
		b.play(l, want, collect())
		return b.lost(want)
	}},
	{"mark, when the log is idle", dataSync, func(b *bench) string {
		l, want := b.open(log.SyncAlways), newModel()
		b.play(l, want, appendTo(1, entries(1, 1, 1, 100)))
		b.arm()
		must(b.t, l.Mark())
		hurt := b.mem.CrashKeepNothing()
		flip(b.t, hurt, dir+"/000001.seg", 200)
		if _, err := log.Open(hurt, dir, smallLog()); !isDamage(err) {
			return fmt.Sprintf("a hurt acknowledged entry before the mark is taken for torn: %v", err)
		}
		return ""
	}},
	{"segment, at Close", dataSync, func(b *bench) string {
		l, want := b.open(log.SyncNone), newModel()
		b.arm()
		b.play(l, want, appendTo(1, entries(1, 3, 1, 100)), nothing("close", (*log.Log).Close))
		return b.lost(want)
	}},
	{"segment, every second", dataSync, func(b *bench) string {
		l, want := b.open(log.SyncEverySec), newModel()
		b.play(l, want, appendTo(1, entries(1, 3, 1, 100)))
		b.arm()
		l.SyncBehind()
		return b.lost(want)
	}},
	{"segment, when the mode becomes always", dataSync, func(b *bench) string {
		l, want := b.open(log.SyncNone), newModel()
		b.play(l, want, appendTo(1, entries(1, 3, 1, 100)))
		b.arm()
		must(b.t, l.SetSync(log.SyncAlways))
		return b.lost(want)
	}},
}

func isDamage(err error) bool {
	var d *log.DamageError
	return errors.As(err, &d)
}

// flip hurts one byte of a file, durably.
func flip(t testing.TB, fs vfs.FS, path string, off int64) {
	t.Helper()
	f := openFile(t, fs, path)
	defer f.Close()
	var b [1]byte
	if _, err := f.ReadAt(b[:], off); err != nil {
		t.Fatal(err)
	}
	b[0] ^= 0x40
	if _, err := f.WriteAt(b[:], off); err != nil {
		t.Fatal(err)
	}
	must(t, f.Sync())
}

// Each case holds with all syncs, and does not when its own is left out: so the
// sync is in the code, and the case notices if it is taken out.
func TestEverySyncIsNeeded(t *testing.T) {
	rng := newRand(t)
	for _, c := range syncCases {
		t.Run(c.name, func(t *testing.T) {
			if why := c.check(newBench(t, rng, nil)); why != "" {
				t.Errorf("lost: %s", why)
			}
			if why := c.check(newBench(t, rng, c.skip)); why == "" {
				t.Error("the case does not notice that the sync is missing")
			}
		})
	}
}
