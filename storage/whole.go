package storage

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/millrace-io/millrace/storage/vfs"
)

const tempSuffix = ".tmp"

// WriteWhole makes a small file of the folder have this content, or, should anything go
// wrong or the machine stop, keep what it had. It is durable on return.
func (f *Folder) WriteWhole(name string, b []byte) error {
	if err := replaceFile(f.fs, f.dir, name, b); err != nil {
		return err
	}
	if err := f.fs.SyncDir(f.dir); err != nil {
		return writeError(f.dir, err)
	}
	return nil
}

// replaceFile writes a file beside the old one and puts it in its place. The caller
// syncs the folder.
func replaceFile(fsys vfs.FS, dir, name string, b []byte) error {
	temp := filepath.Join(dir, name+tempSuffix)
	if err := writeFile(fsys, temp, b); err != nil {
		return writeError(dir, errors.Join(err, ignoreMissing(fsys.Remove(temp))))
	}
	if err := fsys.Rename(temp, filepath.Join(dir, name)); err != nil {
		return writeError(dir, err)
	}
	return nil
}

func writeFile(fsys vfs.FS, path string, b []byte) error {
	f, err := fsys.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	_, err = f.WriteAt(b, 0)
	if err == nil {
		err = f.Sync()
	}
	return errors.Join(err, f.Close())
}

func ignoreMissing(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}
