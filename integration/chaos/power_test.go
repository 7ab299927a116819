package chaos

import (
	"errors"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"

	"github.com/millrace-io/millrace/storage/vfs"
)

// power is the journal of a disk that may lose its power: all that was done to it and
// not synced, so that some of it can be undone. It sees operations before they are
// done: a sync forgets what was written before it began.
type power struct {
	mu    sync.Mutex // covers all below
	files map[string][]undoWrite
	dirs  map[string][]undoName
	lost  bool
}

// undoWrite is what a file held where it was written to, or cut.
type undoWrite struct {
	offset int64
	old    []byte
	size   int64 // of the file
}

// undoName is a name that was given, renamed or taken.
type undoName struct {
	path, from string // from: where a renamed file was; empty: it was created
	old        []byte // what a file of this name held before
	existed    bool
}

// note is told of every operation. Once the power is lost, none comes back.
func (p *power) note(op vfs.Op) {
	p.mu.Lock()
	if p.lost {
		p.mu.Unlock()
		select {}
	}
	defer p.mu.Unlock()
	if p.files == nil {
		p.files, p.dirs = map[string][]undoWrite{}, map[string][]undoName{}
	}
	switch op.Kind {
	case vfs.OpWrite:
		p.save(op.Path, op.Offset, op.N)
	case vfs.OpTruncate, vfs.OpAllocate:
		p.save(op.Path, op.Offset, -1)
	case vfs.OpSync, vfs.OpDataSync:
		delete(p.files, op.Path)
	case vfs.OpSyncDir:
		delete(p.dirs, filepath.Clean(op.Path))
	case vfs.OpCreate:
		if _, err := os.Stat(op.Path); errors.Is(err, fs.ErrNotExist) {
			p.name(undoName{path: op.Path})
		}
	case vfs.OpRename:
		u := undoName{path: op.To, from: op.Path}
		old, err := os.ReadFile(op.To)
		u.old, u.existed = old, err == nil
		p.name(u)
		p.files[op.To] = p.files[op.Path]
		delete(p.files, op.Path)
	case vfs.OpRemove:
		if old, err := os.ReadFile(op.Path); err == nil && len(p.files[op.Path]) == 0 {
			p.name(undoName{path: op.Path, old: old, existed: true})
		}
		delete(p.files, op.Path)
	}
}

func (p *power) name(u undoName) {
	dir := filepath.Dir(u.path)
	p.dirs[dir] = append(p.dirs[dir], u)
}

// save keeps what a file holds from an offset on; n < 0: to its end.
func (p *power) save(path string, offset int64, n int) {
	f, err := os.Open(path)
	if err != nil {
		return
	}
	defer f.Close()
	st, err := f.Stat()
	if err != nil {
		return
	}
	if rest := int(max(0, st.Size()-offset)); n < 0 || n > rest {
		n = rest
	}
	u := undoWrite{offset: offset, old: make([]byte, n), size: st.Size()}
	if _, err := f.ReadAt(u.old, offset); err == nil {
		p.files[path] = append(p.files[path], u)
	}
}

// lose stops the disk and undoes a random part of what was not synced: any of the
// writes, and the last ones of the names of each folder.
func (p *power) lose(rng *rand.Rand) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.lost = true
	for path, writes := range p.files {
		for _, u := range slices.Backward(writes) {
			if rng.IntN(2) == 0 {
				u.undo(path)
			}
		}
	}
	for _, names := range p.dirs {
		for _, u := range slices.Backward(names[rng.IntN(len(names)+1):]) {
			u.undo()
		}
	}
}

func (u undoWrite) undo(path string) {
	f, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil {
		return
	}
	defer f.Close()
	_, _ = f.WriteAt(u.old, u.offset)
	_ = f.Truncate(u.size)
}

func (u undoName) undo() {
	switch {
	case u.from != "":
		_ = os.Rename(u.path, u.from)
	case !u.existed:
		_ = os.Remove(u.path)
	}
	if u.existed {
		_ = os.WriteFile(u.path, u.old, 0o600)
	}
}

// What was synced stays, what was not may go, a name as well as bytes.
func TestPowerLosesOnlyWhatWasNotSynced(t *testing.T) {
	kept, gone := map[string]int{}, map[string]int{}
	for seed := range uint64(40) {
		dir := t.TempDir()
		var p power
		disk := vfs.WithFaults(vfs.OS(), func(op vfs.Op) error { p.note(op); return nil })
		write := func(name, text string, offset int64, sync bool) {
			f, err := disk.OpenFile(filepath.Join(dir, name), os.O_RDWR|os.O_CREATE, 0o600)
			if err == nil {
				_, err = f.WriteAt([]byte(text), offset)
			}
			if err == nil && sync {
				err = f.Sync()
			}
			if err == nil {
				err = errors.Join(f.Close())
			}
			if err != nil {
				t.Fatal(err)
			}
		}
		write("a", "synced", 0, true)
		if err := disk.SyncDir(dir); err != nil {
			t.Fatal(err)
		}
		write("a", "lo", 0, false)
		write("a", "st", 6, false)
		write("b", "nameless", 0, true)
		p.lose(rand.New(rand.NewPCG(seed, 1)))
		a, err := os.ReadFile(filepath.Join(dir, "a"))
		if err != nil {
			t.Fatal(err)
		}
		kept[string(a)]++
		if _, err := os.Stat(filepath.Join(dir, "b")); err != nil {
			gone["b"]++
		}
	}
	for text := range kept {
		if !slices.Contains([]string{"synced", "lonced", "syncedst", "loncedst", "lonced\x00\x00"}, text) {
			t.Errorf("a file holds %q", text)
		}
	}
	if len(kept) < 3 || gone["b"] == 0 || gone["b"] == 40 {
		t.Errorf("contents %v, names lost %v: the test proves little", kept, gone)
	}
}
