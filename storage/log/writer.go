package log

import (
	"errors"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/millrace-io/millrace/internal/broken"
)

// writer turns requests into frames at the end of the log. One goroutine at a
// time has its turn (Log.busy); nothing here is locked otherwise.
type writer struct {
	log  *Log
	tail tail
	// staged is the state of every group including the frames gathered and not
	// yet written: what a first frame has to say.
	staged map[GroupID]*groupState
	// failed is the error after which nothing may be written any more: what is
	// on disk is not known.
	failed error
}

// fail makes err final.
func (w *writer) fail(err error) error {
	if w.failed == nil {
		w.failed = err
	}
	return err
}

// run writes the batch with one write and, where the mode or a request asks for
// it, one sync. A refused request has its own error; the returned one is final
// and concerns all of them.
func (w *writer) run(batch []*request) error {
	urgent := w.log.syncMode() == SyncAlways
	for _, r := range batch {
		w.stage(r)
		urgent = urgent || r.urgent
	}
	if broken.Is(broken.SkipVoteSync) && !slices.ContainsFunc(batch, func(r *request) bool { return !r.urgent }) {
		urgent = false
	}
	w.flush(urgent)
	if w.failed != nil {
		return w.failed
	}
	for _, r := range batch {
		w.publish(r)
	}
	return nil
}

func (w *writer) stage(r *request) {
	if w.failed != nil {
		return
	}
	s := w.staged[r.group.id]
	if s == nil {
		s = newGroupState()
		w.staged[r.group.id] = s
	}
	r.err = r.op.stage(w, r.group.id, s)
}

func (w *writer) publish(r *request) {
	g := r.group
	g.mu.Lock()
	defer g.mu.Unlock()
	g.groupState = *w.staged[g.id]
	if r.err == nil {
		r.op.publish(g)
	}
}

// flush writes what was gathered, and syncs it if asked.
func (w *writer) flush(sync bool) {
	if w.failed != nil {
		return
	}
	n, unsynced := w.tail.end-w.tail.start, w.tail.synced != w.tail.end
	write, took := w.tail.write, w.log.o.Wrote
	if sync {
		write, took = w.tail.writeSync, w.log.o.Synced
	}
	done := stopwatch(took)
	if err := write(); err != nil {
		w.fail(err)
		return
	}
	done()
	w.log.stats.wrote(n)
	if sync && unsynced {
		w.log.stats.syncs.Add(1)
	}
}

func (w *writer) sync() {
	if w.failed != nil || w.tail.synced == w.tail.start {
		return
	}
	done := stopwatch(w.log.o.Synced)
	if err := w.tail.sync(); err != nil {
		w.fail(err)
		return
	}
	done()
	w.log.stats.syncs.Add(1)
}

// stopwatch starts, and tells observe the time when the function it returns is
// called.
func stopwatch(observe func(time.Duration)) (done func()) {
	if observe == nil {
		return func() {}
	}
	started := time.Now()
	return func() { observe(time.Since(started)) }
}

// room makes sure that a frame of the given length can be gathered next, in a
// new segment if need be. Entries leave a reserve at the end of a segment, so
// that votes can be written when no other segment is to be had.
func (w *writer) room(length int64, k Kind) error {
	if w.failed != nil {
		return w.failed
	}
	limit := w.tail.seg.size
	if k == KindEntries {
		limit -= w.log.reserve()
	}
	if w.tail.end+alignFrame(length) <= limit {
		return nil
	}
	return w.roll(alignFrame(length))
}

// roll goes on in a new segment with room for a frame of the given size. Until
// the segment before is synced to its end nothing is written to the new one: a
// valid first frame proves that (invariant 3).
func (w *writer) roll(size int64) error {
	old := w.tail.seg
	first := alignFrame(headerSize + int64(len(w.firstBody(0))))
	f, err := w.log.newSegment(old.life.number+1, alignPage(first+size+w.log.reserve()))
	if err != nil {
		if !errors.Is(err, ErrNoSpace) {
			w.fail(err)
		}
		return err
	}
	w.flush(true)
	if w.failed != nil {
		return w.failed
	}
	w.begin(f, w.tail.end)
	return nil
}

// begin goes on in seg, behind a log that ends at prevEnd of the segment before.
func (w *writer) begin(seg *segment, prevEnd int64) {
	w.tail.reset(seg)
	w.tail.small(KindFirst, 0, uint32(len(w.staged)), 0, w.firstBody(prevEnd))
	w.log.addSegment(seg)
}

func (w *writer) firstBody(prevEnd int64) []byte {
	f := firstBody{version: formatVersion, prevEnd: prevEnd, groups: w.staged}
	return f.append(nil)
}

// truncateBack gathers the frame; the room is there.
func (w *writer) truncateBack(id GroupID, s *groupState, from uint64) {
	w.tail.small(KindTruncateBack, id, 0, from, nil)
	s.truncateBack(from)
}

// termOf is the term of an entry that was published, 0 when it is not known.
func (w *writer) termOf(id GroupID, i uint64) uint64 {
	t, err := w.log.Group(id).Term(i)
	if err != nil {
		return 0
	}
	return t
}

// newLife draws a salt: frames of an earlier use of the file cannot have it, nor
// can a client know it.
func newLife(n SegmentNum) life { return life{number: n, salt: rand.Uint64()} }
