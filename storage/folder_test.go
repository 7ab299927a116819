package storage_test

import (
	"bytes"
	"errors"
	"flag"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/millrace-io/millrace/storage"
	"github.com/millrace-io/millrace/storage/vfs"
)

var update = flag.Bool("update", false, "rewrite the golden files")

const dir = "/srv/millrace/data"

var born = time.Date(2026, 1, 2, 15, 4, 5, 6, time.FixedZone("CET", 3600))

func options(node string) storage.Options {
	return storage.Options{
		Identity: func() (string, string, error) { return node, "cluster-of-" + node, nil },
		Now:      born,
	}
}

// noNewNode fails the test when a new identity is drawn.
func noNewNode(t *testing.T) storage.Options {
	return storage.Options{Identity: func() (string, string, error) {
		t.Error("drew a new identity")
		return "wrong", "wrong", nil
	}, Now: born}
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func put(t testing.TB, fsys vfs.FS, path, content string) {
	t.Helper()
	f, err := fsys.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_TRUNC, 0o600)
	must(t, err)
	_, err = f.WriteAt([]byte(content), 0)
	must(t, err)
	must(t, f.Close())
}

func get(t testing.TB, fsys vfs.FS, path string) string {
	t.Helper()
	f, err := fsys.OpenFile(path, os.O_RDONLY, 0)
	must(t, err)
	defer f.Close()
	size, err := f.Size()
	must(t, err)
	b := make([]byte, size)
	_, err = f.ReadAt(b, 0)
	must(t, err)
	return string(b)
}

// made is a disk with the folder of node n1, closed.
func made(t testing.TB) *vfs.Mem {
	t.Helper()
	m := vfs.NewMem()
	f, err := storage.Open(m, dir, options("n1"))
	must(t, err)
	must(t, f.Close())
	return m
}

func TestIdentityIsDrawnOnce(t *testing.T) {
	m := vfs.NewMem()
	f, err := storage.Open(m, dir, options("n1"))
	must(t, err)
	want := storage.Node{ID: "n1", ClusterID: "cluster-of-n1", Created: time.Date(2026, 1, 2, 14, 4, 5, 0, time.UTC), Partitions: 1}
	if f.Node() != want || !f.Created() || f.Dir() != dir || f.LogDir() != dir+"/log" || f.FS() != vfs.FS(m) {
		t.Errorf("new folder: %+v, created %v", f.Node(), f.Created())
	}
	must(t, f.Close())
	if err := f.Close(); !errors.Is(err, storage.ErrClosed) {
		t.Errorf("second Close: %v", err)
	}
	f, err = storage.Open(m, dir, noNewNode(t))
	must(t, err)
	if f.Node() != want || f.Created() {
		t.Errorf("old folder: %+v, created %v", f.Node(), f.Created())
	}
	names, err := m.ReadDir(dir)
	must(t, err)
	if got := strings.Join(names, " "); got != "LOCK node.json" {
		t.Errorf("files: %s", got)
	}
}

// A folder of one partition is written as it was before there were others.
func TestGoldenNode(t *testing.T) {
	compareGolden(t, "testdata/node1.golden", made(t))
}

func TestGoldenNodeOfSeveralPartitions(t *testing.T) {
	m := vfs.NewMem()
	o := options("n1")
	o.Partitions = 4
	f, err := storage.Open(m, dir, o)
	must(t, err)
	must(t, f.Close())
	compareGolden(t, "testdata/node2.golden", m)
	if f, err = storage.Open(m, dir, noNewNode(t)); err != nil || f.Node().Partitions != 4 {
		t.Errorf("opened again it has %d partitions, %v; want 4", f.Node().Partitions, err)
	}
}

func compareGolden(t *testing.T, golden string, m *vfs.Mem) {
	t.Helper()
	got := get(t, m, dir+"/node.json")
	if *update {
		must(t, os.WriteFile(golden, []byte(got), 0o644))
	}
	want, err := os.ReadFile(golden)
	must(t, err)
	if !bytes.Equal(want, []byte(got)) {
		t.Fatalf("node.json is\n%s\nthe golden file says\n%s", got, want)
	}
}

func TestRealFolderIsPrivate(t *testing.T) {
	at := filepath.Join(t.TempDir(), "a", "b")
	f, err := storage.Open(vfs.OS(), at, options("n1"))
	must(t, err)
	defer f.Close()
	st, err := os.Stat(at)
	must(t, err)
	if st.Mode().Perm() != 0o700 {
		t.Errorf("mode %v, want 0700", st.Mode().Perm())
	}
}

// edit changes node.json of a folder.
func edit(from, to string) func(t *testing.T, m *vfs.Mem) vfs.FS {
	return func(t *testing.T, m *vfs.Mem) vfs.FS {
		s := get(t, m, dir+"/node.json")
		if !strings.Contains(s, from) {
			t.Fatalf("no %q in %s", from, s)
		}
		put(t, m, dir+"/node.json", strings.Replace(s, from, to, 1))
		return m
	}
}

func content(s string) func(t *testing.T, m *vfs.Mem) vfs.FS {
	return func(t *testing.T, m *vfs.Mem) vfs.FS {
		put(t, m, dir+"/node.json", s)
		return m
	}
}

// failing lets every operation that is meets fail with err.
func failing(err error, meets func(op vfs.Op) bool) func(t *testing.T, m *vfs.Mem) vfs.FS {
	return func(_ *testing.T, m *vfs.Mem) vfs.FS {
		return vfs.WithFaults(m, func(op vfs.Op) error {
			if meets(op) {
				return err
			}
			return nil
		})
	}
}

func changes(op vfs.Op) bool { return op.Kind.Changes() && op.Kind != vfs.OpSyncDir }

func TestOpenRefusesWithOneClearLine(t *testing.T) {
	rows := []struct {
		name string
		hurt func(t *testing.T, m *vfs.Mem) vfs.FS
		want error
		line string // in the text, besides the folder
	}{
		{"in use", func(t *testing.T, m *vfs.Mem) vfs.FS {
			_, err := storage.Open(m, dir, noNewNode(t))
			must(t, err)
			return m
		}, storage.ErrInUse, "another process; stop that process"},
		{"newer format", content(`{"format": 3, "node_id": ["anything"]}`), storage.ErrNewerFormat, "format 3, known up to 2; start the Millrace version"},
		{"empty", content(""), storage.ErrDamaged, "node.json is empty; put node.json back"},
		{"zeros", content(strings.Repeat("\x00", 300)), storage.ErrDamaged, "node.json is empty"},
		{"not JSON", content("{\"format\": 1,"), storage.ErrDamaged, "unexpected end of JSON input"},
		{"JSON of another shape", content("[1, 2]"), storage.ErrDamaged, "cannot unmarshal array"},
		{"no format", content(`{"node_id": "n1"}`), storage.ErrDamaged, "no format number"},
		{"format 0", edit(`"format": 1`, `"format": 0`), storage.ErrDamaged, "no format number"},
		{"bytes behind", edit("}", "}}"), storage.ErrDamaged, "after top-level value"},
		{"no node id", edit(`"n1"`, `""`), storage.ErrDamaged, "lacks an id"},
		{"id of the wrong type", edit(`"n1"`, `7`), storage.ErrDamaged, "cannot unmarshal number"},
		{"flipped bit in the node id", edit(`"n1"`, `"n0"`), storage.ErrDamaged, "wrong checksum"},
		{"flipped bit in the cluster id", edit(`cluster-of-n1`, `cluster-of-n0`), storage.ErrDamaged, "wrong checksum"},
		{"changed time", edit(`2026`, `2025`), storage.ErrDamaged, "wrong checksum"},
		{"no checksum", edit(`"checksum"`, `"check"`), storage.ErrDamaged, "wrong checksum"},
		{"huge", content(`{"format": 1` + strings.Repeat(" ", 1<<17) + "}"), storage.ErrDamaged, "larger than"},
		{"node.json gone from a used folder", func(t *testing.T, m *vfs.Mem) vfs.FS {
			must(t, m.MkdirAll(dir+"/log", 0o700))
			must(t, m.Remove(dir+"/node.json"))
			return m
		}, storage.ErrDamaged, "there is log but no node.json; put node.json back"},
		{"a file of the same name", func(t *testing.T, m *vfs.Mem) vfs.FS {
			must(t, m.Rename(dir, dir+".old"))
			put(t, m, dir, "")
			return m
		}, storage.ErrNotFolder, "choose another folder with --dir"},
		{"a file above it", func(t *testing.T, m *vfs.Mem) vfs.FS {
			must(t, m.Rename("/srv/millrace", "/srv/old"))
			put(t, m, "/srv/millrace", "")
			return m
		}, storage.ErrNotFolder, "choose another folder with --dir"},
		{"no permission", failing(syscall.EACCES, changes), storage.ErrNotWritable, "permission denied; make it writable"},
		{"read-only file system", failing(syscall.EROFS, changes), storage.ErrNotWritable, "read-only file system; make it writable"},
		{"full disk", failing(syscall.ENOSPC, changes), storage.ErrNotWritable, "no space left on device; make room"},
		{"lock file not writable", failing(syscall.EACCES, func(op vfs.Op) bool { return op.Kind == vfs.OpLock }), storage.ErrNotWritable, "make it writable"},
		{"node.json not readable", failing(syscall.EACCES, func(op vfs.Op) bool { return op.Kind == vfs.OpOpen }), fs.ErrPermission, "permission denied"},
		{"read error", failing(syscall.EIO, func(op vfs.Op) bool { return op.Kind == vfs.OpRead }), syscall.EIO, "input/output error"},
		{"failing sync of the folder", failing(syscall.EIO, func(op vfs.Op) bool { return op.Kind == vfs.OpSyncDir }), syscall.EIO, "input/output error"},
	}
	for _, r := range rows {
		t.Run(r.name, func(t *testing.T) {
			m := made(t)
			fsys := r.hurt(t, m)
			_, err := storage.Open(fsys, dir, noNewNode(t))
			wantLine(t, err, r.want, r.line)
		})
	}
}

func wantLine(t *testing.T, err, want error, line string) {
	t.Helper()
	var fe *storage.FolderError
	if !errors.Is(err, want) || !errors.As(err, &fe) || fe.Dir != dir {
		t.Fatalf("error = %v, want a FolderError of %v", err, want)
	}
	if s := err.Error(); !strings.Contains(s, dir) || !strings.Contains(s, line) || strings.Contains(s, "\n") {
		t.Errorf("text %q, want one line with %q", s, line)
	}
}

func TestRefusedFolderIsLeftAsItWas(t *testing.T) {
	m := made(t)
	content(`{"format": 3}`)(t, m)
	for range 2 { // the lock is given back
		_, err := storage.Open(m, dir, noNewNode(t))
		wantLine(t, err, storage.ErrNewerFormat, "")
	}
	if got := get(t, m, dir+"/node.json"); got != `{"format": 3}` {
		t.Errorf("node.json is now %q", got)
	}
}

func TestFailedIdentityMakesNoNode(t *testing.T) {
	for name, o := range map[string]storage.Options{
		"error":    {Identity: func() (string, string, error) { return "", "", errors.New("no entropy") }},
		"empty id": {Identity: func() (string, string, error) { return "n", "", nil }},
	} {
		t.Run(name, func(t *testing.T) {
			m := vfs.NewMem()
			if _, err := storage.Open(m, dir, o); err == nil {
				t.Fatal("opened")
			}
			f, err := storage.Open(m, dir, options("n2"))
			must(t, err)
			if f.Node().ID != "n2" || !f.Created() {
				t.Errorf("node %+v", f.Node())
			}
		})
	}
}

// The test binary starts itself as the second process.
func TestSecondProcessIsRefused(t *testing.T) {
	if at := os.Getenv("MILLRACE_TEST_FOLDER"); at != "" {
		_, err := storage.Open(vfs.OS(), at, noNewNode(t))
		if errors.Is(err, storage.ErrInUse) {
			os.Exit(42)
		}
		t.Fatalf("second process: %v", err)
	}
	at := t.TempDir()
	f, err := storage.Open(vfs.OS(), at, options("n1"))
	must(t, err)
	second := func() int {
		cmd := exec.Command(os.Args[0], "-test.run=^TestSecondProcessIsRefused$")
		cmd.Env = append(os.Environ(), "MILLRACE_TEST_FOLDER="+at)
		_ = cmd.Run() // the exit code says it all
		return cmd.ProcessState.ExitCode()
	}
	if code := second(); code != 42 {
		t.Errorf("exit code %d of the second process, want 42", code)
	}
	must(t, f.Close())
	if code := second(); code == 42 {
		t.Error("refused though the folder is free")
	}
}

func TestRealUnwritableFolder(t *testing.T) {
	if os.Getuid() == 0 {
		t.Skip("root may write everywhere")
	}
	at := t.TempDir()
	must(t, os.Chmod(at, 0o500))
	_, err := storage.Open(vfs.OS(), filepath.Join(at, "data"), options("n1"))
	if !errors.Is(err, storage.ErrNotWritable) {
		t.Errorf("error = %v", err)
	}
}
