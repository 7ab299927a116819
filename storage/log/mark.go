package log

import (
	"context"
	"time"
)

const (
	markAfter = 100 * time.Millisecond
	syncEvery = time.Second
)

// idleState is what the goroutines of Run need to know of the writes. Log.mu
// covers it.
type idleState struct {
	last      time.Time     // of the last turn of the writer
	wantMark  bool          // something is synced that no frame on disk tells of
	markArmed bool          // runIdle has its timer set
	dirty     bool          // something is written and not synced
	mark      chan struct{} // capacity 1, never closed: wakes runIdle
	sync      chan struct{} // capacity 1, never closed: wakes runEverySec
}

func newIdleState() idleState {
	return idleState{mark: make(chan struct{}, 1), sync: make(chan struct{}, 1)}
}

// noteWriteLocked runs after each turn of the writer.
func (l *Log) noteWriteLocked() {
	t := &l.writer.tail
	l.idle.last = time.Now()
	l.idle.wantMark = t.wantsMark()
	if l.idle.wantMark && !l.idle.markArmed {
		l.idle.markArmed = true
		wake(l.idle.mark)
	}
	if dirty := t.synced < t.start; dirty != l.idle.dirty {
		l.idle.dirty = dirty
		if dirty {
			wake(l.idle.sync)
		}
	}
}

func wake(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default: // it is awake already
	}
}

// runIdle writes a mark when the log has been idle for a while after a sync: what
// was acknowledged before can then not be taken for a torn tail.
func (l *Log) runIdle(ctx context.Context) {
	timer := time.NewTimer(time.Hour)
	timer.Stop()
	for {
		select {
		case <-ctx.Done():
			timer.Stop()
			l.disarm()
			return
		case <-l.idle.mark:
			timer.Reset(markAfter)
		case <-timer.C:
			if wait := l.markIfIdle(); wait > 0 {
				timer.Reset(wait)
			}
		}
	}
}

// disarm lets a later Run begin anew.
func (l *Log) disarm() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.idle.markArmed = false
}

// markIfIdle writes the mark, or says when to look again.
func (l *Log) markIfIdle() (wait time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !l.idle.wantMark || l.ended != nil {
		l.idle.markArmed = false
		return 0
	}
	if l.busy {
		return markAfter
	}
	if rest := markAfter - time.Since(l.idle.last); rest > 0 {
		return rest
	}
	l.idle.markArmed = false
	// An error ends the log and has been told to Fatal.
	_ = l.exclusiveLocked(func(w *writer) error { w.mark(); return w.failed })
	return 0
}

// mark writes and syncs a frame that says up to where everything is synced. It
// never takes a new segment for that.
func (w *writer) mark() {
	if w.failed != nil || !w.tail.wantsMark() || w.tail.end+headerSize > w.tail.seg.size {
		return
	}
	w.tail.small(KindMark, 0, 0, 0, nil)
	w.flush(true)
}

// finish leaves a log that the next start need not repair.
func (w *writer) finish() error {
	w.sync()
	w.mark()
	return w.failed
}

// runEverySec syncs what was written, a second after the first unsynced write.
func (l *Log) runEverySec(ctx context.Context) {
	timer := time.NewTimer(time.Hour)
	timer.Stop()
	for {
		select {
		case <-ctx.Done():
			timer.Stop()
			return
		case <-l.idle.sync:
			timer.Reset(syncEvery)
		case <-timer.C:
			if l.syncMode() == SyncEverySec && l.syncBehind() {
				timer.Reset(syncEvery)
			}
		}
	}
}

// syncBehind syncs what was written until now while others go on writing, and
// reports whether there is more to sync.
func (l *Log) syncBehind() (more bool) {
	var seg *segment
	var upto int64
	note := func(w *writer) error { seg, upto = w.tail.seg, w.tail.start; return nil }
	if l.exclusive(note) != nil {
		return false
	}
	seg.use.RLock()
	var err error
	if !seg.gone {
		err = seg.dataSync()
	}
	seg.use.RUnlock()
	if err != nil {
		_ = l.fail(err)
		return false
	}
	l.stats.syncs.Add(1)
	l.mu.Lock()
	defer l.mu.Unlock()
	done := func(w *writer) error {
		if w.tail.seg == seg {
			w.tail.synced = max(w.tail.synced, upto)
		}
		return nil
	}
	return l.exclusiveLocked(done) == nil && l.idle.dirty
}
