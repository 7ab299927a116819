package storage

import (
	"errors"
	"io/fs"
	"path/filepath"

	"github.com/millrace-io/millrace/storage/vfs"
)

// makeFolder makes dir and what is missing above it, one level after the other,
// each synced before the next: what exists above the last level is durable at
// any moment. The last level found may be left by a process that was killed
// before its sync, so it is synced again while the folder is new.
func makeFolder(fsys vfs.FS, dir string) error {
	missing, found, err := missingLevels(fsys, dir)
	if err != nil {
		return err
	}
	if len(missing) == 0 {
		if _, err := fsys.Stat(filepath.Join(dir, nodeFile)); err == nil {
			return nil // written after these syncs
		}
	}
	// Who may not read the folder around the last level has not made that level.
	if err := fsys.SyncDir(filepath.Dir(found)); err != nil && !errors.Is(err, fs.ErrPermission) {
		return writeError(dir, err)
	}
	for _, level := range missing {
		if err := fsys.MkdirAll(level, 0o700); err != nil {
			return writeError(dir, err)
		}
		if err := fsys.SyncDir(filepath.Dir(level)); err != nil {
			return writeError(dir, err)
		}
	}
	return nil
}

// missingLevels returns the folders to make, outermost first, and the one that
// exists around them.
func missingLevels(fsys vfs.FS, dir string) (missing []string, found string, err error) {
	for at := filepath.Clean(dir); ; at = filepath.Dir(at) {
		st, err := fsys.Stat(at)
		switch {
		case err == nil && !st.IsDir():
			return nil, "", &FolderError{Dir: dir, Kind: ErrNotFolder, Advice: adviceDir, Cause: notAbove(dir, at)}
		case err == nil:
			return missing, at, nil
		case !errors.Is(err, fs.ErrNotExist) || at == filepath.Dir(at):
			return nil, "", writeError(dir, err)
		}
		missing = append([]string{at}, missing...)
	}
}

// notAbove names the file that stands in the way when it is not dir itself.
func notAbove(dir, at string) error {
	if at == filepath.Clean(dir) {
		return nil
	}
	return errors.New(at + " is a file")
}
