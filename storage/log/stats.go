package log

import "sync/atomic"

// Stats are counts since Open.
type Stats struct {
	Syncs      uint64 // of segments, by writes and by the everysec mode
	Writes     uint64
	Bytes      uint64 // of frames
	Segments   int    // files that hold the log at the moment
	Spare      bool   // a spare segment is ready
	DiskBytes  int64  // size of the segments, the spare included
	LogEntries uint64 // positions in memory, of all groups
}

type counters struct{ syncs, writes, bytes atomic.Uint64 }

func (c *counters) wrote(n int64) {
	if n > 0 {
		c.writes.Add(1)
		c.bytes.Add(uint64(n))
	}
}

// Stats returns the counts of the moment.
func (l *Log) Stats() Stats {
	s := Stats{Syncs: l.stats.syncs.Load(), Writes: l.stats.writes.Load(), Bytes: l.stats.bytes.Load()}
	l.segMu.RLock()
	s.Segments = len(l.segs)
	for _, seg := range l.segs {
		s.DiskBytes += seg.size
	}
	l.segMu.RUnlock()
	var spare int64
	if spare, s.Spare = l.spare.ready(); s.Spare {
		s.DiskBytes += spare
	}
	for _, g := range l.Groups() {
		g.mu.RLock()
		s.LogEntries += uint64(len(g.index.list))
		g.mu.RUnlock()
	}
	return s
}
