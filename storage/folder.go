package storage

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/millrace-io/millrace/storage/vfs"
)

const lockFile = "LOCK"

// Options say what a new folder gets; an existing one keeps what it has.
type Options struct {
	// Identity draws the ids of a new node. It is called once, under the lock,
	// and only when the folder is new. Neither id may be empty.
	Identity func() (nodeID, clusterID string, err error)
	// Now is when a new folder was made.
	Now time.Time
	// Partitions is how many a new folder has, 0 for one.
	Partitions int
}

// Folder is a data folder in use. It stays locked until Close or the end of the
// process.
type Folder struct {
	fs   vfs.FS
	dir  string
	node Node

	created bool
	running bool
	nodeErr error

	lock      io.Closer // nil when OpenReadOnly found none to take
	closeOnce sync.Once
}

// Open locks dir and reads who the node is. A folder that does not exist or is
// empty becomes a new node. All errors are *FolderError.
func Open(fsys vfs.FS, dir string, o Options) (*Folder, error) {
	if err := makeFolder(fsys, dir); err != nil {
		return nil, err
	}
	lock, err := fsys.Lock(filepath.Join(dir, lockFile))
	if errors.Is(err, vfs.ErrLocked) {
		return nil, &FolderError{Dir: dir, Kind: ErrInUse, Advice: adviceInUse}
	}
	if err != nil {
		return nil, writeError(dir, err)
	}
	f := &Folder{fs: fsys, dir: dir, lock: lock}
	err = turnedAway(fsys, dir)
	if err == nil {
		err = f.identify(o)
	}
	if err != nil {
		lock.Close()
		return nil, err
	}
	return f, nil
}

// identify reads node.json or writes it, and makes sure that it will stay.
func (f *Folder) identify(o Options) error {
	node, err := readNode(f.fs, f.dir)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		if err := f.create(o); err != nil {
			return err
		}
	case err != nil:
		return err
	default:
		f.node = node
		if err := probe(f.fs, f.dir); err != nil {
			return err
		}
	}
	// Also when the file was there: a process that was killed between rename and
	// sync leaves a name that only the page cache knows.
	if err := f.fs.SyncDir(f.dir); err != nil {
		return writeError(f.dir, err)
	}
	return nil
}

func (f *Folder) create(o Options) error {
	for _, name := range []string{"log", "snapshots", "segments"} {
		if _, err := f.fs.Stat(filepath.Join(f.dir, name)); err == nil {
			return damaged(f.dir, "there is %s but no %s", name, nodeFile)
		}
	}
	id, cluster, err := o.Identity()
	if err != nil {
		return &FolderError{Dir: f.dir, Cause: fmt.Errorf("draw ids: %w", err)}
	}
	f.node = Node{ID: id, ClusterID: cluster, Created: o.Now.UTC().Truncate(time.Second), Partitions: max(o.Partitions, 1)}
	f.created = true
	return writeNode(f.fs, f.dir, f.node)
}

// probe finds out at the start, and not in the middle of an append, that no file
// can be created. The name is that of an unfinished node.json, so that a crash
// right here leaves nothing new behind.
func probe(fsys vfs.FS, dir string) error {
	path := filepath.Join(dir, nodeTemp)
	f, err := fsys.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return writeError(dir, err)
	}
	if err := errors.Join(f.Close(), fsys.Remove(path)); err != nil {
		return writeError(dir, err)
	}
	return nil
}

// FS is the file system of the folder.
func (f *Folder) FS() vfs.FS { return f.fs }

// Dir is the folder itself, as it was given.
func (f *Folder) Dir() string { return f.dir }

// LogDir is where storage/log works.
func (f *Folder) LogDir() string { return filepath.Join(f.dir, "log") }

// Node tells who the node is.
func (f *Folder) Node() Node { return f.node }

// Created tells whether this Open made the node.
func (f *Folder) Created() bool { return f.created }

// Close gives the lock back. Nothing in the folder may be used afterwards.
func (f *Folder) Close() error {
	err := ErrClosed
	f.closeOnce.Do(func() {
		err = nil
		if f.lock != nil {
			err = f.lock.Close()
		}
	})
	return err
}
