package log

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/millrace-io/millrace/internal/broken"
	"github.com/millrace-io/millrace/storage/vfs"
)

// fillStep is written and synced at once when a spare is filled: the log's own
// syncs must not wait behind 64 MiB of zeros.
const fillStep = 256 << 10

// fillPause is what the log has the disk to itself for between two steps, as long as the
// spare is filled twice as far as the segment in use: the log's own syncs take twice as
// long beside one (measured: 250 us instead of 146).
const fillPause = 20 * time.Millisecond

// spare is the segment file that the writer takes next, under a name of its own.
// It exists before it is needed, so that a full disk is met here and not in the
// middle of an append; and its blocks are written before they are needed, for a
// sync over such blocks takes half the time.
type spare struct {
	mu   sync.Mutex // covers what follows and each step of filling
	f    vfs.File   // nil: none
	size int64
	want chan struct{} // capacity 1, never closed: wakes runSpares

	// err says why none can be made; set with mu held, read without: who asks
	// before every write must not wait for a step of filling.
	err atomic.Pointer[error]
}

func (s *spare) ready() (size int64, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.size, s.f != nil
}

func (s *spare) close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.f == nil {
		return nil
	}
	f := s.f
	s.f = nil
	return f.Close()
}

// SpaceErr is not nil while no spare segment can be made: writes should be
// refused then, for what is left of the current segment is for votes and for
// what frees space. It is tried again all the time.
func (l *Log) SpaceErr() error {
	if err := l.spare.err.Load(); err != nil {
		return *err
	}
	return nil
}

// RoomFor tells whether an entry with n bytes of data and extensions can be
// appended: an entry larger than a segment needs a file of its own, which no
// spare stands for.
func (l *Log) RoomFor(n int64) error {
	if err := l.SpaceErr(); err != nil {
		return err
	}
	n += headerSize + entryHeadSize + l.reserve() + pageSize
	if n <= l.o.SegmentBytes {
		return nil
	}
	free, err := l.fs.FreeBytes(l.dir)
	if err != nil {
		return fmt.Errorf("%w in %s: %w", ErrNoSpace, l.dir, err)
	}
	if free < n+l.o.SegmentBytes {
		return fmt.Errorf("%w in %s: %d bytes needed, %d free", ErrNoSpace, l.dir, n, free)
	}
	return nil
}

func sparePath(dir string) string { return filepath.Join(dir, spareName) }

// runSpares makes a spare whenever there is none.
func (l *Log) runSpares(ctx context.Context) {
	for {
		err := l.makeSpare(ctx)
		if errors.Is(err, ErrFailed) {
			return
		}
		if err == nil {
			select {
			case <-ctx.Done():
				return
			case <-l.spare.want:
			}
			continue
		}
		retry := time.NewTimer(l.o.Retry)
		select {
		case <-ctx.Done():
			retry.Stop()
			return
		case <-retry.C:
		}
	}
}

// makeSpare allocates a spare, which may be taken from then on, and fills it
// with zeros until it is taken.
func (l *Log) makeSpare(ctx context.Context) error {
	f, err := l.allocateSpare()
	if f == nil {
		return err
	}
	zeros := make([]byte, fillStep) // so large a slice begins at a page
	began := l.stats.bytes.Load()
	for off := int64(0); off < l.o.SegmentBytes && ctx.Err() == nil; off += fillStep {
		if used := l.stats.bytes.Load() - began; uint64(off) >= 2*used {
			l.pauseFilling(ctx)
		}
		taken, err := l.fill(f, zeros, off)
		if err != nil && !errors.Is(err, ErrNoSpace) {
			return l.fail(err) // as for a sync of the log itself: a disk that fails is not a full one
		}
		if taken || err != nil {
			return err
		}
	}
	return nil
}

func (l *Log) pauseFilling(ctx context.Context) {
	pause := time.NewTimer(fillPause)
	defer pause.Stop()
	select {
	case <-ctx.Done():
	case <-l.spare.want: // it was taken; fill says so
		wake(l.spare.want)
	case <-pause.C:
	}
}

// allocateSpare returns nil, nil when there is a spare.
func (l *Log) allocateSpare() (vfs.File, error) {
	s := &l.spare
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.f != nil {
		return nil, nil
	}
	f, err := l.createSegment(sparePath(l.dir), l.o.SegmentBytes)
	if err != nil {
		l.noSpareLocked(err)
		return nil, err
	}
	l.putSpareLocked(f)
	return f, nil
}

func (l *Log) putSpareLocked(f vfs.File) {
	l.spare.f, l.spare.size = f, l.o.SegmentBytes
	if l.spare.err.Swap(nil) != nil {
		l.logger.Info("spare log segment made, writes go on", "path", l.dir)
	}
}

func (l *Log) noSpareLocked(err error) {
	if l.spare.err.Swap(&err) == nil {
		l.logger.Warn("no spare log segment, writes are refused", "path", l.dir, "err", err)
	}
}

// fill writes one step of zeros, if f is still the spare.
func (l *Log) fill(f vfs.File, zeros []byte, off int64) (taken bool, err error) {
	s := &l.spare
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.f != f {
		return true, nil
	}
	if _, err = f.WriteSync(zeros[:min(fillStep, s.size-off)], off); err == nil {
		return false, nil
	}
	// The blocks are of unknown fate: not a file to write the log to.
	s.f = nil
	full := errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT)
	err = errors.Join(fmt.Errorf("fill %s in %s: %w", spareName, l.dir, err), f.Close(), l.fs.Remove(sparePath(l.dir)))
	if full { // allocated, and yet not to be had
		err = fmt.Errorf("%w: %w", ErrNoSpace, err)
		l.noSpareLocked(err)
	}
	return false, err
}

// createSegment creates a file with real blocks behind it, or none.
func (l *Log) createSegment(path string, size int64) (vfs.File, error) {
	f, err := l.fs.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return nil, fmt.Errorf("%w in %s: %w", ErrNoSpace, l.dir, err)
	}
	if err := f.Allocate(0, size); err != nil {
		return nil, errors.Join(fmt.Errorf("%w in %s: %w", ErrNoSpace, l.dir, err), f.Close(), l.fs.Remove(path))
	}
	return f, nil
}

// newSegment returns segment n with at least the given size: the spare, or a file
// made now. ErrNoSpace: there is none, and nothing has changed.
func (l *Log) newSegment(n SegmentNum, least int64) (*segment, error) {
	seg := &segment{life: newLife(n), path: segmentPath(l.dir, n), top: make(map[GroupID]uint64)}
	var err error
	if least <= l.o.SegmentBytes {
		if seg.f, seg.size, err = l.takeSpare(seg.path); err != nil {
			return nil, err
		}
	}
	if seg.f == nil {
		seg.size = max(least, l.o.SegmentBytes)
		if seg.f, err = l.createSegment(seg.path, seg.size); err != nil {
			l.noteNoSpace(err)
			return nil, err
		}
	}
	if broken.Is(broken.SkipFolderSync) {
		return seg, nil
	}
	// The name must be there before anything in the file is acknowledged.
	if err := l.fs.SyncDir(l.dir); err != nil {
		return nil, errors.Join(fmt.Errorf("sync folder %s: %w", l.dir, err), seg.f.Close())
	}
	return seg, nil
}

func (l *Log) noteNoSpace(err error) {
	l.spare.mu.Lock()
	defer l.spare.mu.Unlock()
	if l.spare.f == nil {
		l.noSpareLocked(err)
	}
}

// takeSpare moves the spare to path; a nil file when there is none.
func (l *Log) takeSpare(path string) (vfs.File, int64, error) {
	s := &l.spare
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.f == nil {
		return nil, 0, nil
	}
	if err := l.fs.Rename(sparePath(l.dir), path); err != nil {
		return nil, 0, fmt.Errorf("%w in %s: %w", ErrNoSpace, l.dir, err)
	}
	f := s.f
	s.f = nil
	wake(s.want)
	return f, s.size, nil
}

// findSpare takes over the spare that an earlier run left, if it is of use.
func (l *Log) findSpare() error {
	f, err := l.fs.OpenFile(sparePath(l.dir), os.O_RDWR, 0)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("open spare log segment: %w", err)
	}
	size, err := f.Size()
	if err != nil {
		return errors.Join(fmt.Errorf("open spare log segment: %w", err), f.Close())
	}
	if size != l.o.SegmentBytes {
		return errors.Join(f.Close(), l.fs.Remove(sparePath(l.dir)))
	}
	l.putSpareLocked(f)
	return nil
}
