package log

import "fmt"

// Collect gives up the oldest segments: those in which every group's entries lie
// below keep(group) and below the group's first index. It recycles one as the
// spare if there is none, and deletes the others.
//
// The oldest goes first and its folder entry is synced before the next: a crash
// leaves no gap.
func (l *Log) Collect(keep func(GroupID) uint64) error {
	l.collect.Lock()
	defer l.collect.Unlock()
	n := l.collectable(keep)
	if n == 0 {
		return l.endedErr()
	}
	// Marks, votes and the newest first frame must be on disk before what they
	// stand for is deleted.
	if err := l.Sync(); err != nil {
		return err
	}
	for range n {
		if err := l.dropOldest(); err != nil {
			return err
		}
	}
	return nil
}

// collectable counts the segments at the front that nobody needs.
func (l *Log) collectable(keep func(GroupID) uint64) int {
	below := make(map[GroupID]uint64)
	for _, g := range l.Groups() {
		g.mu.RLock()
		below[g.id] = g.first
		g.mu.RUnlock()
	}
	for id, first := range below {
		below[id] = min(first, keep(id))
	}
	l.segMu.RLock()
	defer l.segMu.RUnlock()
	for n, seg := range l.segs {
		if n == len(l.segs)-1 || !seg.allBelow(below) {
			return n
		}
	}
	return 0
}

// BytesPinned is the size of the segments that can't be given up while a group needs
// all behind index upto: from the oldest one with such an entry to the one before the
// last.
func (l *Log) BytesPinned(id GroupID, upto uint64) (bytes int64) {
	l.segMu.RLock()
	defer l.segMu.RUnlock()
	pins := false
	for _, seg := range l.segs[:max(len(l.segs)-1, 0)] {
		if pins = pins || seg.top[id] > upto; pins {
			bytes += seg.size
		}
	}
	return bytes
}

func (s *segment) allBelow(below map[GroupID]uint64) bool {
	for id, top := range s.top {
		if top >= below[id] {
			return false
		}
	}
	return true
}

// dropOldest gives up the oldest segment.
func (l *Log) dropOldest() error {
	l.segMu.RLock()
	seg := l.segs[0]
	l.segMu.RUnlock()
	for _, g := range l.Groups() {
		g.mu.Lock()
		g.index.dropSegment(seg.life.number)
		g.mu.Unlock()
	}
	seg.retire()
	if err := l.recycleOrRemove(seg); err != nil {
		return err
	}
	l.segMu.Lock()
	l.segs = l.segs[1:]
	l.segMu.Unlock()
	if err := l.fs.SyncDir(l.dir); err != nil {
		return l.fail(fmt.Errorf("sync folder %s: %w", l.dir, err))
	}
	return nil
}

// recycleOrRemove takes the segment's name away. A file of another size (an
// oversized frame, the shortened last file of an earlier run) is not recycled.
func (l *Log) recycleOrRemove(seg *segment) error {
	l.spare.mu.Lock()
	defer l.spare.mu.Unlock()
	if l.spare.f == nil && seg.size == l.o.SegmentBytes {
		if err := l.fs.Rename(seg.path, sparePath(l.dir)); err != nil {
			return fmt.Errorf("recycle log segment: %w", err)
		}
		l.putSpareLocked(seg.f)
		return nil
	}
	if err := l.fs.Remove(seg.path); err != nil {
		return fmt.Errorf("remove log segment: %w", err)
	}
	if err := seg.f.Close(); err != nil {
		return fmt.Errorf("close removed log segment: %w", err)
	}
	return nil
}
