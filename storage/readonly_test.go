package storage_test

import (
	"errors"
	"testing"

	"github.com/millrace-io/millrace/storage"
	"github.com/millrace-io/millrace/storage/vfs"
)

func openRead(m vfs.FS) (*storage.Folder, error) {
	return storage.OpenReadOnly(m, dir, storage.ReadOptions{})
}

func TestReadOnlyChangesNothing(t *testing.T) {
	m := made(t)
	fsys := vfs.WithFaults(m, func(op vfs.Op) error {
		if op.Kind.Changes() {
			t.Errorf("did %v", op)
		}
		return nil
	})
	f, err := openRead(fsys)
	must(t, err)
	if f.Node().ID != "n1" || f.NodeErr() != nil || f.Running() {
		t.Errorf("node %+v, %v, running %v", f.Node(), f.NodeErr(), f.Running())
	}
	must(t, f.Close())
}

func TestReadersShareAndKeepAServerOut(t *testing.T) {
	m := made(t)
	a, err := openRead(m)
	must(t, err)
	b, err := openRead(m)
	must(t, err)
	_, err = storage.Open(m, dir, noNewNode(t))
	wantLine(t, err, storage.ErrInUse, "a command that reads the folder")
	must(t, a.Close())
	must(t, b.Close())
	f, err := storage.Open(m, dir, noNewNode(t))
	must(t, err)
	must(t, f.Close())
}

func TestReadingWhileAServerRuns(t *testing.T) {
	m := made(t)
	server, err := storage.Open(m, dir, noNewNode(t))
	must(t, err)
	_, err = openRead(m)
	wantLine(t, err, storage.ErrInUse, "stop the server first, or read while it runs")
	f, err := storage.OpenReadOnly(m, dir, storage.ReadOptions{WhileRunning: true})
	must(t, err)
	if !f.Running() || f.Node().ID != "n1" {
		t.Errorf("running %v, node %+v", f.Running(), f.Node())
	}
	must(t, f.Close())
	must(t, server.Close())
}

func TestReadOnlyOfWhatIsNotSound(t *testing.T) {
	t.Run("no folder", func(t *testing.T) {
		_, err := openRead(vfs.NewMem())
		wantLine(t, err, storage.ErrNoData, "check --dir")
	})
	t.Run("another folder", func(t *testing.T) {
		m := vfs.NewMem()
		must(t, m.MkdirAll(dir+"/photos", 0o700))
		_, err := openRead(m)
		wantLine(t, err, storage.ErrNoData, "check --dir")
	})
	t.Run("a file", func(t *testing.T) {
		m := vfs.NewMem()
		must(t, m.MkdirAll("/srv/millrace", 0o700))
		put(t, m, dir, "")
		_, err := openRead(m)
		wantLine(t, err, storage.ErrNotFolder, "check --dir")
	})
	t.Run("newer format", func(t *testing.T) {
		m := made(t)
		content(`{"format": 9}`)(t, m)
		_, err := openRead(m)
		wantLine(t, err, storage.ErrNewerFormat, "format 9")
		f, err := storage.Open(m, dir+"/other", options("n2")) // no lock is left behind
		must(t, err)
		must(t, f.Close())
	})
	for name, hurt := range map[string]func(*testing.T, *vfs.Mem){
		"damaged node.json": func(t *testing.T, m *vfs.Mem) { content("{")(t, m) },
		"no node.json": func(t *testing.T, m *vfs.Mem) {
			must(t, m.MkdirAll(dir+"/log", 0o700))
			must(t, m.Remove(dir+"/node.json"))
		},
	} {
		t.Run(name, func(t *testing.T) {
			m := made(t)
			hurt(t, m)
			f, err := openRead(m)
			must(t, err)
			if !errors.Is(f.NodeErr(), storage.ErrDamaged) {
				t.Errorf("NodeErr = %v", f.NodeErr())
			}
			must(t, f.Close())
		})
	}
	t.Run("a copy without LOCK", func(t *testing.T) {
		m := made(t)
		must(t, m.Remove(dir+"/LOCK"))
		f, err := openRead(m)
		must(t, err)
		must(t, f.Close())
		if _, err := m.Stat(dir + "/LOCK"); err == nil {
			t.Error("reading made a LOCK")
		}
	})
}
