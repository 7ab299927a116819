package log

import (
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	"strconv"
	"time"
)

// GroupID names a Raft group of the node.
type GroupID uint32

func (g GroupID) String() string { return strconv.FormatUint(uint64(g), 10) }

// SegmentNum numbers the segments of a folder; it only grows.
type SegmentNum uint64

// String is the number as it stands in file names.
func (n SegmentNum) String() string { return fmt.Sprintf("%06d", uint64(n)) }

// Entry is a log entry of a Raft group.
type Entry struct {
	Index, Term uint64
	Type        uint8
	Data        []byte
	Extensions  []byte // below 16 MiB
	AppendedAt  int64  // unix ns, the leader's
}

// State is a group's term and vote.
type State struct {
	Term, VoteTerm uint64
	VoteFor        []byte
}

func (s State) equal(o State) bool {
	return s.Term == o.Term && s.VoteTerm == o.VoteTerm && bytes.Equal(s.VoteFor, o.VoteFor)
}

// SyncMode says when entries are synced. Terms and votes always are, at once.
type SyncMode uint8

const (
	SyncAlways   SyncMode = iota // Append returns when the entries are on disk
	SyncEverySec                 // Run syncs every second
	SyncNone                     // the kernel decides; a full segment is synced all the same
)

func (m SyncMode) String() string {
	switch m {
	case SyncAlways:
		return "always"
	case SyncEverySec:
		return "everysec"
	case SyncNone:
		return "no"
	}
	return fmt.Sprintf("SyncMode(%d)", uint8(m))
}

// Defaults and bounds of Options.
const (
	DefaultSegmentBytes = 64 << 20
	MinSegmentBytes     = 16 << 10
	DefaultCacheBytes   = 4 << 20
)

// Options of Open. The zero value is good.
type Options struct {
	SegmentBytes int64        // size of a segment; 0: DefaultSegmentBytes; rounded up to whole pages
	Sync         SyncMode     //
	CacheBytes   int64        // newest entries of each group kept in memory; 0: DefaultCacheBytes; below 0: none
	Logger       *slog.Logger // nil: discard
	// Fatal is called once, with the error that ended the log: a write or a
	// sync that failed. It must not call into the log.
	Fatal func(error)
	// Wrote and Synced are told how long each write and each sync took; nil: nobody
	// is. They must not call into the log.
	Wrote, Synced func(time.Duration)
	// Retry is the pause before another try to make a spare segment; 0: a second.
	Retry time.Duration
}

// Errors. ErrFailed and ErrClosed are returned by every method that writes.
var (
	// ErrFailed: a write or sync failed earlier; what is on disk is unknown
	// and nothing is acknowledged any more. The cause is wrapped with it.
	ErrFailed = errors.New("log failed")
	// ErrClosed: Close was called.
	ErrClosed = errors.New("log closed")
	// ErrNotFound: Entry was asked for an index that the group does not hold.
	ErrNotFound = errors.New("log entry not found")
	// ErrOrder: the entries of Append do not follow the group's last one, or
	// Reset was given no index. Nothing was written.
	ErrOrder = errors.New("index out of order")
	// ErrNoSpace: no segment could be had. Nothing was written, the log lives on.
	ErrNoSpace = errors.New("no space for a log segment")
	// ErrTooLarge: an entry's data or extensions exceed what a frame can carry.
	ErrTooLarge = errors.New("log entry too large")
)

// DamageError says that the log holds bytes that were once synced and are not
// valid any more, or that a file of it is missing. Open and Inspect return it.
type DamageError struct {
	Path   string
	Offset int64
	Reason string
}

func (e *DamageError) Error() string {
	return fmt.Sprintf("log damaged: %s at offset %d: %s", e.Path, e.Offset, e.Reason)
}

// VersionError says that a segment was written by a newer Millrace.
type VersionError struct {
	Path    string
	Version uint32
}

func (e *VersionError) Error() string {
	return fmt.Sprintf("log segment %s has format version %d, this program knows %d", e.Path, e.Version, formatVersion)
}
