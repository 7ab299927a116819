package log_test

import (
	"errors"
	"path/filepath"
	"strings"
	"testing"

	"github.com/millrace-io/millrace/storage/log"
	"github.com/millrace-io/millrace/storage/vfs"
)

// framesOf lists the frames of a log.
func framesOf(t testing.TB, fs vfs.FS) []log.Frame {
	t.Helper()
	var all []log.Frame
	_, err := log.Inspect(fs, dir, func(f log.Frame) error {
		f.Entries = nil
		all = append(all, f)
		return nil
	})
	must(t, err)
	return all
}

// hurtLog is a log of two segments as kill -9 leaves it. In the newest: the first
// frame, two batches of one entry, and no mark.
func hurtLog(t testing.TB) (*vfs.Mem, []log.Frame) {
	mem := newMem(t)
	l := mustOpen(t, mem, dir, smallLog())
	for i := range uint64(3) {
		must(t, l.Group(1).Append(entries(i*2+1, 2, 1, 12000)))
	}
	must(t, l.Group(1).Append(entries(7, 1, 1, 6000)))
	mem = mem.KillProcess()
	return mem, framesOf(t, mem)
}

// at finds the n-th frame of a segment.
func at(frames []log.Frame, seg log.SegmentNum, n int) log.Frame {
	for _, f := range frames {
		if f.Segment == seg {
			if n == 0 {
				return f
			}
			n--
		}
	}
	return log.Frame{}
}

func write(t testing.TB, fs vfs.FS, path string, off int64, b []byte) {
	t.Helper()
	f := openFile(t, fs, path)
	defer f.Close()
	if _, err := f.WriteAt(b, off); err != nil {
		t.Fatal(err)
	}
	must(t, f.Sync())
}

func TestDamageTable(t *testing.T) {
	seg1, seg2 := dir+"/000001.seg", dir+"/000002.seg"
	type hurt struct {
		name string
		do   func(t *testing.T, m *vfs.Mem, fr []log.Frame)
		last uint64 // of group 1 that survives
		torn bool
		// damage: where and why; last is not looked at.
		path   string
		offset func(fr []log.Frame) int64
		reason string
	}
	frame := func(seg log.SegmentNum, n int) func([]log.Frame) int64 {
		return func(fr []log.Frame) int64 { return at(fr, seg, n).Offset }
	}
	flipIn := func(seg log.SegmentNum, n int, off int64) func(*testing.T, *vfs.Mem, []log.Frame) {
		return func(t *testing.T, m *vfs.Mem, fr []log.Frame) {
			f := at(fr, seg, n)
			flip(t, m, f.Path, f.Offset+off)
		}
	}
	start := func([]log.Frame) int64 { return 0 }
	rows := []hurt{
		{name: "nothing", do: func(*testing.T, *vfs.Mem, []log.Frame) {}, last: 7},

		{name: "older segment: magic of first frame", do: flipIn(1, 0, 0), path: seg1, offset: start, reason: "no valid first frame"},
		{name: "older segment: salt", do: flipIn(1, 0, 25), path: seg1, offset: start, reason: "no valid first frame"},
		{name: "older segment: entry magic", do: flipIn(1, 1, 0), path: seg1, offset: frame(1, 1), reason: "no frame header"},
		{name: "older segment: entry checksum", do: flipIn(1, 1, 4), path: seg1, offset: frame(1, 1), reason: "checksum"},
		{name: "older segment: entry length", do: flipIn(1, 1, 9), path: seg1, offset: frame(1, 1), reason: ""},
		{name: "older segment: kind", do: flipIn(1, 1, 12), path: seg1, offset: frame(1, 1), reason: "checksum"},
		{name: "older segment: number", do: flipIn(1, 1, 17), path: seg1, offset: frame(1, 1), reason: "frame of segment"},
		{name: "older segment: salt of entry", do: flipIn(1, 1, 24), path: seg1, offset: frame(1, 1), reason: "earlier use"},
		{name: "older segment: offset of entry", do: flipIn(1, 1, 32), path: seg1, offset: frame(1, 1), reason: "frame of offset"},
		{name: "older segment: synced offset", do: flipIn(1, 1, 41), path: seg1, offset: frame(1, 1), reason: "checksum"},
		{name: "older segment: group", do: flipIn(1, 1, 48), path: seg1, offset: frame(1, 1), reason: "checksum"},
		{name: "older segment: count", do: flipIn(1, 1, 52), path: seg1, offset: frame(1, 1), reason: "checksum"},
		{name: "older segment: index", do: flipIn(1, 1, 56), path: seg1, offset: frame(1, 1), reason: "checksum"},
		{name: "older segment: term of an entry", do: flipIn(1, 1, 64), path: seg1, offset: frame(1, 1), reason: "checksum"},
		{name: "older segment: data", do: flipIn(1, 2, 9000), path: seg1, offset: frame(1, 2), reason: "checksum"},
		{name: "older segment: cut", do: func(t *testing.T, m *vfs.Mem, fr []log.Frame) {
			f := openFile(t, m, seg1)
			must(t, f.Truncate(at(fr, 1, 2).Offset+100))
			must(t, f.Close())
		}, path: seg1, offset: frame(1, 2), reason: "end of the file"},
		{name: "older segment: missing", do: func(t *testing.T, m *vfs.Mem, fr []log.Frame) { must(t, m.Remove(seg1)) },
			path: seg2, offset: start, reason: "missing"},
		{name: "older segment: zeroed page", do: func(t *testing.T, m *vfs.Mem, fr []log.Frame) {
			write(t, m, seg1, 8192, make([]byte, 4096))
		}, path: seg1, offset: frame(1, 1), reason: "checksum"},

		{name: "newest segment: first frame, which a later frame says was synced", do: flipIn(2, 0, 30), path: seg2, offset: start, reason: "though a later frame"},
		{name: "newest segment: batch before the last", do: flipIn(2, 1, 300), path: seg2, offset: frame(2, 1), reason: "though a later frame says"},
		{name: "newest segment: header before the last", do: flipIn(2, 1, 1), path: seg2, offset: frame(2, 1), reason: "though a later frame says"},
		{name: "newest segment: last batch, magic", do: flipIn(2, 2, 2), last: 6, torn: true},
		{name: "newest segment: last batch, header", do: flipIn(2, 2, 50), last: 6, torn: true},
		{name: "newest segment: last batch, data", do: flipIn(2, 2, 5000), last: 6, torn: true},
		{name: "newest segment: last batch, zeroed", do: func(t *testing.T, m *vfs.Mem, fr []log.Frame) {
			write(t, m, seg2, at(fr, 2, 2).Offset, make([]byte, 8192))
		}, last: 6},
		{name: "newest segment: last batch, second page zeroed", do: func(t *testing.T, m *vfs.Mem, fr []log.Frame) {
			write(t, m, seg2, (at(fr, 2, 2).Offset+4096)&^4095, make([]byte, 4096))
		}, last: 6, torn: true},
		{name: "newest segment: cut in the last batch", do: func(t *testing.T, m *vfs.Mem, fr []log.Frame) {
			f := openFile(t, m, seg2)
			must(t, f.Truncate(at(fr, 2, 2).Offset+1000))
			must(t, f.Close())
		}, last: 6, torn: true},
		{name: "newest segment: garbage behind the end", do: func(t *testing.T, m *vfs.Mem, fr []log.Frame) {
			f := at(fr, 2, 2)
			write(t, m, seg2, (f.Offset+f.Length+7)&^7, []byte("garbage"))
		}, last: 7, torn: true},
		{name: "a segment that was never begun", do: func(t *testing.T, m *vfs.Mem, fr []log.Frame) {
			f, err := m.OpenFile(dir+"/000003.seg", createFlags, 0o600)
			must(t, err)
			must(t, f.Allocate(0, 64<<10))
			must(t, f.Close())
		}, last: 7},
	}
	for _, r := range rows {
		t.Run(r.name, func(t *testing.T) {
			m, frames := hurtLog(t)
			r.do(t, m, frames)
			report, err := log.Inspect(m, dir, nil)
			if r.path == "" && err == nil && (report.Torn != nil) != r.torn {
				t.Errorf("inspect reports torn tail %+v, want %v", report.Torn, r.torn)
			}
			var before, after log.DamageError
			var d *log.DamageError
			if errors.As(err, &d) {
				before = *d
			}
			l, err := log.Open(m, dir, smallLog())
			if r.path == "" {
				must(t, err)
				want := newModel()
				want.group(1).entries = entries(1, int(r.last), 1, 12000)
				if r.last == 7 {
					want.group(1).entries[6] = entries(7, 1, 1, 6000)[0]
				}
				mustHold(t, l, want, nil, r.name)
				return
			}
			if !errors.As(err, &d) {
				t.Fatalf("opened with %v, want damage", err)
			}
			after = *d
			if d.Path != r.path || d.Offset != r.offset(frames) || !strings.Contains(d.Reason, r.reason) {
				t.Errorf("%v, want %s at %d: %s", d, filepath.Base(r.path), r.offset(frames), r.reason)
			}
			if before != after {
				t.Errorf("inspect says %v, open %v", before, after)
			}
		})
	}
}
