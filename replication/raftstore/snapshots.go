package raftstore

import (
	"errors"
	"fmt"
	"io"
	"log/slog"

	"github.com/hashicorp/raft"

	"github.com/millrace-io/millrace/storage/log"
	"github.com/millrace-io/millrace/storage/snapshot"
)

// sectionFormat is the version of what the sections hold.
const sectionFormat = 1

// Snapshots is a group's snapshot store as Raft's.
type Snapshots struct {
	store *snapshot.Store
	group *log.Group
}

// NewSnapshots returns the snapshot store of a group.
func NewSnapshots(store *snapshot.Store, group *log.Group) *Snapshots {
	return &Snapshots{store, group}
}

// Create implements raft.SnapshotStore.
func (s *Snapshots) Create(version raft.SnapshotVersion, index, term uint64, configuration raft.Configuration,
	configurationIndex uint64, _ raft.Transport) (raft.SnapshotSink, error) {
	w, err := s.store.Create(snapshot.Meta{
		Index: index, Term: term, Version: int(version), Format: sectionFormat,
		Configuration: raft.EncodeConfiguration(configuration), ConfigurationIndex: configurationIndex,
	})
	if err != nil {
		return nil, err
	}
	return &sink{Writer: w}, nil
}

// List implements raft.SnapshotStore: the usable snapshots, newest first.
func (s *Snapshots) List() ([]*raft.SnapshotMeta, error) {
	var list []*raft.SnapshotMeta
	for _, info := range s.usable() {
		list = append(list, meta(info))
	}
	return list, nil
}

// usable are the verified snapshots that the log follows without a gap: only from
// these can the state be had that the log's end stands for.
func (s *Snapshots) usable() []snapshot.Info {
	var list []snapshot.Info
	for _, info := range s.store.List() {
		if follows(s.group, info.Index) {
			list = append(list, info)
		}
	}
	return list
}

// follows reports whether the log holds everything behind index.
func follows(g *log.Group, index uint64) bool {
	if index >= g.End() {
		return true
	}
	_, err := g.Term(index + 1)
	return err == nil
}

func meta(info snapshot.Info) *raft.SnapshotMeta {
	return &raft.SnapshotMeta{
		Version: raft.SnapshotVersion(info.Version), ID: info.ID, Index: info.Index, Term: info.Term,
		Configuration: raft.DecodeConfiguration(info.Configuration), ConfigurationIndex: info.ConfigurationIndex,
		Size: info.Bytes,
	}
}

// Open implements raft.SnapshotStore.
func (s *Snapshots) Open(id string) (*raft.SnapshotMeta, io.ReadCloser, error) {
	for _, info := range s.store.List() {
		if info.ID != id {
			continue
		}
		r, err := s.store.Open(id)
		if err != nil {
			return nil, nil, err
		}
		return meta(info), &source{Reader: r}, nil
	}
	return nil, nil, fmt.Errorf("open snapshot %s: %w", id, snapshot.ErrNotFound)
}

// Newest is the last index in the newest snapshot and its size, 0 when there is
// none.
func (s *Snapshots) Newest() (index uint64, bytes int64) {
	if list := s.store.List(); len(list) > 0 {
		return list[0].Index, list[0].Bytes
	}
	return 0, 0
}

// SecondNewest is the last index in the snapshot before the newest usable one, 0
// when there is none: the log behind it is kept.
func (s *Snapshots) SecondNewest() uint64 {
	if list := s.usable(); len(list) > 1 {
		return list[1].Index
	}
	return 0
}

// sink is a snapshot being written: in sections by this node's state machine, raw
// when it comes from a leader.
type sink struct {
	*snapshot.Writer
	closed bool
	err    error
}

// Close implements io.Closer: the snapshot is durable. Raft closes a second time.
func (s *sink) Close() error {
	if !s.closed {
		s.closed, s.err = true, s.Commit()
	}
	return s.err
}

// Cancel implements raft.SnapshotSink.
func (s *sink) Cancel() error {
	if s.closed {
		return nil
	}
	s.closed, s.err = true, errors.New("snapshot cancelled")
	return s.Abort()
}

// source is a snapshot being read: in sections by this node, raw for another one.
// The first Read decides.
type source struct {
	*snapshot.Reader
	raw io.ReadCloser
}

func (s *source) Read(b []byte) (int, error) {
	if s.raw == nil {
		s.raw = s.Raw()
	}
	return s.raw.Read(b)
}

// Reconcile brings a group's log and its snapshots together after a crash, before
// Raft sees them: a snapshot that came from a leader may lie beyond the log, which
// then goes on behind it. It fails when no snapshot is left that the log follows. The
// logger says which partition it is.
func Reconcile(g *log.Group, s *Snapshots, logger *slog.Logger) error {
	list := s.store.List()
	if len(list) > 0 && list[0].Index > g.End() {
		if g.End() > 0 { // an empty one ends where the snapshot does
			logger.Warn("log goes on behind a snapshot that lies beyond its end", "last", g.End(), "snapshot", list[0].Index)
		}
		return g.Reset(list[0].Index, list[0].Term)
	}
	if follows(g, 0) || len(s.usable()) > 0 {
		return nil
	}
	first := g.FirstIndex()
	if first == 0 { // it is empty
		first = g.End() + 1
	}
	return fmt.Errorf("the log of group %s begins at index %d and no undamaged snapshot leads up to it: "+
		"restore the folder from a copy (millrace check says what is damaged)", g.ID(), first)
}
