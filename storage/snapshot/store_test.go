package snapshot_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"testing"

	"github.com/millrace-io/millrace/storage/snapshot"
)

func TestRoundTrip(t *testing.T) {
	m := newMem(t)
	s := open(t, m)
	wantIndexes(t, s, "")
	must(t, save(s, 10))
	for name, s := range map[string]*snapshot.Store{"writer": s, "next process": open(t, m)} {
		t.Run(name, func(t *testing.T) {
			infos := s.List()
			if len(infos) != 1 || infos[0].Index != 10 || infos[0].Term != 3 || infos[0].Format != 5 ||
				infos[0].Bytes != int64(len(raw(t, s, infos[0].ID))) {
				t.Fatalf("List = %+v", infos)
			}
			wantContent(t, s, infos[0])
		})
	}
}

func TestEmptySnapshot(t *testing.T) {
	s := open(t, newMem(t))
	w, err := s.Create(snapshot.Meta{Index: 1})
	must(t, err)
	must(t, w.Commit())
	r, err := s.Open(s.List()[0].ID)
	must(t, err)
	if _, _, err := r.Next(); err != io.EOF {
		t.Errorf("Next = %v, want EOF", err)
	}
}

func TestNewestTwoAreKept(t *testing.T) {
	m := newMem(t)
	s := open(t, m)
	for i := uint64(8); i < 13; i++ { // from one digit to two: names must still sort
		must(t, save(s, i))
	}
	must(t, save(s, 12)) // the same index again is a snapshot of its own
	wantIndexes(t, s, "12 12")
	wantIndexes(t, open(t, m), "12 12")
	names, err := m.ReadDir(where)
	must(t, err)
	if len(names) != 2 {
		t.Errorf("files: %q", names)
	}
}

func TestDamagedNewestFallsBackToTheOneBefore(t *testing.T) {
	m := newMem(t)
	s := open(t, m)
	must(t, save(s, 1))
	must(t, save(s, 2))
	path := newestPath(t, s)
	b := readFile(t, m, path)
	b[len(b)/2] ^= 1
	writeFile(t, m, path, b)

	s = open(t, m)
	wantIndexes(t, s, "1")
	wantContent(t, s, s.List()[0])
	var damage *snapshot.CorruptionError
	if errs := s.Damaged(); len(errs) != 1 || !errors.As(errs[0], &damage) || damage.Path != path {
		t.Errorf("Damaged = %v, want one about %s", errs, path)
	}
	// A damaged file does not count as one of the two, and goes when it is older
	// than both.
	must(t, save(s, 3))
	wantIndexes(t, s, "3 1")
	must(t, save(s, 4))
	wantIndexes(t, s, "4 3")
	if len(s.Damaged()) != 0 {
		t.Errorf("still there: %v", s.Damaged())
	}
}

// A failed start of a new version must not cost the snapshots that it wrote.
func TestNewerFormatIsNeitherUsedNorRemoved(t *testing.T) {
	m := newMem(t)
	s := open(t, m)
	must(t, save(s, 1))
	path := newestPath(t, s)
	writeFile(t, m, path, newerHeader())

	s = open(t, m)
	wantIndexes(t, s, "")
	if errs := s.Damaged(); len(errs) != 1 || !errors.Is(errs[0], snapshot.ErrNewerFormat) {
		t.Fatalf("Damaged = %v, want ErrNewerFormat", errs)
	}
	for i := uint64(2); i < 6; i++ {
		must(t, save(s, i))
	}
	if _, err := m.Stat(path); err != nil {
		t.Errorf("the newer format was removed: %v", err)
	}
	s = open(t, m) // not looked at yet when the next Commit retires
	must(t, save(s, 6))
	if _, err := m.Stat(path); err != nil {
		t.Errorf("the newer format was removed unseen: %v", err)
	}
}

func TestOpenRemovesUnfinishedFiles(t *testing.T) {
	m := newMem(t)
	s := open(t, m)
	w, err := s.Create(metaAt(1))
	must(t, err)
	must(t, w.Section(1, make([]byte, 1<<20)))
	next := m.KillProcess()
	if names, _ := next.ReadDir(where); len(names) != 1 {
		t.Fatalf("nothing to clean: %q", names)
	}
	if _, err := snapshot.OpenReadOnly(next, dir, group); err != nil {
		t.Fatal(err)
	}
	if names, _ := next.ReadDir(where); len(names) != 1 {
		t.Error("reading only has removed a file")
	}
	wantIndexes(t, open(t, next), "")
	if names, _ := next.ReadDir(where); len(names) != 0 {
		t.Errorf("left: %q", names)
	}
}

func TestAbortLeavesNothing(t *testing.T) {
	m := newMem(t)
	s := open(t, m)
	w, err := s.Create(metaAt(1))
	must(t, err)
	must(t, w.Section(1, []byte("x")))
	must(t, w.Abort())
	if names, _ := m.ReadDir(where); len(names) != 0 {
		t.Errorf("left: %q", names)
	}
	must(t, save(s, 1))
}

func TestTwoWritersOfOneIndex(t *testing.T) {
	s := open(t, newMem(t))
	a, err := s.Create(metaAt(1))
	must(t, err)
	b, err := s.Create(metaAt(1))
	must(t, err)
	must(t, a.Section(1, []byte("a")))
	must(t, b.Section(1, []byte("b")))
	must(t, a.Commit())
	must(t, b.Commit())
	for i, want := range []string{"b", "a"} {
		r, err := s.Open(s.List()[i].ID)
		must(t, err)
		if _, body, err := r.Next(); string(body) != want || err != nil {
			t.Errorf("snapshot %d: %q, %v; want %q", i, body, err, want)
		}
	}
}

func TestReaderSurvivesRetirement(t *testing.T) {
	s := open(t, newMem(t))
	must(t, save(s, 1))
	r, err := s.Open(s.List()[0].ID)
	must(t, err)
	must(t, save(s, 2))
	must(t, save(s, 3))
	must(t, checkContent(r, 1))
}

func TestDeleteAndUnknownIDs(t *testing.T) {
	m := newMem(t)
	s := open(t, m)
	must(t, save(s, 1))
	must(t, save(s, 2))
	must(t, s.Delete(s.List()[0].ID))
	wantIndexes(t, s, "1")
	wantIndexes(t, open(t, m), "1")
	for _, id := range []string{"", "x", "../../node", "1-2-3", "+1-2-3", "00000000000000000009-00000000000000000003-0000"} {
		wantIs(t, s.Delete(id), snapshot.ErrNotFound)
		_, err := s.Open(id)
		wantIs(t, err, snapshot.ErrNotFound)
	}
}

func TestReadOnlyStore(t *testing.T) {
	m := newMem(t)
	must(t, save(open(t, m), 1))
	s, err := snapshot.OpenReadOnly(m, dir, group)
	must(t, err)
	wantIndexes(t, s, "1")
	_, err = s.Create(metaAt(2))
	wantIs(t, err, snapshot.ErrReadOnly)
	wantIs(t, s.Delete(s.List()[0].ID), snapshot.ErrReadOnly)
	s, err = snapshot.OpenReadOnly(m, dir, 99)
	must(t, err)
	wantIndexes(t, s, "")
	if _, err := m.Stat(dir + "/snapshots/99"); !errors.Is(err, fs.ErrNotExist) {
		t.Error("reading only has made a folder")
	}
}

func TestGroups(t *testing.T) {
	m := newMem(t)
	groups, err := snapshot.Groups(m, dir)
	if len(groups) != 0 || err != nil {
		t.Fatalf("Groups of an empty folder = %v, %v", groups, err)
	}
	for _, g := range []uint32{12, 0, 3} {
		_, err := snapshot.Open(m, dir, g)
		must(t, err)
	}
	must(t, m.MkdirAll(dir+"/snapshots/lost+found", 0o700))
	must(t, m.MkdirAll(dir+"/snapshots/007", 0o700))
	if groups, err = snapshot.Groups(m, dir); fmt.Sprint(groups) != "[0 3 12]" || err != nil {
		t.Errorf("Groups = %v, %v", groups, err)
	}
}

func TestClosedWriterAndReaderRefuse(t *testing.T) {
	s := open(t, newMem(t))
	for _, end := range []string{"commit", "abort"} {
		w, err := s.Create(metaAt(1))
		must(t, err)
		if end == "commit" {
			must(t, w.Commit())
		} else {
			must(t, w.Abort())
		}
		_, werr := w.Write(nil)
		for op, err := range map[string]error{"Section": w.Section(1, nil), "Write": werr, "Commit": w.Commit(), "Abort": w.Abort()} {
			if !errors.Is(err, snapshot.ErrClosed) {
				t.Errorf("%s after %s: %v", op, end, err)
			}
		}
	}
	r, err := s.Open(s.List()[0].ID)
	must(t, err)
	must(t, r.Close())
	_, _, err = r.Next()
	wantIs(t, err, snapshot.ErrClosed)
	wantIs(t, r.Close(), snapshot.ErrClosed)
	if _, err := r.Raw().Read(make([]byte, 1)); err == nil {
		t.Error("read a closed file")
	}
}

func TestMetaThatDoesNotFitIsRefused(t *testing.T) {
	_, err := open(t, newMem(t)).Create(snapshot.Meta{Version: 1 << 40})
	wantIs(t, err, snapshot.ErrTooLarge)
}

func TestLargeSectionsComeBack(t *testing.T) {
	s := open(t, newMem(t))
	w, err := s.Create(metaAt(1))
	must(t, err)
	var want [][]byte
	for i, n := range []int{0, 1, 64<<10 - 1, 64 << 10, 300 << 10, 9 << 20, 10, 512 << 10, 20 << 20, 5} {
		want = append(want, bytes.Repeat([]byte{byte(i + 1)}, n))
		must(t, w.Section(uint8(i), want[i]))
	}
	must(t, w.Commit())
	r, err := s.Open(s.List()[0].ID)
	must(t, err)
	for i := range want {
		kind, body, err := r.Next()
		if kind != uint8(i) || !bytes.Equal(body, want[i]) || err != nil {
			t.Fatalf("section %d of %d bytes: kind %d, %d bytes, %v", i, len(want[i]), kind, len(body), err)
		}
	}
}

// One goroutine writes snapshots while others list, verify and read them: run
// with -race.
func TestWritingListingAndReadingSideBySide(t *testing.T) {
	m := newMem(t)
	must(t, save(open(t, m), 1))
	s := open(t, m)
	done := make(chan error, 3)
	for range 2 {
		go func() {
			for {
				infos := s.List()
				if len(infos) == 0 {
					done <- errors.New("nothing listed")
					return
				}
				r, err := s.Open(infos[0].ID)
				if errors.Is(err, snapshot.ErrNotFound) {
					continue // retired in between
				}
				if err == nil {
					err = errors.Join(checkContent(r, infos[0].Index), r.Close())
				}
				if err != nil || infos[0].Index == 30 {
					done <- err
					return
				}
			}
		}()
	}
	go func() {
		var err error
		for i := uint64(2); i <= 30 && err == nil; i++ {
			err = save(s, i)
		}
		done <- err
	}()
	for range 3 {
		must(t, <-done)
	}
}
