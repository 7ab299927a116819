package server

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/millrace-io/millrace/replication/raftstore"
	"github.com/millrace-io/millrace/storage/log"
)

// snapshotCheck is how often the node looks whether a snapshot is due.
const snapshotCheck = time.Second

// snapshotAgain is how long none is tried after one that was due has failed: it may have
// filled a disk that others write to.
const snapshotAgain = 10 * time.Second

// saves is what is known of the snapshots that this process took.
type saves struct {
	mu       sync.Mutex
	running  bool
	count    int
	last     time.Time // when the last one ended well
	lastTook time.Duration
	lastErr  error
	begun    time.Time // when the running one began

	// asked carries snapshots that clients began; running is set for each, so that
	// its one place is free. What it carries is called when the snapshot has ended.
	asked chan func(error)
}

// runSnapshots takes the snapshots that are due, and those that clients ask for.
func (n *Node) runSnapshots(ctx context.Context) {
	tick := time.NewTicker(snapshotCheck)
	defer tick.Stop()
	var failed time.Time // when the last one that was due did
	for {
		select {
		case <-ctx.Done():
			return
		case done := <-n.saves.asked:
			err := n.takeSnapshot(n.partitions)
			n.noteSnapshot(ctx, err)
			if done != nil {
				done(err)
			}
			continue
		case <-tick.C:
		}
		// A snapshot of a leader's may have taken the place of a group's log: nobody was
		// told, and the disk may be full.
		n.noteSnapshot(ctx, n.collect())
		if time.Since(failed) < snapshotAgain {
			continue
		}
		if err := n.takeDue(); err != nil {
			failed = time.Now()
			n.noteSnapshot(ctx, err)
		}
	}
}

// takeDue takes the snapshots that are due, of the meta group first: it takes hardly any
// space.
func (n *Node) takeDue() error {
	err := n.snapshotMeta()
	if due := n.snapshotsDue(); len(due) > 0 && n.saves.begin() {
		err = errors.Join(err, n.takeSnapshot(due))
	}
	return err
}

func (n *Node) noteSnapshot(ctx context.Context, err error) {
	if err != nil && ctx.Err() == nil {
		n.logger.Error("snapshot failed, the log goes on growing", "err", err)
	}
}

// startSnapshot has the node's goroutine for snapshots take one; false: one is being
// taken.
func (n *Node) startSnapshot(done func(error)) bool {
	if !n.saves.begin() {
		return false
	}
	n.saves.asked <- done
	return true
}

// begin reports whether the caller may take a snapshot: nobody else does.
func (s *saves) begin() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.running {
		return false
	}
	s.running, s.begun = true, time.Now()
	return true
}

// currentSeconds is how long the running snapshot takes by now, -1 for none. The caller
// holds mu.
func (s *saves) currentSeconds() int64 {
	if !s.running {
		return -1
	}
	return int64(time.Since(s.begun).Seconds())
}

// lastTime is when the last snapshot ended well, zero when none has.
func (s *saves) lastTime() time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.last
}

// snapshotsDue are the partitions whose snapshot is due.
func (n *Node) snapshotsDue() (due []*partition) {
	for _, pt := range n.partitions {
		if n.snapshotDue(pt) {
			due = append(due, pt)
		}
	}
	return due
}

// snapshotDue reports whether the log has grown by more than snapshot-log-bytes, and
// by more than half of the last snapshot, since that one. Of several partitions on one
// log each pins what the others write, so that counts, too: a start has to read that
// much in any case. When the log has no room one is due that frees more than it takes.
func (n *Node) snapshotDue(pt *partition) bool {
	index, size := pt.snapshots.Newest()
	grown, pinned := pt.group.LogBytes(index), n.pinned(pt.group, pt.snapshots)
	if len(n.partitions) > 1 {
		grown = max(grown, pinned)
	}
	return grown > n.live.Config().SnapshotLogBytes && grown > size/2 ||
		n.log.SpaceErr() != nil && pinned > max(size, pt.dataset.Load())
}

// pinned is the size of the log segments that a snapshot of a group would let go of.
func (n *Node) pinned(g *log.Group, s *raftstore.Snapshots) int64 {
	index, _ := s.Newest()
	if g.LastIndex() <= index {
		// Nothing has happened since. A second snapshot of the same state lets go of what
		// the first still needs, should it turn out to be damaged.
		index = s.SecondNewest()
	}
	return n.log.BytesPinned(g.ID(), index)
}

// Snapshot takes a snapshot of each partition and drops the log that nobody needs any
// more.
func (n *Node) Snapshot() error {
	if !n.saves.begin() {
		return nil
	}
	return n.takeSnapshot(n.partitions)
}

// takeSnapshot takes the snapshots that were begun.
func (n *Node) takeSnapshot(of []*partition) error {
	started := time.Now()
	any := false
	var errs []error
	for _, pt := range of {
		taken, err := n.snapshotOf(pt)
		any = any || taken
		errs = append(errs, err)
	}
	err := errors.Join(errs...)

	s := &n.saves
	s.mu.Lock()
	defer s.mu.Unlock()
	s.running, s.lastErr = false, err
	if err == nil && any {
		s.count++
		s.last, s.lastTook = time.Now(), time.Since(started)
	}
	return err
}

// snapshotOf takes a snapshot of one partition. false: nothing was ever written.
func (n *Node) snapshotOf(pt *partition) (taken bool, err error) {
	started := time.Now()
	if taken, err = pt.Partition.Snapshot(); err != nil || !taken {
		return false, err
	}
	if err := n.collect(); err != nil {
		return false, err
	}
	index, size := pt.snapshots.Newest()
	n.logger.Info("snapshot taken", "partition", pt.ID, "index", index, "bytes", size, "took", time.Since(started))
	return true, nil
}

// collect drops log segments that only hold what each group's second newest snapshot
// has: should the newest turn out to be damaged, the one before it and the log are
// enough.
func (n *Node) collect() error {
	keep := map[log.GroupID]uint64{}
	for _, pt := range n.partitions {
		keep[pt.group.ID()] = pt.snapshots.SecondNewest() + 1
	}
	if n.place != nil {
		keep[metaGroup] = n.place.snapshots.SecondNewest() + 1
	}
	return n.log.Collect(func(id log.GroupID) uint64 { return keep[id] })
}
