package log

import (
	"errors"
	"os"
	"strings"
	"syscall"
	"testing"

	"github.com/millrace-io/millrace/storage/vfs"
)

// twoSegments is a log of two segments with a group in it.
func twoSegments(t *testing.T) *vfs.Mem {
	t.Helper()
	mem := vfs.NewMem()
	for range 2 {
		l, err := Open(mem, "/log", Options{SegmentBytes: 64 << 10})
		if err != nil {
			t.Fatal(err)
		}
		g := l.Group(3)
		if err := g.Append([]Entry{{Index: g.LastIndex() + 1, Term: 4, Data: []byte("data")}}); err != nil {
			t.Fatal(err)
		}
		if err := l.Close(); err != nil {
			t.Fatal(err)
		}
	}
	return mem
}

// A first frame with the right checksum that does not fit the log before it.
func TestFirstFrameMustFitTheLogBefore(t *testing.T) {
	for _, r := range []struct {
		name   string
		offset int64 // in the body of the first frame of segment 2
		reason string
	}{
		{"end of the segment before", 8, "the next segment says that this one ends at"},
		{"group", 16, "of group"},
		{"last index of a group", 28, "another state of group 3"},
		{"term before the first", 36, "another state of group 3"},
		{"term of a group", 44, "another state of group 3"},
	} {
		t.Run(r.name, func(t *testing.T) {
			mem := twoSegments(t)
			f, err := mem.OpenFile("/log/000002.seg", os.O_RDWR, 0)
			if err != nil {
				t.Fatal(err)
			}
			b := make([]byte, pageSize)
			if _, err := f.ReadAt(b, 0); err != nil {
				t.Fatal(err)
			}
			b[headerSize+r.offset] ^= 0x10
			mendChecksums(b)
			if _, err := f.WriteAt(b, 0); err != nil {
				t.Fatal(err)
			}
			_, err = Open(mem, "/log", Options{SegmentBytes: 64 << 10})
			if d, ok := errors.AsType[*DamageError](err); !ok || !strings.Contains(d.Reason, r.reason) {
				t.Errorf("opened with %v", err)
			}
		})
	}
}

// After a failed sync the kernel may call the same pages clean: no later sync of
// the segment may succeed.
func TestSyncAfterAFailedOneFails(t *testing.T) {
	fail := true
	fs := vfs.WithFaults(vfs.NewMem(), func(op vfs.Op) error {
		if op.Kind == vfs.OpDataSync && fail {
			fail = false
			return syscall.EIO
		}
		return nil
	})
	f, err := fs.OpenFile("/x", os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	s := &segment{path: "/x", f: f}
	for range 2 {
		if err := s.dataSync(); !errors.Is(err, syscall.EIO) {
			t.Errorf("sync: %v", err)
		}
	}
}

func TestBatchHoldsOneRequestOfEachGroup(t *testing.T) {
	l := newLog(vfs.NewMem(), "/log", Options{})
	a, b := l.Group(1), l.Group(2)
	for _, g := range []*Group{a, a, b, a} {
		l.queue = append(l.queue, &request{group: g})
	}
	for _, want := range []int{2, 1, 1} {
		if n := len(l.takeLocked()); n != want {
			t.Errorf("a batch of %d, want %d", n, want)
		}
	}
	if len(l.queue) != 0 {
		t.Errorf("%d requests left", len(l.queue))
	}
}

func TestIndexAfterSegmentsAreDropped(t *testing.T) {
	var x index
	for i := uint64(1); i <= 30; i++ {
		x.add(i, 1+i/8, makePlace(SegmentNum(1+i/10), int64(i)*8), 100)
	}
	x.dropSegment(1)
	if x.base != 10 || x.next() != 31 || x.bytesSince(0) != 2100 || x.bytesSince(29) != 100 {
		t.Errorf("base %d, next %d, %d bytes", x.base, x.next(), x.bytesSince(0))
	}
	for i := x.base; i < x.next(); i++ {
		if x.term(i) != 1+i/8 || x.at(i).place.offset() != int64(i)*8 {
			t.Errorf("entry %d has term %d at %d", i, x.term(i), x.at(i).place.offset())
		}
	}
	x.truncateBack(20)
	if x.next() != 20 || x.total()-x.start != 1000 {
		t.Errorf("next %d, %d bytes", x.next(), x.total()-x.start)
	}
	x.dropSegment(2)
	if x.next() != 20 || x.has(19) || x.bytesSince(0) != 0 {
		t.Errorf("next %d, %d bytes", x.next(), x.bytesSince(0))
	}
	x.add(20, 9, makePlace(3, 8), 50)
	if x.term(20) != 9 || x.bytesSince(19) != 50 {
		t.Error("entry 20 is not as added")
	}
}
