package vfs_test

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/millrace-io/millrace/storage/vfs"
)

// What FS and File promise while nothing goes wrong holds for every implementation.
func TestConformance(t *testing.T) {
	implementations := map[string]func(t *testing.T) (vfs.FS, string){
		"os":     func(t *testing.T) (vfs.FS, string) { return vfs.OS(), t.TempDir() },
		"mem":    func(*testing.T) (vfs.FS, string) { return newMemDir("/data") },
		"faults": func(*testing.T) (vfs.FS, string) { return wrapped(passAll) },
		"slow": func(*testing.T) (vfs.FS, string) {
			m, dir := newMemDir("/data")
			return vfs.Slow(m, 1<<40), dir
		},
	}
	for name, open := range implementations {
		t.Run(name, func(t *testing.T) {
			for _, c := range conformance {
				t.Run(c.name, func(t *testing.T) {
					fsys, dir := open(t)
					c.run(t, fsys, dir)
				})
			}
		})
	}
}

func passAll(vfs.Op) error { return nil }

func newMemDir(dir string) (*vfs.Mem, string) {
	m := vfs.NewMem()
	if err := m.MkdirAll(dir, 0o700); err != nil {
		panic(err)
	}
	if err := m.SyncDir("/"); err != nil {
		panic(err)
	}
	return m, dir
}

func wrapped(hook func(vfs.Op) error) (vfs.FS, string) {
	m, dir := newMemDir("/data")
	return vfs.WithFaults(m, hook), dir
}

var conformance = []struct {
	name string
	run  func(t *testing.T, fsys vfs.FS, dir string)
}{
	{"open without create needs the file", func(t *testing.T, fsys vfs.FS, dir string) {
		_, err := fsys.OpenFile(filepath.Join(dir, "none"), os.O_RDWR, 0o600)
		wantIs(t, err, fs.ErrNotExist)
		var pe *fs.PathError
		if !errors.As(err, &pe) || pe.Path != filepath.Join(dir, "none") {
			t.Errorf("error %v does not name the path", err)
		}
	}},
	{"exclusive create refuses an old file", func(t *testing.T, fsys vfs.FS, dir string) {
		write(t, fsys, filepath.Join(dir, "a"), "x")
		_, err := fsys.OpenFile(filepath.Join(dir, "a"), os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
		wantIs(t, err, fs.ErrExist)
	}},
	{"truncating open empties", func(t *testing.T, fsys vfs.FS, dir string) {
		write(t, fsys, filepath.Join(dir, "a"), "long content")
		write(t, fsys, filepath.Join(dir, "a"), "x")
		wantContent(t, fsys, filepath.Join(dir, "a"), "x")
	}},
	{"write vectors end to end", func(t *testing.T, fsys vfs.FS, dir string) {
		f := create(t, fsys, filepath.Join(dir, "a"))
		var bufs [][]byte
		var want []byte
		for i := range 3000 { // more than one pwritev takes
			b := bytes.Repeat([]byte{byte(i)}, i%7)
			bufs, want = append(bufs, b), append(want, b...)
		}
		n, err := f.WriteVAt(bufs, 10)
		if n != len(want) || err != nil {
			t.Fatalf("WriteVAt = %d, %v; want %d", n, err, len(want))
		}
		wantContent(t, fsys, filepath.Join(dir, "a"), string(make([]byte, 10))+string(want))
	}},
	{"synced writes among others", func(t *testing.T, fsys vfs.FS, dir string) {
		f := create(t, fsys, filepath.Join(dir, "a"))
		want := bytes.Repeat([]byte{1}, 5*vfs.DirectAlign)
		must(t, second(f.WriteAt(want, 0)))
		page := make([]byte, 1<<16)[:2*vfs.DirectAlign] // begins at a page
		for i := range page {
			page[i] = 2
		}
		for _, w := range []struct {
			b   []byte
			off int
		}{
			{page, vfs.DirectAlign},             // past the cache, over bytes that are in it
			{page[:100], 2*vfs.DirectAlign + 7}, // neither length nor offset fit
			{page[1:], 3 * vfs.DirectAlign},
			{nil, 0},
			{page, 4 * vfs.DirectAlign}, // beyond the end
		} {
			n, err := f.WriteSync(w.b, int64(w.off))
			if n != len(w.b) || err != nil {
				t.Fatalf("WriteSync = %d, %v; want %d", n, err, len(w.b))
			}
			want = append(want, make([]byte, max(0, w.off+n-len(want)))...)
			copy(want[w.off:], w.b)
			wantContent(t, fsys, filepath.Join(dir, "a"), string(want))
		}
		must(t, second(f.WriteAt([]byte("x"), vfs.DirectAlign)))
		want[vfs.DirectAlign] = 'x'
		wantContent(t, fsys, filepath.Join(dir, "a"), string(want))
		must(t, f.Close())
		_, err := f.WriteSync(page, 0)
		wantIs(t, err, fs.ErrClosed)
	}},
	{"read past the end", func(t *testing.T, fsys vfs.FS, dir string) {
		f := create(t, fsys, filepath.Join(dir, "a"))
		must(t, second(f.WriteAt([]byte("abc"), 0)))
		b := make([]byte, 5)
		n, err := f.ReadAt(b, 1)
		if n != 2 || err != io.EOF {
			t.Errorf("ReadAt = %d, %v; want 2, EOF", n, err)
		}
		if n, err = f.ReadAt(b, 9); n != 0 || err != io.EOF {
			t.Errorf("ReadAt behind the end = %d, %v; want 0, EOF", n, err)
		}
	}},
	{"truncate up and down leaves zeros", func(t *testing.T, fsys vfs.FS, dir string) {
		f := create(t, fsys, filepath.Join(dir, "a"))
		must(t, second(f.WriteAt([]byte("abcdef"), 0)))
		must(t, f.Truncate(2))
		must(t, f.Truncate(5))
		wantContent(t, fsys, filepath.Join(dir, "a"), "ab\x00\x00\x00")
	}},
	{"allocate grows and keeps old bytes", func(t *testing.T, fsys vfs.FS, dir string) {
		f := create(t, fsys, filepath.Join(dir, "a"))
		must(t, second(f.WriteAt([]byte("abcdef"), 0)))
		must(t, f.Allocate(0, 8))
		must(t, f.Allocate(0, 3))
		wantContent(t, fsys, filepath.Join(dir, "a"), "abcdef\x00\x00")
		if size, err := f.Size(); size != 8 || err != nil {
			t.Errorf("Size = %d, %v; want 8", size, err)
		}
		must(t, f.DataSync())
		must(t, f.Sync())
	}},
	{"rename replaces", func(t *testing.T, fsys vfs.FS, dir string) {
		a, b := filepath.Join(dir, "a"), filepath.Join(dir, "b")
		write(t, fsys, a, "new")
		write(t, fsys, b, "old")
		must(t, fsys.Rename(a, b))
		wantContent(t, fsys, b, "new")
		wantNames(t, fsys, dir, "b")
		wantIs(t, fsys.Rename(a, b), fs.ErrNotExist)
	}},
	{"an open file outlives its name", func(t *testing.T, fsys vfs.FS, dir string) {
		f := create(t, fsys, filepath.Join(dir, "a"))
		must(t, second(f.WriteAt([]byte("abc"), 0)))
		must(t, fsys.Remove(filepath.Join(dir, "a")))
		b := make([]byte, 3)
		must(t, second(f.ReadAt(b, 0)))
		wantNames(t, fsys, dir)
	}},
	{"folders", func(t *testing.T, fsys vfs.FS, dir string) {
		sub := filepath.Join(dir, "x", "y")
		must(t, fsys.MkdirAll(sub, 0o700))
		must(t, fsys.MkdirAll(sub, 0o700))
		write(t, fsys, filepath.Join(sub, "b"), "")
		write(t, fsys, filepath.Join(sub, "a"), "")
		wantNames(t, fsys, sub, "a", "b")
		must(t, fsys.SyncDir(sub))
		if err := fsys.Remove(sub); err == nil {
			t.Error("removed a folder with files in it")
		}
		if err := fsys.MkdirAll(filepath.Join(sub, "a", "z"), 0o700); err == nil {
			t.Error("made a folder below a file")
		}
		st, err := fsys.Stat(sub)
		if err != nil || !st.IsDir() {
			t.Errorf("Stat = %v, %v; want a folder", st, err)
		}
		wantIs(t, second(fsys.ReadDir(filepath.Join(dir, "none"))), fs.ErrNotExist)
		wantIs(t, fsys.SyncDir(filepath.Join(dir, "none")), fs.ErrNotExist)
		if _, err := fsys.OpenFile(sub, os.O_RDWR, 0); err == nil {
			t.Error("opened a folder for writing")
		}
	}},
	{"a closed file refuses", func(t *testing.T, fsys vfs.FS, dir string) {
		f := create(t, fsys, filepath.Join(dir, "a"))
		must(t, f.Close())
		for op, err := range map[string]error{
			"ReadAt": second(f.ReadAt(make([]byte, 1), 0)), "WriteAt": second(f.WriteAt([]byte("x"), 0)),
			"WriteVAt": second(f.WriteVAt([][]byte{[]byte("x")}, 0)), "Sync": f.Sync(), "DataSync": f.DataSync(),
			"Truncate": f.Truncate(0), "Allocate": f.Allocate(0, 1), "Size": second(f.Size()), "Close": f.Close(),
		} {
			if !errors.Is(err, fs.ErrClosed) {
				t.Errorf("%s on a closed file: %v, want ErrClosed", op, err)
			}
		}
	}},
	{"a file opened for reading is not written", func(t *testing.T, fsys vfs.FS, dir string) {
		write(t, fsys, filepath.Join(dir, "a"), "abc")
		f, err := fsys.OpenFile(filepath.Join(dir, "a"), os.O_RDONLY, 0)
		must(t, err)
		defer f.Close()
		if _, err := f.WriteAt([]byte("x"), 0); err == nil {
			t.Error("wrote to a file opened for reading")
		}
	}},
	{"a second exclusive lock is refused", func(t *testing.T, fsys vfs.FS, dir string) {
		path := filepath.Join(dir, "LOCK")
		l, err := fsys.Lock(path)
		must(t, err)
		wantIs(t, second(fsys.Lock(path)), vfs.ErrLocked)
		wantIs(t, second(fsys.LockShared(path)), vfs.ErrLocked)
		must(t, l.Close())
		l, err = fsys.LockShared(path)
		must(t, err)
		l2, err := fsys.LockShared(path)
		must(t, err)
		wantIs(t, second(fsys.Lock(path)), vfs.ErrLocked)
		must(t, l.Close())
		must(t, l2.Close())
		l, err = fsys.Lock(path)
		must(t, err)
		must(t, l.Close())
	}},
	{"a shared lock creates nothing", func(t *testing.T, fsys vfs.FS, dir string) {
		wantIs(t, second(fsys.LockShared(filepath.Join(dir, "LOCK"))), fs.ErrNotExist)
		wantNames(t, fsys, dir)
	}},
	{"free bytes", func(t *testing.T, fsys vfs.FS, dir string) {
		if n, err := fsys.FreeBytes(dir); n <= 0 || err != nil {
			t.Errorf("FreeBytes = %d, %v", n, err)
		}
		wantIs(t, second(fsys.FreeBytes(filepath.Join(dir, "none"))), fs.ErrNotExist)
	}},
}

func second[T any](_ T, err error) error { return err }

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func wantIs(t *testing.T, err, target error) {
	t.Helper()
	if !errors.Is(err, target) {
		t.Fatalf("error = %v, want %v", err, target)
	}
}

func create(t *testing.T, fsys vfs.FS, name string) vfs.File {
	t.Helper()
	f, err := fsys.OpenFile(name, os.O_RDWR|os.O_CREATE|os.O_TRUNC, 0o600)
	must(t, err)
	t.Cleanup(func() { f.Close() })
	return f
}

func write(t *testing.T, fsys vfs.FS, name, content string) {
	t.Helper()
	f := create(t, fsys, name)
	if content != "" {
		must(t, second(f.WriteAt([]byte(content), 0)))
	}
	must(t, f.Close())
}

// content returns what is in name; ok is false when there is no such file.
func content(t *testing.T, fsys vfs.FS, name string) (s string, ok bool) {
	t.Helper()
	f, err := fsys.OpenFile(name, os.O_RDONLY, 0)
	if errors.Is(err, fs.ErrNotExist) {
		return "", false
	}
	must(t, err)
	defer f.Close()
	size, err := f.Size()
	must(t, err)
	b := make([]byte, size)
	if size > 0 {
		must(t, second(f.ReadAt(b, 0)))
	}
	return string(b), true
}

func wantContent(t *testing.T, fsys vfs.FS, name, want string) {
	t.Helper()
	if got, ok := content(t, fsys, name); got != want || !ok {
		t.Fatalf("%s holds %q (exists: %v), want %q", name, got, ok, want)
	}
}

func wantNames(t *testing.T, fsys vfs.FS, dir string, want ...string) {
	t.Helper()
	got, err := fsys.ReadDir(dir)
	must(t, err)
	if !slices.Equal(got, want) {
		t.Fatalf("names in %s: %q, want %q", dir, got, want)
	}
}
