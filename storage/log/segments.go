package log

import "fmt"

// maxReserve bounds the part of a segment that entries do not fill.
const maxReserve = 64 << 10

// reserve is what entries leave free at the end of a segment, for votes,
// truncations and marks.
func (l *Log) reserve() int64 { return min(maxReserve, l.o.SegmentBytes/8) &^ (frameAlign - 1) }

// addSegment makes seg the active segment.
func (l *Log) addSegment(seg *segment) {
	l.segMu.Lock()
	defer l.segMu.Unlock()
	l.segs = append(l.segs, seg)
}

// raiseTop notes, before a reader can see them, that seg holds entries of the
// group up to index top.
func (l *Log) raiseTop(seg *segment, id GroupID, top uint64) {
	l.segMu.Lock()
	defer l.segMu.Unlock()
	seg.top[id] = max(seg.top[id], top)
}

// lowerTop notes that no entry of the group behind top is needed any more,
// wherever it lies.
func (l *Log) lowerTop(id GroupID, top uint64) {
	l.segMu.Lock()
	defer l.segMu.Unlock()
	for _, seg := range l.segs {
		switch {
		case top == 0:
			delete(seg.top, id)
		case seg.top[id] > top:
			seg.top[id] = top
		}
	}
}

// segment returns segment n, nil when it is gone.
func (l *Log) segment(n SegmentNum) *segment {
	l.segMu.RLock()
	defer l.segMu.RUnlock()
	if len(l.segs) == 0 {
		return nil
	}
	first := l.segs[0].life.number
	if n < first || n >= first+SegmentNum(len(l.segs)) {
		return nil
	}
	return l.segs[n-first]
}

// readEntries reads the entries of the frame at p.
func (l *Log) readEntries(id GroupID, p place) ([]Entry, error) {
	seg := l.segment(p.segment())
	if seg == nil {
		return nil, errGone
	}
	f, err := seg.readFrame(p.offset())
	if err != nil {
		return nil, err
	}
	if f.kind != KindEntries || f.group != id {
		return nil, &DamageError{Path: seg.path, Offset: f.offset, Reason: fmt.Sprintf("%s frame of group %d", f.kind, f.group)}
	}
	entries, err := parseEntries(&f.header, f.body)
	if err != nil {
		return nil, &DamageError{Path: seg.path, Offset: f.offset, Reason: err.Error()}
	}
	return entries, nil
}
