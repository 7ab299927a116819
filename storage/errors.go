package storage

import (
	"errors"
	"fmt"
	"io/fs"
	"syscall"
)

// What can be wrong with a data folder. Open and OpenReadOnly return them in a
// *FolderError, which says more.
var (
	// ErrInUse: another process holds the lock.
	ErrInUse = errors.New("is in use by another process")
	// ErrNewerFormat: a newer Millrace wrote it.
	ErrNewerFormat = errors.New("has a newer format")
	// ErrDamaged: node.json is not what was written, or is gone.
	ErrDamaged = errors.New("is damaged")
	// ErrNotFolder: there is something else under this name.
	ErrNotFolder = errors.New("is not a folder")
	// ErrNotWritable: this user may not write there, or nobody may.
	ErrNotWritable = errors.New("cannot be written")
	// ErrTurnedAway: TurnAway was called for it.
	ErrTurnedAway = errors.New("was turned away by its cluster as a copy or an old state")
	// ErrNoData: OpenReadOnly found no folder, or one without Millrace's files.
	ErrNoData = errors.New("holds no Millrace data")

	// ErrClosed is returned by Close of a closed Folder.
	ErrClosed = errors.New("data folder is closed")
)

// FolderError is one line for the operator: which folder, what is wrong, what to
// do about it.
type FolderError struct {
	Dir    string
	Kind   error  // one of the above, or nil when none fits
	Cause  error  // may be nil
	Advice string // may be empty
}

func (e *FolderError) Error() string {
	s := "data folder " + e.Dir
	if e.Kind != nil {
		s += " " + e.Kind.Error()
	}
	if e.Cause != nil {
		s += ": " + e.Cause.Error()
	}
	if e.Advice != "" {
		s += "; " + e.Advice
	}
	return s
}

func (e *FolderError) Unwrap() []error {
	var errs []error
	for _, err := range []error{e.Kind, e.Cause} {
		if err != nil {
			errs = append(errs, err)
		}
	}
	return errs
}

const (
	adviceInUse      = "stop that process (a server, or a command that reads the folder), or choose another folder with --dir"
	adviceRead       = "stop the server first, or read while it runs and take what is being written for torn"
	adviceNewer      = "start the Millrace version that wrote it, or a later one"
	adviceWrite      = "make it writable for the user that runs Millrace, or choose another folder with --dir"
	adviceNode       = "put node.json back from a backup of this node; do not copy that of another node"
	adviceDir        = "choose another folder with --dir"
	adviceData       = "check --dir"
	adviceTurnedAway = "never start this folder again: keep the other one; with an empty folder and join this machine becomes a new node"
	adviceFull       = "make room on that disk, or choose another folder with --dir"
)

// writeError sorts an error of creating or writing something in dir.
func writeError(dir string, err error) error {
	e := &FolderError{Dir: dir, Cause: err}
	switch {
	case errors.Is(err, fs.ErrPermission), errors.Is(err, syscall.EROFS):
		e.Kind, e.Advice = ErrNotWritable, adviceWrite
	case errors.Is(err, syscall.ENOTDIR), errors.Is(err, fs.ErrExist):
		e.Kind, e.Advice = ErrNotFolder, adviceDir
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT):
		e.Kind, e.Advice = ErrNotWritable, adviceFull
	default:
		e.Advice = adviceDir
	}
	return e
}

func damaged(dir, format string, args ...any) error {
	return &FolderError{Dir: dir, Kind: ErrDamaged, Cause: fmt.Errorf(format, args...), Advice: adviceNode}
}
