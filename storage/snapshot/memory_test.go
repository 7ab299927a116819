package snapshot_test

import (
	"bytes"
	"encoding/binary"
	"io"
	"runtime"
	"testing"

	"github.com/millrace-io/millrace/storage/snapshot"
	"github.com/millrace-io/millrace/storage/vfs"
)

// allocated tells how many bytes f allocates in all.
func allocated(f func()) int64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	f()
	runtime.ReadMemStats(&after)
	return int64(after.TotalAlloc - before.TotalAlloc)
}

func wantAllocated(t *testing.T, what string, most int64, f func()) {
	t.Helper()
	if got := allocated(f); got > most {
		t.Errorf("%s allocates %d bytes, want at most %d", what, got, most)
	}
}

func openReal(t testing.TB) *snapshot.Store {
	t.Helper()
	s, err := snapshot.Open(vfs.OS(), t.TempDir(), group)
	must(t, err)
	return s
}

// A huge value is written from where it is, read into one buffer, and verified
// without one.
func TestHugeBodyTakesOneCopyAtMost(t *testing.T) {
	const huge, slack = 64 << 20, 4 << 20
	s := openReal(t)
	body := make([]byte, huge)
	wantAllocated(t, "writing", slack, func() {
		w, err := s.Create(metaAt(1))
		must(t, err)
		must(t, w.Section(1, body))
		must(t, w.Commit())
	})
	id := s.List()[0].ID
	wantAllocated(t, "reading", huge+slack, func() {
		r, err := s.Open(id)
		must(t, err)
		defer r.Close()
		_, got, err := r.Next()
		must(t, err)
		if len(got) != huge {
			t.Fatalf("read %d bytes", len(got))
		}
	})
	wantAllocated(t, "arriving", slack, func() { // raw: written, then verified
		r, err := s.Open(id)
		must(t, err)
		rc := r.Raw()
		defer rc.Close()
		w, err := s.CreateRaw(metaAt(1))
		must(t, err)
		_, err = io.Copy(w, rc)
		must(t, err)
		must(t, w.Commit())
	})
}

// A damaged length field takes no memory, whatever it says and however large
// the file is.
func TestDamagedLengthTakesNoMemory(t *testing.T) {
	_, at := image(t)
	for _, off := range []int{52, at["A"] + 8} {
		b, _ := image(t)
		binary.LittleEndian.PutUint32(b[off:], 1<<30)
		wantAllocated(t, "reading", 1<<20, func() {
			r, err := snapshot.NewReader(io.MultiReader(bytes.NewReader(b), zeros{}), 1<<40)
			if err == nil {
				_, _, err = r.Next()
			}
			if err == nil {
				t.Error("not noticed")
			}
		})
	}
}

type zeros struct{}

func (zeros) Read(b []byte) (int, error) {
	clear(b)
	return len(b), nil
}

// BenchmarkWrite/section=16KiB: one snapshot of 64 MiB to a real disk, with all
// syncs and the rename.
func BenchmarkWrite(b *testing.B) {
	s := openReal(b)
	body := make([]byte, 16<<10)
	b.SetBytes(64 << 20)
	b.ReportAllocs()
	for b.Loop() {
		w, err := s.Create(metaAt(1))
		must(b, err)
		for range 64 << 20 / len(body) {
			must(b, w.Section(1, body))
		}
		must(b, w.Commit())
	}
}

// BenchmarkRead reads such a snapshot from the page cache.
func BenchmarkRead(b *testing.B) {
	s := openReal(b)
	w, err := s.Create(metaAt(1))
	must(b, err)
	for range 64 << 20 / (16 << 10) {
		must(b, w.Section(1, make([]byte, 16<<10)))
	}
	must(b, w.Commit())
	id := s.List()[0].ID
	b.SetBytes(64 << 20)
	b.ReportAllocs()
	for b.Loop() {
		r, err := s.Open(id)
		must(b, err)
		for err == nil {
			_, _, err = r.Next()
		}
		if err != io.EOF {
			b.Fatal(err)
		}
		must(b, r.Close())
	}
}
