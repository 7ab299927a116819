package raftstore

import (
	"errors"
	"fmt"
	"time"

	"github.com/hashicorp/raft"

	"github.com/millrace-io/millrace/storage/log"
)

// Log is a group of the node's log as Raft's log store.
type Log struct {
	group     *log.Group
	snapshots *Snapshots
	batch     []log.Entry // of the append under way; Raft appends from one goroutine
}

// NewLog returns the log store of the group whose snapshots these are.
func NewLog(s *Snapshots) *Log { return &Log{group: s.group, snapshots: s} }

// IsMonotonic implements raft.MonotonicLogStore: the log takes no gaps.
func (l *Log) IsMonotonic() bool { return true }

// FirstIndex implements raft.LogStore.
func (l *Log) FirstIndex() (uint64, error) { return l.group.FirstIndex(), nil }

// LastIndex implements raft.LogStore. A log that was given up to its end still ends there
// while its bytes exist: when the newest snapshot turns out to be damaged, the state is
// made again from the one before it and these.
func (l *Log) LastIndex() (uint64, error) {
	end := l.group.End()
	if _, err := l.group.Term(end); err != nil {
		return 0, nil
	}
	return end, nil
}

// GetLog implements raft.LogStore.
func (l *Log) GetLog(index uint64, to *raft.Log) error {
	var e log.Entry
	if err := l.group.Entry(index, &e); err != nil {
		if errors.Is(err, log.ErrNotFound) {
			return raft.ErrLogNotFound
		}
		return err
	}
	*to = raft.Log{
		Index: e.Index, Term: e.Term, Type: raft.LogType(e.Type), Data: e.Data, Extensions: e.Extensions,
	}
	if e.AppendedAt != 0 {
		to.AppendedAt = time.Unix(0, e.AppendedAt)
	}
	return nil
}

// StoreLog implements raft.LogStore.
func (l *Log) StoreLog(entry *raft.Log) error { return l.StoreLogs([]*raft.Log{entry}) }

// StoreLogs implements raft.LogStore. The data goes to the disk from Raft's own
// slices.
func (l *Log) StoreLogs(entries []*raft.Log) error {
	l.batch = l.batch[:0]
	for _, e := range entries {
		at := int64(0)
		if !e.AppendedAt.IsZero() {
			at = e.AppendedAt.UnixNano()
		}
		l.batch = append(l.batch, log.Entry{
			Index: e.Index, Term: e.Term, Type: uint8(e.Type), Data: e.Data, Extensions: e.Extensions, AppendedAt: at,
		})
	}
	err := l.group.Append(l.batch)
	clear(l.batch)
	return err
}

// DeleteRange implements raft.LogStore: Raft deletes at one of the two ends.
func (l *Log) DeleteRange(first, last uint64) error {
	if first <= l.group.FirstIndex() {
		return l.giveUp(last)
	}
	if last < l.group.LastIndex() {
		return fmt.Errorf("delete entries %d to %d: in the middle of the log", first, last)
	}
	return l.group.TruncateBack(first)
}

// giveUp gives up what a snapshot stands for. One that this node took is of what its log
// holds. One that lies beyond came from a leader, and the log goes on behind it: nothing
// in it leads up to that, so all of it may go at once.
func (l *Log) giveUp(upto uint64) error {
	if list := l.snapshots.store.List(); len(list) > 0 && list[0].Index > l.group.End() {
		return l.group.Reset(list[0].Index, list[0].Term)
	}
	return l.group.TruncateFront(upto)
}
