package storage

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/millrace-io/millrace/storage/vfs"
)

const (
	// turnedAwayFile says why the folder must never be started again.
	turnedAwayFile = "turned-away"
	// turnedAwayMax bounds what is shown of it.
	turnedAwayMax = 1 << 10
)

// TurnAway has every later Open of the folder fail with ErrTurnedAway. Whoever starts it again
// and again would otherwise be let in by the others one day: when the process that they know is down.
func (f *Folder) TurnAway(reason string) error {
	return f.WriteWhole(turnedAwayFile, []byte(reason+"\n"))
}

// turnedAway is ErrTurnedAway when TurnAway was called for the folder, or for the one that it
// is a copy of.
func turnedAway(fsys vfs.FS, dir string) error {
	file, err := fsys.OpenFile(filepath.Join(dir, turnedAwayFile), os.O_RDONLY, 0)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return &FolderError{Dir: dir, Cause: err}
	}
	defer file.Close()
	b, err := io.ReadAll(io.NewSectionReader(file, 0, turnedAwayMax))
	if err != nil {
		return &FolderError{Dir: dir, Cause: err}
	}
	e := &FolderError{Dir: dir, Kind: ErrTurnedAway, Advice: adviceTurnedAway}
	if reason := strings.Join(strings.Fields(string(b)), " "); reason != "" { // the file alone is enough
		e.Cause = errors.New(reason)
	}
	return e
}
