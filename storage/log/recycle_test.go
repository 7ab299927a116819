package log_test

import (
	"bytes"
	"fmt"
	"testing"

	"github.com/millrace-io/millrace/storage/log"
	"github.com/millrace-io/millrace/storage/vfs"
)

// lap appends entries that fill one segment in always the same way: so the
// frames of each lap lie at the offsets of the lap before.
func lap(first uint64) []change {
	var cs []change
	for i := range uint64(5) {
		cs = append(cs, appendTo(1, entries(first+i, 1, 3, 10000)))
	}
	return cs
}

// The old frames of a recycled segment lie exactly where the new ones are to be
// written; whatever a crash leaves of them must not come back.
func TestRecycledSegmentWithAlignedFrames(t *testing.T) {
	rng := newRand(t)
	mem := newMem(t)
	l := mustOpen(t, mem, dir, smallLog())
	want := newModel()
	play := func(cs ...change) {
		for _, c := range cs {
			must(t, c.do(l))
			c.apply(want)
		}
	}
	next := uint64(1)
	for range 3 {
		play(lap(next)...)
		next += 5
	}
	play(truncateFront(1, next-6), collect())
	if !l.Stats().Spare {
		t.Fatal("no segment was recycled")
	}
	for i := range uint64(5) {
		play(appendTo(1, entries(next+i, 1, 3, 10000)))
		for range 4 {
			lost := mem.Crash(rng)
			frames := framesOf(t, lost)
			if last := frames[len(frames)-1]; last.Index > next+i {
				t.Fatalf("the log ends with index %d", last.Index)
			}
			back := mustOpen(t, lost, dir, smallLog())
			mustHold(t, back, want, nil, "in the recycled segment")
			must(t, back.Close())
		}
	}
}

// A crash while a recycled segment is written, at every byte count of the write:
// behind the new bytes come old frames with valid checksums.
func TestTornWriteIntoRecycledSegment(t *testing.T) {
	for cut := 0; cut < 24<<10; cut += 509 {
		mem := newMem(t)
		l := mustOpen(t, mem, dir, smallLog())
		want := newModel()
		for _, c := range append(append(lap(1), lap(6)...), truncateFront(1, 9), collect()) {
			must(t, c.do(l))
			c.apply(want)
		}
		must(t, l.Close())
		torn := vfs.WithFaults(unharmed{mem}, func(op vfs.Op) error {
			if op.Kind == vfs.OpWrite && op.N > 15000 {
				return &vfs.ShortWrite{N: cut, Err: vfs.ErrStopped}
			}
			return nil
		})
		l = mustOpen(t, torn, dir, smallLog())
		may := run(t, l, want, []change{appendTo(1, entries(11, 2, 3, 10000))})
		if may == nil {
			t.Fatal("the write was not torn")
		}
		back := mustOpen(t, mem.KillProcess(), dir, smallLog())
		mustHold(t, back, want, may, "torn after "+itoa(cut))
	}
}

// A value that is the image of a valid frame of the very segment is no frame,
// even when the frame around it is hurt.
func TestFrameImageInsideValueIsNoFrame(t *testing.T) {
	mem := newMem(t)
	l := mustOpen(t, mem, dir, smallLog())
	must(t, l.Group(1).Append(entries(1, 1, 1, 100)))
	f := openFile(t, mem, dir+"/000001.seg")
	image := make([]byte, 4096)
	if _, err := f.ReadAt(image, 0); err != nil {
		t.Fatal(err)
	}
	last := log.Entry{Index: 2, Term: 1, Data: bytes.Repeat(image, 3)}
	must(t, l.Group(1).Append([]log.Entry{last}))

	killed := mem.KillProcess()
	frames := framesOf(t, killed)
	mustHold(t, mustOpen(t, killed, dir, smallLog()), &model{groups: map[log.GroupID]*modelGroup{
		1: {entries: append(entries(1, 1, 1, 100), last)}}}, nil, "whole")

	// Hurt, it is torn: the image in it counts neither as a frame nor as a claim
	// that something was synced.
	hurt := mem.KillProcess()
	around := frames[len(frames)-1]
	flip(t, hurt, around.Path, around.Offset+4)
	l = mustOpen(t, hurt, dir, smallLog())
	mustHold(t, l, &model{groups: map[log.GroupID]*modelGroup{1: {entries: entries(1, 1, 1, 100)}}}, nil, "hurt")
}

func TestVoteSurvivesCollect(t *testing.T) {
	mem := newMem(t)
	l := mustOpen(t, mem, dir, smallLog())
	vote := log.State{Term: 7, VoteTerm: 7, VoteFor: []byte("node-b")}
	must(t, l.Group(1).SetState(vote))
	g := l.Group(2)
	for i := uint64(1); l.Stats().Segments < 4; i++ {
		must(t, g.Append(entries(i, 1, 1, 12000)))
	}
	must(t, g.TruncateFront(g.LastIndex()))
	must(t, l.Collect(func(log.GroupID) uint64 { return 1 << 60 }))
	if n := l.Stats().Segments; n != 1 {
		t.Fatalf("%d segments left", n)
	}
	for range 3 { // votes pass from first frame to first frame
		l = mustOpen(t, mem.CrashKeepNothing(), dir, smallLog())
		if s := l.Group(1).State(); s.Term != 7 || s.VoteTerm != 7 || string(s.VoteFor) != "node-b" {
			t.Fatalf("state %+v", s)
		}
		must(t, l.Close())
	}
}

func TestOversizedSegmentIsNotRecycled(t *testing.T) {
	mem := newMem(t)
	l := mustOpen(t, mem, dir, smallLog())
	g := l.Group(1)
	collectAll := func() { must(t, l.Collect(func(log.GroupID) uint64 { return 1 << 60 })) }
	must(t, g.Append(entries(1, 1, 1, 200000)))
	mustEntries(t, g, entries(1, 1, 1, 200000))
	collectAll() // the first segment becomes the spare
	must(t, g.Append(entries(2, 1, 1, 50000)))
	must(t, g.TruncateFront(2))
	if l.Stats().Spare {
		t.Fatal("the spare was not taken")
	}
	collectAll()
	if l.Stats().Spare {
		t.Error("the oversized segment was recycled")
	}
	if _, err := mem.Stat(dir + "/000002.seg"); err == nil {
		t.Error("the oversized segment is still there")
	}
}

// Entries that were cut off or reset hold no segment, before and after a restart.
func TestDroppedEntriesHoldNoSegment(t *testing.T) {
	for name, drop := range map[string]func(*log.Group) error{
		"reset":         func(g *log.Group) error { return g.Reset(1, 1) },
		"truncate back": func(g *log.Group) error { return g.TruncateBack(2) },
	} {
		for _, restart := range []bool{false, true} {
			t.Run(name+" restart="+fmt.Sprint(restart), func(t *testing.T) {
				mem := newMem(t)
				l := mustOpen(t, mem, dir, smallLog())
				must(t, l.Group(1).Append(entries(1, 12, 1, 20000)))
				must(t, drop(l.Group(1)))
				must(t, l.Group(1).TruncateFront(1))
				if restart {
					must(t, l.Close())
					l = mustOpen(t, mem, dir, smallLog())
				}
				must(t, l.Group(1).Append(entries(2, 1, 2, 10)))
				must(t, l.Collect(func(log.GroupID) uint64 { return 1 << 60 }))
				if n := l.Stats().Segments; n != 1 {
					t.Errorf("%d segments left", n)
				}
			})
		}
	}
}

func TestCollectKeepsWhatAnyGroupNeeds(t *testing.T) {
	mem := newMem(t)
	l := mustOpen(t, mem, dir, smallLog())
	must(t, l.Group(2).Append(entries(1, 1, 1, 100)))
	must(t, l.Group(1).Append(entries(1, 12, 1, 20000)))
	before := l.Stats().Segments
	keepAll := func(log.GroupID) uint64 { return 1 << 60 }
	must(t, l.Group(1).TruncateFront(12))
	must(t, l.Collect(keepAll))
	if n := l.Stats().Segments; n != before {
		t.Errorf("%d of %d segments left, though group 2 needs the first", n, before)
	}
	must(t, l.Group(2).TruncateFront(1))
	must(t, l.Collect(func(id log.GroupID) uint64 {
		if id == 1 {
			return 6 // the snapshot before the newest
		}
		return 1 << 60
	}))
	var e log.Entry
	must(t, l.Group(1).Entry(6, &e)) // below FirstIndex, and kept
	if l.Group(1).FirstIndex() != 0 {
		t.Errorf("first index %d", l.Group(1).FirstIndex())
	}
	if err := l.Group(1).Entry(1, &e); err == nil {
		t.Error("entry 1 outlived its segment")
	}
	must(t, l.Collect(keepAll))
	if n := l.Stats().Segments; n != 1 {
		t.Errorf("%d segments left", n)
	}
}
