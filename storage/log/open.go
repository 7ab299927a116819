package log

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/millrace-io/millrace/storage/vfs"
)

// Open opens the log in dir, which it creates if need be. When it returns, all
// that it found is on disk for certain, and a new segment is begun. *DamageError:
// the log is not whole, nothing was changed.
func Open(fs vfs.FS, dir string, o Options) (*Log, error) {
	if err := o.complete(); err != nil {
		return nil, err
	}
	l := newLog(fs, dir, o)
	if err := l.makeDir(); err != nil {
		return nil, err
	}
	files, err := openSegments(fs, dir, os.O_RDWR)
	if err != nil {
		return nil, err
	}
	r := newReplay()
	end, err := walk(files, r.frame)
	if err == nil {
		err = r.complete()
	}
	if err != nil {
		return nil, errors.Join(err, closeAll(files))
	}
	l.adopt(files, r)
	if err := l.start(end); err != nil {
		return nil, errors.Join(err, l.closeFiles())
	}
	return l, nil
}

// complete fills in the defaults.
func (o *Options) complete() error {
	if o.SegmentBytes == 0 {
		o.SegmentBytes = DefaultSegmentBytes
	}
	if o.SegmentBytes < MinSegmentBytes || o.SegmentBytes > 1<<34 {
		return fmt.Errorf("log segments of %d bytes: not between %d and %d", o.SegmentBytes, MinSegmentBytes, int64(1)<<34)
	}
	o.SegmentBytes = alignPage(o.SegmentBytes)
	if o.CacheBytes == 0 {
		o.CacheBytes = DefaultCacheBytes
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.Retry <= 0 {
		o.Retry = time.Second
	}
	return nil
}

func newLog(fs vfs.FS, dir string, o Options) *Log {
	l := &Log{fs: fs, dir: dir, o: o, logger: o.Logger, idle: newIdleState(), groups: make(map[GroupID]*Group)}
	l.mode.Store(uint32(o.Sync))
	l.turn = sync.NewCond(&l.mu)
	l.writer = writer{log: l, staged: make(map[GroupID]*groupState)}
	l.spare.want = make(chan struct{}, 1)
	return l
}

// makeDir creates the folder, with a durable name.
func (l *Log) makeDir() error {
	if err := l.fs.MkdirAll(l.dir, 0o700); err != nil {
		return fmt.Errorf("create log folder: %w", err)
	}
	parent := filepath.Dir(filepath.Clean(l.dir))
	if err := l.fs.SyncDir(parent); err != nil {
		return fmt.Errorf("sync folder %s: %w", parent, err)
	}
	return nil
}

// adopt takes over what a replay found. Files that were never begun stay out.
func (l *Log) adopt(files []*segmentFile, r *replay) {
	for _, f := range files {
		if f.head == nil {
			_ = f.f.Close() // removed before it is looked at again
			continue
		}
		l.segs = append(l.segs, &segment{life: f.life, path: f.path, size: f.size, f: f.f, top: r.tops[f.number]})
	}
	for id, found := range r.groups {
		state := found.groupState
		l.writer.staged[id] = &state
		g := newGroup(l, id)
		g.groupState, g.index = found.groupState, found.index
		g.cache.clear(found.last + 1)
		l.groups[id] = g
	}
}

// start makes what was found durable and begins a new segment behind it: none
// that was found is ever appended to.
func (l *Log) start(end logEnd) error {
	if err := l.harden(end); err != nil {
		return err
	}
	for _, path := range end.stray {
		if err := l.fs.Remove(path); err != nil {
			return fmt.Errorf("remove unused log segment: %w", err)
		}
	}
	if err := l.findSpare(); err != nil {
		return err
	}
	if err := l.begin(end); err != nil {
		return err
	}
	return l.shorten(end)
}

// harden writes the bytes behind the last known synced offset again and syncs
// them. After kill -9 they may be in the page cache only, after a failed sync
// they may even look clean there and be lost.
func (l *Log) harden(end logEnd) error {
	if end.file == nil || end.end <= end.synced {
		return nil
	}
	seg := l.segs[len(l.segs)-1]
	from := end.synced &^ (pageSize - 1)
	b := make([]byte, min(readWindow, alignPage(end.end)-from))
	for from < end.end {
		n := int(min(int64(len(b)), end.end-from))
		got, err := seg.f.ReadAt(b[:n], from)
		if errors.Is(err, io.EOF) && n-got < frameAlign {
			// The file ends in the padding of its last frame, which was torn.
			clear(b[got:n])
			err = nil
		}
		if err != nil {
			return fmt.Errorf("read log segment %s at %d: %w", seg.path, from, err)
		}
		// Whole pages, with zeros behind the end, as far as the file reaches.
		whole := max(n, int(min(alignPage(int64(n)), seg.size-from)))
		clear(b[n:whole])
		if err := seg.writeV([][]byte{b[:whole]}, from); err != nil {
			return err
		}
		from += int64(n)
	}
	l.stats.syncs.Add(1)
	return seg.dataSync()
}

// begin starts the first segment of this run.
func (l *Log) begin(end logEnd) error {
	n := SegmentNum(1)
	if end.file != nil {
		n = end.file.number + 1
	}
	w := &l.writer
	first := alignFrame(headerSize + int64(len(w.firstBody(0))))
	seg, err := l.newSegment(n, alignPage(first+l.reserve()))
	if err != nil {
		return err
	}
	w.begin(seg, end.end)
	w.flush(true)
	l.idle.last = time.Now()
	return w.failed
}

// shorten gives back what the last segment of the run before did not use, and
// with it a torn tail. The new first frame, already synced, says where that
// segment ends; so this need not be synced.
func (l *Log) shorten(end logEnd) error {
	if end.file == nil {
		return nil
	}
	if end.torn > 0 {
		l.logger.Warn("cut torn tail", "path", end.file.path, "offset", end.end, "dropped", end.torn)
	}
	seg := l.segs[len(l.segs)-2]
	if seg.size <= end.end {
		return nil
	}
	if err := seg.f.Truncate(end.end); err != nil {
		return fmt.Errorf("shorten log segment %s: %w", seg.path, err)
	}
	seg.size = end.end
	return nil
}
