package storage

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/millrace-io/millrace/storage/vfs"
)

// bootFile holds the number of the last start, in decimal digits and a newline.
const bootFile = "boot"

// NextBoot numbers this start of the node: higher than that of any start before, on disk
// on return. What a process has sent to others is told by it from what its successor
// sends, even when it comes late.
func (f *Folder) NextBoot() (uint64, error) {
	last, err := readBoot(f.fs, f.dir)
	if err != nil {
		return 0, err
	}
	boot := last + 1
	return boot, f.WriteWhole(bootFile, strconv.AppendUint(nil, boot, 10))
}

func readBoot(fsys vfs.FS, dir string) (uint64, error) {
	file, err := fsys.OpenFile(filepath.Join(dir, bootFile), os.O_RDONLY, 0)
	if errors.Is(err, fs.ErrNotExist) {
		return 0, nil
	}
	if err != nil {
		return 0, &FolderError{Dir: dir, Cause: err}
	}
	defer file.Close()
	b, err := io.ReadAll(io.NewSectionReader(file, 0, 32))
	if err != nil {
		return 0, &FolderError{Dir: dir, Cause: err}
	}
	boot, err := strconv.ParseUint(strings.TrimSpace(string(b)), 10, 64)
	if err != nil {
		return 0, damaged(dir, "%s holds no number: %w", bootFile, err)
	}
	return boot, nil
}
