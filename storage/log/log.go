package log

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime"
	"sync"
	"sync/atomic"

	"github.com/millrace-io/millrace/storage/vfs"
)

// Log is the log of all Raft groups of a node. Open makes one, Run keeps it
// going (marks, spare segment, everysec), Close ends it after Run has returned.
// All methods may be called from several goroutines.
type Log struct {
	fs     vfs.FS
	dir    string
	o      Options
	logger *slog.Logger
	mode   atomic.Uint32 // SyncMode
	stats  counters

	mu    sync.Mutex // covers what follows
	turn  *sync.Cond // the writer's turn ended
	busy  bool       // somebody has the writer's turn
	queue []*request // wait for a turn; bounded by the callers, who wait
	ended error      // ErrClosed, or wraps ErrFailed: nothing is taken any more
	// company: more than one group took part in the last batch, or waited behind it.
	company bool
	idle    idleState

	writer writer // whoever set busy

	segMu sync.RWMutex // covers segs and top of each
	segs  []*segment   // by number, without a gap; the last is the active one

	groupsMu sync.RWMutex
	groups   map[GroupID]*Group

	spare   spare
	collect sync.Mutex // one Collect at a time
}

// request is a change that waits for its turn.
type request struct {
	group  *Group
	op     operation
	urgent bool // synced whatever the mode

	done bool // covered by Log.mu, as is err once the turn is over
	err  error
}

// commit waits until r is written, together with whatever else waits. A lone
// caller writes and syncs by itself; of several, the one who finds no writer at
// work writes for all, and the others go on with the next.
func (l *Log) commit(r *request) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.ended != nil {
		return l.ended
	}
	l.queue = append(l.queue, r)
	for !r.done {
		if l.busy {
			l.turn.Wait()
		} else {
			l.leadLocked()
		}
	}
	return r.err
}

// leadLocked writes one batch for all who wait. Where groups write at the same time, what
// was written together is acknowledged together, and the next entries of all these groups
// are about to come: the first of them lets the others run before it takes the turn (with
// 4 groups a fifth fewer syncs for the same entries).
func (l *Log) leadLocked() {
	if l.company {
		l.busy = true
		l.mu.Unlock()
		runtime.Gosched()
		l.mu.Lock()
		l.busy = false
		if l.ended != nil {
			l.turn.Broadcast() // who was told of it may have seen busy, and sleeps again
		}
	}
	batch := l.takeLocked()
	err := l.exclusiveLocked(func(w *writer) error { return w.run(batch) })
	l.company = len(batch) > 1 || len(l.queue) > 0
	for _, r := range batch {
		if err != nil {
			r.err = l.ended
		}
		r.done = true
	}
}

// takeLocked takes the waiting requests, at most one of each group: so a request
// is checked against a state that is written and published.
func (l *Log) takeLocked() []*request {
	if len(l.queue) == 1 {
		batch := l.queue
		l.queue = nil
		return batch
	}
	seen := make(map[GroupID]bool, len(l.queue))
	var batch, rest []*request
	for _, r := range l.queue {
		if seen[r.group.id] {
			rest = append(rest, r)
			continue
		}
		seen[r.group.id] = true
		batch = append(batch, r)
	}
	l.queue = rest
	return batch
}

// exclusiveLocked gives f the writer's turn, with mu unlocked meanwhile. An
// error of f ends the log.
func (l *Log) exclusiveLocked(f func(*writer) error) error {
	for l.busy {
		l.turn.Wait()
	}
	if l.ended != nil {
		return l.ended
	}
	l.busy = true
	l.mu.Unlock()
	err := f(&l.writer)
	l.mu.Lock()
	l.busy = false
	if err != nil {
		l.failLocked(err)
	}
	l.noteWriteLocked()
	l.turn.Broadcast()
	return err
}

// exclusive is exclusiveLocked for callers that do not hold mu.
func (l *Log) exclusive(f func(*writer) error) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.exclusiveLocked(f)
}

// failLocked ends the log: what is on disk is not known any more. All who wait
// get the error.
func (l *Log) failLocked(err error) {
	if l.ended != nil {
		return
	}
	l.ended = fmt.Errorf("%w: %w", ErrFailed, err)
	for _, r := range l.queue {
		r.done, r.err = true, l.ended
	}
	l.queue = nil
	l.turn.Broadcast()
	l.logger.Error("log failed", "path", l.dir, "err", err)
	if l.o.Fatal != nil {
		l.o.Fatal(l.ended)
	}
}

func (l *Log) fail(err error) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.failLocked(err)
	return l.ended
}

// Err is nil while the log takes writes, and after that why not.
func (l *Log) Err() error { return l.endedErr() }

func (l *Log) endedErr() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.ended
}

// closedErr is ErrClosed after Close: a failed log can still be read.
func (l *Log) closedErr() error {
	if err := l.endedErr(); errors.Is(err, ErrClosed) {
		return err
	}
	return nil
}

// Group returns the group's log, empty when nothing was ever written to it.
func (l *Log) Group(id GroupID) *Group {
	l.groupsMu.RLock()
	g := l.groups[id]
	l.groupsMu.RUnlock()
	if g != nil {
		return g
	}
	l.groupsMu.Lock()
	defer l.groupsMu.Unlock()
	if g = l.groups[id]; g == nil {
		g = newGroup(l, id)
		l.groups[id] = g
	}
	return g
}

// Groups returns the groups that the log knows, in no particular order.
func (l *Log) Groups() []*Group {
	l.groupsMu.RLock()
	defer l.groupsMu.RUnlock()
	all := make([]*Group, 0, len(l.groups))
	for _, g := range l.groups {
		all = append(all, g)
	}
	return all
}

func (l *Log) syncMode() SyncMode { return SyncMode(l.mode.Load()) }

// SetSync changes the mode. What was written under a laxer one is synced before
// it returns.
func (l *Log) SetSync(m SyncMode) error {
	l.mode.Store(uint32(m))
	if m != SyncAlways {
		return l.endedErr()
	}
	return l.Sync()
}

// Sync makes everything written so far durable.
func (l *Log) Sync() error {
	err := l.exclusive(func(w *writer) error {
		w.sync()
		return w.failed
	})
	if err != nil {
		return l.endedErr()
	}
	return nil
}

// Run writes marks, keeps a spare segment and syncs in everysec mode until ctx
// ends. The log works without it, with none of these. It returns nil.
func (l *Log) Run(ctx context.Context) error {
	var wg sync.WaitGroup
	wg.Go(func() { l.runSpares(ctx) })
	wg.Go(func() { l.runIdle(ctx) })
	wg.Go(func() { l.runEverySec(ctx) })
	wg.Wait()
	return nil
}

// Close waits for the writes under way, leaves a mark that says that everything
// is on disk, and closes the files. Run must have returned. After a failure it
// closes the files and writes nothing; the error is that of the failure.
func (l *Log) Close() error {
	l.mu.Lock()
	for l.busy || len(l.queue) > 0 && l.ended == nil {
		l.turn.Wait()
	}
	if errors.Is(l.ended, ErrClosed) {
		l.mu.Unlock()
		return ErrClosed
	}
	err := l.exclusiveLocked(func(w *writer) error { return w.finish() })
	failure := l.ended
	l.ended = ErrClosed
	l.turn.Broadcast()
	l.mu.Unlock()
	if failure != nil {
		err = failure
	}
	return errors.Join(err, l.closeFiles())
}

func (l *Log) closeFiles() error {
	l.collect.Lock()
	defer l.collect.Unlock()
	errs := []error{l.spare.close()}
	l.segMu.Lock()
	segs := l.segs
	l.segs = nil
	l.segMu.Unlock()
	for _, s := range segs {
		errs = append(errs, s.close())
	}
	return errors.Join(errs...)
}
