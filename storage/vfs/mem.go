package vfs

import (
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"
)

// Mem is a file system in memory that promises nothing but what package vfs
// says, and takes back the rest at Crash. Paths may be absolute or relative; "/"
// and "." are the same folder, which always exists.
//
// Crash, CrashKeepNothing and KillProcess return a new Mem and leave the old one
// alone: goroutines of the dead "process" may go on writing to the old one, with
// no effect on what the next process finds.
type Mem struct {
	// mu covers everything below and all nodes.
	mu    sync.Mutex
	root  *memNode
	locks map[string]*memLock
	limit int64 // bytes of all files together; 0: none
}

// memNode is a file or a folder, twice: as the running system sees it, and as
// the disk has it for certain. What lies between is kept in order as changes.
type memNode struct {
	dir  bool
	mode fs.FileMode

	// A file: live == durable + dirty, except for what a failed sync lost.
	live, durable *image
	dirty         []change

	// A folder, likewise.
	entries, durableEntries map[string]*memNode
	dirtyEntries            []dirChange
}

// dirChange is what happens to a folder in one step: all of it survives a crash
// or none, as in a journal. A rename within a folder is one dirChange, one
// between folders is two, which a crash may separate.
type dirChange []dirEntry

// dirEntry sets name to node, or removes it (nil).
type dirEntry struct {
	name string
	node *memNode
}

type memLock struct {
	exclusive bool
	holders   int
}

// NewMem returns an empty file system.
func NewMem() *Mem {
	return &Mem{root: newDirNode(0o755), locks: map[string]*memLock{}}
}

// SetLimit bounds the sum of the file sizes: beyond it writes and Allocate fail
// with ENOSPC, a write after the part that still fits. FreeBytes counts against
// it. 0 takes the bound away.
func (m *Mem) SetLimit(bytes int64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.limit = bytes
}

// Used is the size of all files together, which SetLimit bounds.
func (m *Mem) Used() int64 {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.root.usedBytes()
}

func newDirNode(mode fs.FileMode) *memNode {
	return &memNode{dir: true, mode: mode, entries: map[string]*memNode{}, durableEntries: map[string]*memNode{}}
}

func newFileNode(mode fs.FileMode) *memNode {
	return &memNode{mode: mode, live: newImage(), durable: newImage()}
}

func (n *memNode) change(c dirChange) {
	c.apply(n.entries)
	n.dirtyEntries = append(n.dirtyEntries, c)
}

func (c dirChange) apply(entries map[string]*memNode) {
	for _, e := range c {
		if e.node == nil {
			delete(entries, e.name)
		} else {
			entries[e.name] = e.node
		}
	}
}

func splitPath(name string) []string {
	clean := filepath.ToSlash(filepath.Clean(name))
	return slices.DeleteFunc(strings.Split(clean, "/"), func(s string) bool { return s == "" || s == "." })
}

// lookupLocked finds the node of name.
func (m *Mem) lookupLocked(name string) (*memNode, error) {
	n := m.root
	for _, part := range splitPath(name) {
		if !n.dir {
			return nil, syscall.ENOTDIR
		}
		if n = n.entries[part]; n == nil {
			return nil, fs.ErrNotExist
		}
	}
	return n, nil
}

// parentLocked finds the folder that name is or would be in, and its last part.
func (m *Mem) parentLocked(name string) (*memNode, string, error) {
	parts := splitPath(name)
	if len(parts) == 0 {
		return nil, "", fs.ErrInvalid
	}
	dir, err := m.lookupLocked(strings.Join(parts[:len(parts)-1], "/"))
	if err == nil && !dir.dir {
		err = syscall.ENOTDIR
	}
	return dir, parts[len(parts)-1], err
}

func pathError(op, path string, err error) error {
	if err == nil {
		return nil
	}
	return &fs.PathError{Op: op, Path: path, Err: err}
}

func (m *Mem) OpenFile(name string, flag int, perm fs.FileMode) (File, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	n, err := m.openLocked(name, flag, perm)
	if err != nil {
		return nil, pathError("open", name, err)
	}
	return &memFile{fs: m, node: n, name: name, writable: flag&(os.O_WRONLY|os.O_RDWR) != 0}, nil
}

func (m *Mem) openLocked(name string, flag int, perm fs.FileMode) (*memNode, error) {
	dir, base, err := m.parentLocked(name)
	if err != nil {
		return nil, err
	}
	n := dir.entries[base]
	switch {
	case n == nil && flag&os.O_CREATE == 0:
		return nil, fs.ErrNotExist
	case n == nil:
		n = newFileNode(perm)
		dir.change(dirChange{{base, n}})
	case flag&os.O_CREATE != 0 && flag&os.O_EXCL != 0:
		return nil, fs.ErrExist
	case n.dir:
		return nil, syscall.EISDIR
	case flag&os.O_TRUNC != 0:
		n.fileChange(change{kind: changeTruncate})
	}
	return n, nil
}

func (m *Mem) Rename(oldName, newName string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := m.renameLocked(oldName, newName); err != nil {
		return &os.LinkError{Op: "rename", Old: oldName, New: newName, Err: err}
	}
	return nil
}

func (m *Mem) renameLocked(oldName, newName string) error {
	from, oldBase, err := m.parentLocked(oldName)
	if err != nil {
		return err
	}
	to, newBase, err := m.parentLocked(newName)
	if err != nil {
		return err
	}
	n := from.entries[oldBase]
	if n == nil {
		return fs.ErrNotExist
	}
	switch old := to.entries[newBase]; {
	case old == n:
		return nil
	case old != nil && old.dir && (!n.dir || len(old.entries) > 0):
		return fs.ErrExist
	case old != nil && !old.dir && n.dir:
		return syscall.ENOTDIR
	}
	if from == to {
		from.change(dirChange{{oldBase, nil}, {newBase, n}})
		return nil
	}
	to.change(dirChange{{newBase, n}})
	from.change(dirChange{{oldBase, nil}})
	return nil
}

func (m *Mem) Remove(name string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	dir, base, err := m.parentLocked(name)
	if err != nil {
		return pathError("remove", name, err)
	}
	switch n := dir.entries[base]; {
	case n == nil:
		return pathError("remove", name, fs.ErrNotExist)
	case n.dir && len(n.entries) > 0:
		return pathError("remove", name, syscall.ENOTEMPTY)
	}
	dir.change(dirChange{{base, nil}})
	return nil
}

func (m *Mem) MkdirAll(dir string, perm fs.FileMode) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	n := m.root
	for _, part := range splitPath(dir) {
		next := n.entries[part]
		if next == nil {
			next = newDirNode(perm)
			n.change(dirChange{{part, next}})
		}
		if n = next; !n.dir {
			return pathError("mkdir", dir, syscall.ENOTDIR)
		}
	}
	return nil
}

func (m *Mem) ReadDir(dir string) ([]string, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	n, err := m.folderLocked(dir)
	if err != nil {
		return nil, pathError("open", dir, err)
	}
	return slices.Sorted(maps.Keys(n.entries)), nil
}

func (m *Mem) folderLocked(dir string) (*memNode, error) {
	n, err := m.lookupLocked(dir)
	if err == nil && !n.dir {
		err = syscall.ENOTDIR
	}
	return n, err
}

func (m *Mem) SyncDir(dir string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	n, err := m.folderLocked(dir)
	if err != nil {
		return pathError("sync", dir, err)
	}
	for _, c := range n.dirtyEntries {
		c.apply(n.durableEntries)
	}
	n.dirtyEntries = nil
	return nil
}

// failSyncDir is the harm of a failed SyncDir: see failSync.
func (m *Mem) failSyncDir(dir string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if n, err := m.folderLocked(dir); err == nil {
		n.dirtyEntries = nil
	}
}

func (m *Mem) Stat(name string) (fs.FileInfo, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	n, err := m.lookupLocked(name)
	if err != nil {
		return nil, pathError("stat", name, err)
	}
	st := memInfo{name: filepath.Base(name), mode: n.mode}
	if n.dir {
		st.mode |= fs.ModeDir
	} else {
		st.size = n.live.size
	}
	return st, nil
}

type memInfo struct {
	name string
	size int64
	mode fs.FileMode
}

func (i memInfo) Name() string       { return i.name }
func (i memInfo) Size() int64        { return i.size }
func (i memInfo) Mode() fs.FileMode  { return i.mode }
func (i memInfo) ModTime() time.Time { return time.Time{} }
func (i memInfo) IsDir() bool        { return i.mode.IsDir() }
func (i memInfo) Sys() any           { return nil }

func (m *Mem) FreeBytes(dir string) (int64, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if _, err := m.folderLocked(dir); err != nil {
		return 0, pathError("statfs", dir, err)
	}
	return m.freeLocked(), nil
}

func (m *Mem) freeLocked() int64 {
	if m.limit == 0 {
		return UnknownFree
	}
	return max(0, m.limit-m.root.usedBytes())
}

// usedBytes walks the tree; it is only called when a limit is set.
func (n *memNode) usedBytes() int64 {
	if !n.dir {
		return n.live.size
	}
	var sum int64
	for _, e := range n.entries {
		sum += e.usedBytes()
	}
	return sum
}
