package server

import (
	"context"
	"sync"
	"time"

	"github.com/millrace-io/millrace/storage/log"
)

// snapshotCheck is how often the node looks whether a snapshot is due.
const snapshotCheck = time.Second

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

// runSnapshots takes a snapshot whenever the log has grown by more than
// snapshot-log-bytes, and by more than half of the last snapshot, since then.
func (n *Node) runSnapshots(ctx context.Context) {
	tick := time.NewTicker(snapshotCheck)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case done := <-n.saves.asked:
			err := n.takeSnapshot()
			n.noteSnapshot(ctx, err)
			if done != nil {
				done(err)
			}
			continue
		case <-tick.C:
		}
		if n.snapshotDue() {
			n.noteSnapshot(ctx, n.Snapshot())
		}
	}
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

func (n *Node) snapshotDue() bool {
	index, size := n.snapshots.Newest()
	grown := n.log.Group(partitionGroup).LogBytes(index)
	return grown > n.live.Config().SnapshotLogBytes && grown > size/2
}

// Snapshot takes a snapshot and drops the log that nobody needs any more.
func (n *Node) Snapshot() error {
	if !n.saves.begin() {
		return nil
	}
	return n.takeSnapshot()
}

// takeSnapshot takes the snapshot that was begun.
func (n *Node) takeSnapshot() error {
	started := time.Now()
	taken, err := n.partition.Snapshot()
	if err == nil && taken {
		err = n.collect()
	}

	s := &n.saves
	s.mu.Lock()
	defer s.mu.Unlock()
	s.running, s.lastErr = false, err
	if err == nil && taken {
		s.count++
		s.last, s.lastTook = time.Now(), time.Since(started)
		index, size := n.snapshots.Newest()
		n.logger.Info("snapshot taken", "partition", n.partition.ID, "index", index, "bytes", size, "took", s.lastTook)
	}
	return err
}

// collect drops log segments that only hold what the second newest snapshot has:
// should the newest turn out to be damaged, the one before it and the log are
// enough.
func (n *Node) collect() error {
	group := n.log.Group(partitionGroup)
	keep := n.snapshots.SecondNewest()
	return n.log.Collect(func(id log.GroupID) uint64 {
		if id == group.ID() {
			return keep
		}
		return 0
	})
}
