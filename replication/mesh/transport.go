package mesh

import (
	"io"
	"log/slog"
	"time"

	"github.com/hashicorp/go-hclog"
	"github.com/hashicorp/raft"
)

const (
	// raftTime is how long Raft waits for a peer that makes no progress. Peers that are
	// gone are noticed sooner, by their links; this is for a disk that takes its time.
	raftTime = 5 * time.Second
	// pooled connections of a group to a peer: one for heartbeats, one for the rest.
	// A pipeline and a snapshot have their own.
	pooled = 2
)

// transport is the Raft transport of one group.
type transport struct {
	*raft.NetworkTransport
	layer *layer
	// snapshots sends snapshots, over connections of their own that compress.
	snapshots *raft.NetworkTransport
	sending   *layer
}

var (
	_ raft.Transport   = (*transport)(nil)
	_ raft.WithPreVote = (*transport)(nil)
	_ raft.WithClose   = (*transport)(nil)
)

// Transport returns the Raft transport of a group, the same one until it is closed.
// Its addresses are node ids in hex.
func (m *Mesh) Transport(group uint32) raft.Transport {
	m.mu.Lock()
	defer m.mu.Unlock()
	if t := m.transports[group]; t != nil {
		return t
	}
	layer, sending := newLayer(m, group, forRaft), newLayer(m, group, forSnapshots)
	t := &transport{
		NetworkTransport: raft.NewNetworkTransportWithConfig(m.raftConfig(layer, pooled)),
		layer:            layer,
		snapshots:        raft.NewNetworkTransportWithConfig(m.raftConfig(sending, 0)),
		sending:          sending,
	}
	m.transports[group] = t
	return t
}

func (m *Mesh) raftConfig(stream raft.StreamLayer, pool int) *raft.NetworkTransportConfig {
	return &raft.NetworkTransportConfig{
		Logger:  raftLogger(m.logger),
		Stream:  stream,
		MaxPool: pool,
		Timeout: raftTime,
	}
}

// openTransport returns the transport of a group, nil for none.
func (m *Mesh) openTransport(group uint32) *transport {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.transports[group]
}

// Close implements raft.WithClose. All connections of the group are closed.
func (t *transport) Close() error {
	m := t.layer.mesh
	m.mu.Lock()
	if m.transports[t.layer.group] == t {
		delete(m.transports, t.layer.group)
	}
	m.mu.Unlock()
	// NetworkTransport closes the layers, and these their connections: that ends its
	// goroutines.
	_ = t.NetworkTransport.Close()
	_ = t.snapshots.Close()
	return nil
}

// InstallSnapshot implements raft.Transport.
func (t *transport) InstallSnapshot(id raft.ServerID, target raft.ServerAddress, args *raft.InstallSnapshotRequest, resp *raft.InstallSnapshotResponse, data io.Reader) error {
	return t.snapshots.InstallSnapshot(id, target, args, resp, data)
}

// AppendEntries implements raft.Transport.
func (t *transport) AppendEntries(id raft.ServerID, target raft.ServerAddress, args *raft.AppendEntriesRequest, resp *raft.AppendEntriesResponse) error {
	return t.fresh(func() error { return t.NetworkTransport.AppendEntries(id, target, args, resp) })
}

// RequestVote implements raft.Transport.
func (t *transport) RequestVote(id raft.ServerID, target raft.ServerAddress, args *raft.RequestVoteRequest, resp *raft.RequestVoteResponse) error {
	return t.fresh(func() error { return t.NetworkTransport.RequestVote(id, target, args, resp) })
}

// RequestPreVote implements raft.WithPreVote.
func (t *transport) RequestPreVote(id raft.ServerID, target raft.ServerAddress, args *raft.RequestPreVoteRequest, resp *raft.RequestPreVoteResponse) error {
	return t.fresh(func() error { return t.NetworkTransport.RequestPreVote(id, target, args, resp) })
}

// TimeoutNow implements raft.Transport.
func (t *transport) TimeoutNow(id raft.ServerID, target raft.ServerAddress, args *raft.TimeoutNowRequest, resp *raft.TimeoutNowResponse) error {
	return t.fresh(func() error { return t.NetworkTransport.TimeoutNow(id, target, args, resp) })
}

// fresh runs a remote procedure again that failed on a pooled connection: that may have
// died long ago with the peer's last process, and a vote lost to it would cost an
// election. All of these may be received twice.
func (t *transport) fresh(rpc func() error) error {
	for try := 0; ; try++ {
		dials, began := t.layer.dials.Load(), time.Now()
		err := rpc()
		if err == nil || try == pooled || t.layer.dials.Load() != dials || time.Since(began) >= raftTime {
			return err
		}
	}
}

// raftLogger passes the transport's log lines on at debug level: each of them is also
// an error that Raft logs, or a connection that was closed.
func raftLogger(logger *slog.Logger) hclog.Logger {
	l := hclog.NewInterceptLogger(&hclog.LoggerOptions{Name: "raft-net", Output: io.Discard, Level: hclog.Off})
	l.RegisterSink(raftSink{logger})
	return l
}

type raftSink struct{ logger *slog.Logger }

// Accept implements hclog.SinkAdapter.
func (s raftSink) Accept(_ string, _ hclog.Level, msg string, args ...any) {
	s.logger.Debug("raft transport: "+msg, args...)
}
