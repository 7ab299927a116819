package snapshot

import (
	"errors"
	"fmt"
)

var (
	// ErrNotFound is returned for an id that no file has.
	ErrNotFound = errors.New("no such snapshot")
	// ErrClosed is returned by a Writer after Commit or Abort, by a Reader after
	// Close.
	ErrClosed = errors.New("snapshot is closed")
	// ErrNewerFormat is what a file written by a newer Millrace is to this one: it
	// is neither used nor removed.
	ErrNewerFormat = errors.New("snapshot has a newer format: start the Millrace version that wrote it, or a later one")
	// ErrMixed is returned by a Writer that was given sections and raw bytes.
	ErrMixed = errors.New("sections and raw bytes in one snapshot")
	// ErrReadOnly is returned by a Store of OpenReadOnly that is asked to write.
	ErrReadOnly = errors.New("snapshots are opened for reading only")
	// ErrTooLarge is returned for a configuration that its length field cannot hold.
	ErrTooLarge = errors.New("configuration is too large")
)

// CorruptionError tells where a snapshot is damaged.
type CorruptionError struct {
	Path   string
	Offset int64 // of the header, section or trailer that is not as it was written
	Reason string
}

func (e *CorruptionError) Error() string {
	return fmt.Sprintf("snapshot %s is damaged at offset %d: %s", e.Path, e.Offset, e.Reason)
}
