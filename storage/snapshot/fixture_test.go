package snapshot_test

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/millrace-io/millrace/storage/snapshot"
	"github.com/millrace-io/millrace/storage/vfs"
)

const (
	dir   = "/data"
	group = 7
	where = dir + "/snapshots/7"
)

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func wantIs(t testing.TB, err, target error) {
	t.Helper()
	if !errors.Is(err, target) {
		t.Fatalf("error = %v, want %v", err, target)
	}
}

func newMem(t testing.TB) *vfs.Mem {
	t.Helper()
	m := vfs.NewMem()
	must(t, m.MkdirAll(dir, 0o700))
	must(t, m.SyncDir("/"))
	return m
}

func open(t testing.TB, fsys vfs.FS) *snapshot.Store {
	t.Helper()
	s, err := snapshot.Open(fsys, dir, group)
	must(t, err)
	return s
}

func metaAt(index uint64) snapshot.Meta {
	return snapshot.Meta{Index: index, Term: 3, Configuration: []byte("voters: a b c"), ConfigurationIndex: 2, Version: 1, Format: 5}
}

// sectionsAt is what save writes at an index.
func sectionsAt(index uint64) []string {
	return []string{fmt.Sprintf("state at %d", index), "", strings.Repeat("x", 3000)}
}

func save(s *snapshot.Store, index uint64) error {
	w, err := s.Create(metaAt(index))
	if err != nil {
		return err
	}
	for i, body := range sectionsAt(index) {
		if err := w.Section(uint8(i+1), []byte(body)); err != nil {
			return errors.Join(err, w.Abort())
		}
	}
	return w.Commit()
}

func indexes(s *snapshot.Store) string {
	var out []string
	for _, i := range s.List() {
		out = append(out, fmt.Sprint(i.Index))
	}
	return strings.Join(out, " ")
}

func wantIndexes(t testing.TB, s *snapshot.Store, want string) {
	t.Helper()
	if got := indexes(s); got != want {
		t.Fatalf("listed %q, want %q; damaged: %v", got, want, s.Damaged())
	}
}

// checkContent reads a snapshot of save through.
func checkContent(r *snapshot.Reader, index uint64) error {
	if m, want := r.Meta(), metaAt(index); fmt.Sprint(m) != fmt.Sprint(want) {
		return fmt.Errorf("meta %v, want %v", m, want)
	}
	for i, want := range sectionsAt(index) {
		kind, body, err := r.Next()
		if err != nil || kind != uint8(i+1) || string(body) != want {
			return fmt.Errorf("section %d: kind %d, %d bytes, %v", i, kind, len(body), err)
		}
	}
	if _, _, err := r.Next(); err != io.EOF {
		return fmt.Errorf("at the end: %v, want EOF", err)
	}
	return nil
}

func wantContent(t testing.TB, s *snapshot.Store, info snapshot.Info) {
	t.Helper()
	r, err := s.Open(info.ID)
	must(t, err)
	must(t, checkContent(r, info.Index))
	must(t, r.Close())
}

func raw(t testing.TB, s *snapshot.Store, id string) []byte {
	t.Helper()
	r, err := s.Open(id)
	must(t, err)
	rc := r.Raw()
	b, err := io.ReadAll(rc)
	must(t, err)
	must(t, rc.Close())
	return b
}

func readFile(t testing.TB, fsys vfs.FS, path string) []byte {
	t.Helper()
	f, err := fsys.OpenFile(path, os.O_RDONLY, 0)
	must(t, err)
	defer f.Close()
	size, err := f.Size()
	must(t, err)
	b := make([]byte, size)
	_, err = f.ReadAt(b, 0)
	must(t, err)
	return b
}

func writeFile(t testing.TB, fsys vfs.FS, path string, b []byte) {
	t.Helper()
	f, err := fsys.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_TRUNC, 0o600)
	must(t, err)
	_, err = f.WriteAt(b, 0)
	must(t, err)
	must(t, f.Close())
}

func newestPath(t testing.TB, s *snapshot.Store) string {
	t.Helper()
	return filepath.Join(where, s.List()[0].ID+".snap")
}
