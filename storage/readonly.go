package storage

import (
	"errors"
	"io/fs"
	"path/filepath"

	"github.com/millrace-io/millrace/storage/vfs"
)

// ReadOptions are for commands that look at a folder.
type ReadOptions struct {
	// WhileRunning goes on when a server holds the folder. What it is just writing
	// then looks torn, and files may go away.
	WhileRunning bool
}

// OpenReadOnly opens dir for commands that only look, and changes nothing. While
// it is open no server can start on the folder, and several readers can. A
// node.json that is damaged or missing does not keep it from opening, as looking
// at damage is what it is for: see NodeErr. All errors are *FolderError.
func OpenReadOnly(fsys vfs.FS, dir string, o ReadOptions) (*Folder, error) {
	if err := holdsData(fsys, dir); err != nil {
		return nil, err
	}
	f := &Folder{fs: fsys, dir: dir}
	if err := f.lockShared(o); err != nil {
		return nil, err
	}
	f.node, f.nodeErr = readNode(fsys, dir)
	if errors.Is(f.nodeErr, fs.ErrNotExist) {
		f.nodeErr = damaged(dir, "there is no %s", nodeFile)
	}
	if errors.Is(f.nodeErr, ErrNewerFormat) { // everything else may be different too
		f.Close()
		return nil, f.nodeErr
	}
	return f, nil
}

// holdsData wants at least one of the things that are only in a data folder, so
// that a mistyped --dir does not read as an empty log.
func holdsData(fsys vfs.FS, dir string) error {
	st, err := fsys.Stat(dir)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return &FolderError{Dir: dir, Kind: ErrNoData, Cause: err, Advice: adviceData}
	case err != nil:
		return &FolderError{Dir: dir, Cause: err}
	case !st.IsDir():
		return &FolderError{Dir: dir, Kind: ErrNotFolder, Advice: adviceData}
	}
	for _, name := range []string{nodeFile, "log", "snapshots"} {
		if _, err := fsys.Stat(filepath.Join(dir, name)); err == nil {
			return nil
		}
	}
	return &FolderError{Dir: dir, Kind: ErrNoData, Advice: adviceData}
}

// lockShared takes the lock if there is one to take: a copy of a folder may have
// no LOCK, and a platform no locks.
func (f *Folder) lockShared(o ReadOptions) error {
	lock, err := f.fs.LockShared(filepath.Join(f.dir, lockFile))
	switch {
	case err == nil:
		f.lock = lock
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, errors.ErrUnsupported):
	case !errors.Is(err, vfs.ErrLocked):
		return &FolderError{Dir: f.dir, Cause: err}
	case !o.WhileRunning:
		return &FolderError{Dir: f.dir, Kind: ErrInUse, Advice: adviceRead}
	default:
		f.running = true
	}
	return nil
}

// Running tells whether a server held the folder when it was opened for reading.
func (f *Folder) Running() bool { return f.running }

// NodeErr tells what is wrong with node.json of a folder opened for reading; nil
// when Node is right.
func (f *Folder) NodeErr() error { return f.nodeErr }
