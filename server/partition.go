package server

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"

	"github.com/millrace-io/millrace/commands"
	"github.com/millrace-io/millrace/replication"
	"github.com/millrace-io/millrace/replication/raftstore"
	"github.com/millrace-io/millrace/resp"
	"github.com/millrace-io/millrace/storage/log"
	"github.com/millrace-io/millrace/storage/snapshot"
	"github.com/millrace-io/millrace/storage/vfs"
)

// partition is one partition on this node: a Raft group with its state, its part of
// the node's log and its snapshots.
type partition struct {
	*replication.Partition
	machine   *commands.Machine
	group     *log.Group
	snapshots *raftstore.Snapshots
	watcher   watcher
	dataset   atomic.Int64 // size of the state, as of the last entry
	opened    bool         // the group is open, and to be stopped
}

// groupOf is the Raft group, in log and snapshots, of a partition. Group 0 is kept
// for the meta group of a cluster.
func groupOf(id replication.PartitionID) log.GroupID { return log.GroupID(id) + 1 }

// openPartition opens what a partition has on disk, and its empty state.
func (n *Node) openPartition(fs vfs.FS, id replication.PartitionID, origin replication.Origin) (*partition, error) {
	c := n.live.Config()
	pt := &partition{group: n.log.Group(groupOf(id)), machine: commands.NewMachine(n.table, c.Databases, n.logger)}
	store, err := snapshot.Open(fs, c.Dir, uint32(pt.group.ID()))
	if err != nil {
		return nil, err
	}
	pt.snapshots = raftstore.NewSnapshots(store, pt.group)
	if err := raftstore.Reconcile(pt.group, pt.snapshots, n.logger.With("partition", id)); err != nil {
		return nil, err
	}
	pt.machine.Observe(&pt.watcher)
	pt.Partition = replication.New(stateMachine{pt.machine, &n.slow, n.latency, &pt.dataset, n.memory, &pt.watcher, new(resp.Laps)}, n.inCluster(replication.Options{
		ID:     id,
		Origin: origin,
		Flush:  n.flush,
		Emit:   n.emit,
		Refuse: n.refuse,
		Held:   pt.watcher.paused,
		Wall:   n.outside.Wall,
		Fatal:  n.fail,
		Logger: n.logger,
	}))
	return pt, nil
}

// stores is where Raft keeps the group.
func (pt *partition) stores() replication.Stores {
	return replication.Stores{Log: raftstore.NewLog(pt.snapshots), Stable: raftstore.NewStable(pt.group), Snapshots: pt.snapshots}
}

// startGroups starts all groups side by side. When it fails, some may be open.
func (n *Node) startGroups(ctx, below context.Context, wg *sync.WaitGroup) error {
	if n.place != nil {
		return n.place.start(ctx, below, wg)
	}
	errs := make([]error, len(n.partitions))
	var starting sync.WaitGroup
	for i, pt := range n.partitions {
		starting.Go(func() {
			errs[i] = pt.Start(ctx, pt.stores())
			pt.opened = errs[i] == nil
		})
	}
	starting.Wait()
	if err := errors.Join(errs...); err != nil {
		return err
	}
	for _, pt := range n.partitions {
		wg.Go(func() { n.report(pt.Run(below)) })
	}
	return nil
}

// stopPartitions stops those that are open.
func (n *Node) stopPartitions() (err error) {
	for _, pt := range n.partitions {
		if pt.opened {
			pt.opened = false
			err = errors.Join(err, pt.Stop())
		}
	}
	return err
}

// sum adds up what of each partition says.
func sum[T int | int64 | uint64](n *Node, of func(*partition) T) (total T) {
	for _, pt := range n.partitions {
		total += of(pt)
	}
	return total
}

// backlog is the size of all requests that wait to be proposed.
func (n *Node) backlog() (bytes int64) {
	for _, pt := range n.partitions {
		bytes += pt.Backlog()
	}
	return bytes
}

// applied counts the log entries that the states hold.
func (n *Node) applied() uint64 { return sum(n, (*partition).Applied) }

func (n *Node) datasetBytes() int64 {
	return sum(n, func(pt *partition) int64 { return pt.dataset.Load() })
}

// inspect calls fn with each partition's machine, under the partition's read lock.
func (n *Node) inspect(fn func(*commands.Machine)) {
	for _, pt := range n.partitions {
		pt.Inspect(func(replication.StateMachine, int64) { fn(pt.machine) })
	}
}

// blocked counts the requests that wait for a key, and the keys.
func (n *Node) blocked() (requests, keys int) {
	return n.router.blocked(), sum(n, func(pt *partition) int { _, keys := pt.Blocked(); return keys })
}

// blockedFor tells of them how many have a deadline, and for how many keys they
// would see that the key or its group goes away.
func (n *Node) blockedFor() (withDeadline, keysOfGroups int) {
	for _, pt := range n.partitions {
		d, k := pt.BlockedFor()
		withDeadline, keysOfGroups = withDeadline+d, keysOfGroups+k
	}
	return withDeadline, keysOfGroups
}

// counts adds up what the machines counted.
func (n *Node) counts() (total commands.Counts) {
	for _, pt := range n.partitions {
		c := pt.machine.Counts()
		total.Hits += c.Hits
		total.Misses += c.Misses
		total.Expired += c.Expired
	}
	return total
}

// unsaved counts the log entries behind the newest snapshot.
func (pt *partition) unsaved() uint64 {
	index, _ := pt.snapshots.Newest()
	applied := pt.Applied()
	return applied - min(applied, index)
}
