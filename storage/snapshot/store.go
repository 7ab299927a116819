package snapshot

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/millrace-io/millrace/storage/vfs"
)

// folder is the one of all groups' snapshots, below the data folder.
const folder = "snapshots"

// keep is how many usable snapshots stay: when the newest turns out to be
// damaged, the one before and the log behind it take its place.
const keep = 2

// Store holds the snapshots of one group. All methods may be called from
// several goroutines, also while a snapshot is being written.
type Store struct {
	fs       vfs.FS
	dir      string
	group    uint32
	readOnly bool

	// mu covers files and taken. It is held while a file is verified, so that no
	// file is read twice at the same time.
	mu    sync.Mutex
	files map[name]*known
	// taken are the names of snapshots being written.
	taken map[name]bool
}

// known is what this process has found out about a file; a zero known is one
// that nobody has looked at.
type known struct {
	info Info
	good bool
	err  error // why it is not usable; final when it is damage
}

// Open opens the snapshots of a group below the data folder dir, which exists,
// and removes what unfinished writers have left.
func Open(fsys vfs.FS, dir string, group uint32) (*Store, error) {
	s := newStore(fsys, dir, group)
	if err := s.prepare(dir); err != nil {
		return nil, fmt.Errorf("open snapshots of group %d: %w", group, err)
	}
	return s, nil
}

// OpenReadOnly opens them without changing anything. A group without a folder
// has no snapshots.
func OpenReadOnly(fsys vfs.FS, dir string, group uint32) (*Store, error) {
	s := newStore(fsys, dir, group)
	s.readOnly = true
	if err := s.scan(); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("open snapshots of group %d: %w", group, err)
	}
	return s, nil
}

// Groups returns the groups that have a folder below the data folder dir, in
// order.
func Groups(fsys vfs.FS, dir string) ([]uint32, error) {
	names, err := fsys.ReadDir(filepath.Join(dir, folder))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var groups []uint32
	for _, n := range names {
		if g, err := strconv.ParseUint(n, 10, 32); err == nil && strconv.FormatUint(g, 10) == n {
			groups = append(groups, uint32(g))
		}
	}
	slices.Sort(groups)
	return groups, nil
}

func newStore(fsys vfs.FS, dir string, group uint32) *Store {
	path := filepath.Join(dir, folder, strconv.FormatUint(uint64(group), 10))
	return &Store{fs: fsys, dir: path, group: group, files: map[name]*known{}, taken: map[name]bool{}}
}

// prepare syncs the folders even when they exist: a process that was killed may
// have made them, or renamed a snapshot, without getting to the sync; then the
// name is only in the page cache, and nobody may rely on it yet.
func (s *Store) prepare(dir string) error {
	if err := s.fs.MkdirAll(s.dir, 0o700); err != nil {
		return err
	}
	if err := s.fs.SyncDir(dir); err != nil {
		return err
	}
	if err := s.fs.SyncDir(filepath.Join(dir, folder)); err != nil {
		return err
	}
	if err := s.removeTemps(); err != nil {
		return err
	}
	if err := s.fs.SyncDir(s.dir); err != nil {
		return err
	}
	return s.scan()
}

func (s *Store) removeTemps() error {
	names, err := s.fs.ReadDir(s.dir)
	if err != nil {
		return err
	}
	for _, n := range names {
		if strings.HasSuffix(n, tempSuffix) {
			if err := s.fs.Remove(filepath.Join(s.dir, n)); err != nil {
				return err
			}
		}
	}
	return nil
}

// scan notes the files that are there.
func (s *Store) scan() error {
	names, err := s.fs.ReadDir(s.dir)
	if err != nil {
		return err
	}
	for _, file := range names {
		id, ok := strings.CutSuffix(file, fileSuffix)
		if n, valid := parseName(id); ok && valid {
			s.files[n] = &known{}
		}
	}
	return nil
}

// Create begins a snapshot, whose form is settled by the first Section or Write.
func (s *Store) Create(meta Meta) (*Writer, error) {
	if s.readOnly {
		return nil, ErrReadOnly
	}
	if err := checkMeta(meta); err != nil {
		return nil, err
	}
	meta.Configuration = slices.Clone(meta.Configuration)
	n := s.take(meta.Index, meta.Term)
	w := &Writer{store: s, name: n, meta: meta, temp: s.path(n, tempSuffix)}
	f, err := s.fs.OpenFile(w.temp, os.O_RDWR|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		s.release(n)
		return nil, fmt.Errorf("create snapshot of group %d: %w", s.group, err)
	}
	w.out.f = f
	return w, nil
}

// CreateRaw begins a snapshot that comes as the bytes of another store's; index,
// term and configuration index must turn out to be those of meta.
func (s *Store) CreateRaw(meta Meta) (*Writer, error) {
	w, err := s.Create(meta)
	if err == nil {
		w.form = raw
	}
	return w, err
}

// take reserves a name that no file and no writer has.
func (s *Store) take(index, term uint64) name {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := name{index: index, term: term}
	for s.taken[n] || s.files[n] != nil {
		n.n++
	}
	s.taken[n] = true
	return n
}

func (s *Store) release(n name) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.taken, n)
}

// publish gives the synced file of w its name.
func (s *Store) publish(w *Writer) error {
	final := s.path(w.name, fileSuffix)
	if err := s.fs.Rename(w.temp, final); err != nil {
		return err
	}
	if err := s.fs.SyncDir(s.dir); err != nil {
		// The name may be lost at the next power loss however good it looks now, and
		// a second sync could not be believed: take it back, nobody has seen it.
		w.temp = final
		return err
	}
	if err := w.out.f.Close(); err != nil {
		w.temp = final
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.taken, w.name)
	s.files[w.name] = &known{good: true, info: Info{ID: w.ID(), Meta: w.meta, Bytes: w.out.written}}
	return nil
}

// Delete removes a snapshot, usable or not, for good.
func (s *Store) Delete(id string) error {
	if s.readOnly {
		return ErrReadOnly
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	n, ok := parseName(id)
	if !ok || s.files[n] == nil {
		return fmt.Errorf("delete snapshot %q: %w", id, ErrNotFound)
	}
	delete(s.files, n)
	if err := s.fs.Remove(s.path(n, fileSuffix)); err != nil {
		return err
	}
	return s.fs.SyncDir(s.dir)
}

// Open opens a snapshot for reading; see Reader for what is checked when.
func (s *Store) Open(id string) (*Reader, error) {
	n, ok := parseName(id)
	if !ok {
		return nil, fmt.Errorf("open snapshot %q: %w", id, ErrNotFound)
	}
	r, err := s.open(n)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("open snapshot %q: %w", id, ErrNotFound)
	}
	return r, err
}

func (s *Store) open(n name) (*Reader, error) {
	path := s.path(n, fileSuffix)
	f, err := s.fs.OpenFile(path, os.O_RDONLY, 0)
	if err != nil {
		return nil, err
	}
	r, err := openFile(f, path, s.group)
	if err != nil {
		f.Close()
		return nil, err
	}
	r.file = f
	return r, nil
}
