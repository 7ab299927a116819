package replication

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/hashicorp/go-hclog"
	"github.com/hashicorp/raft"
)

// Raft's timers. A lone voter does not wait for its election (see hurry); they
// are a cluster's from the start, so that nothing changes when nodes join.
const (
	heartbeatTimeout = time.Second
	electionTimeout  = time.Second
	leaseTimeout     = 500 * time.Millisecond
)

// ErrStopped is returned by a partition that was stopped.
var ErrStopped = errors.New("partition stopped")

// Stores is where a partition keeps its log, its term and vote, and its snapshots.
type Stores struct {
	Log       raft.LogStore
	Stable    raft.StableStore
	Snapshots raft.SnapshotStore
}

// ServerID is a node's name in Raft's configuration.
func ServerID(node uint64) raft.ServerID {
	return raft.ServerID(strconv.FormatUint(node, 16))
}

// Start opens the partition on its stores, an empty one as a group of one voter,
// and returns when this node leads it and has applied everything that was
// committed before: reads and writes can be answered then. Run must be called
// only after it.
func (p *Partition) Start(ctx context.Context, s Stores) error {
	id := ServerID(p.Origin.Node)
	p.stores = s
	// Addresses in Raft's configuration are node ids: a node may change its
	// network address, and a cluster of one has none.
	address, transport := raft.NewInmemTransport(raft.ServerAddress(id))
	conf := p.raftConfig(id)
	leader := make(chan bool, 16)
	conf.NotifyCh = leader

	err := bootstrap(s, raft.Configuration{Servers: []raft.Server{{ID: id, Address: address}}})
	if err != nil {
		return fmt.Errorf("partition %s: %w", p.ID, err)
	}
	if p.raft, err = newRaft(conf, fsm{p}, s, transport); err != nil {
		return fmt.Errorf("partition %s: %w", p.ID, err)
	}
	if stable, ok := s.Stable.(interface{ Started() }); ok {
		stable.Started()
	}
	if err := p.hurry(); err != nil {
		return errors.Join(err, p.Stop())
	}
	if err := p.lead(ctx, leader); err != nil {
		return errors.Join(err, p.Stop())
	}
	return nil
}

// newRaft is raft.NewRaft, which panics when it can't store the term.
func newRaft(conf *raft.Config, f raft.FSM, s Stores, t raft.Transport) (r *raft.Raft, err error) {
	defer func() {
		if v := recover(); v != nil {
			err = fmt.Errorf("open Raft group: %v", v)
		}
	}()
	return raft.NewRaft(conf, f, s.Log, s.Stable, s.Snapshots, t)
}

// bootstrap makes empty stores those of a group with that configuration: term 1, and
// the configuration as the first entry. raft.BootstrapCluster does the same, but
// refuses to once the term is there: a crash between the two would leave a folder
// that never elects anybody.
func bootstrap(s Stores, c raft.Configuration) error {
	last, err := s.Log.LastIndex()
	if err != nil || last > 0 {
		return err
	}
	snapshots, err := s.Snapshots.List()
	if err != nil || len(snapshots) > 0 {
		return err
	}
	const keyTerm = "CurrentTerm" // Raft's
	term, err := s.Stable.GetUint64([]byte(keyTerm))
	if err != nil {
		return err
	}
	if term == 0 {
		if err := s.Stable.SetUint64([]byte(keyTerm), 1); err != nil {
			return err
		}
	}
	return s.Log.StoreLog(&raft.Log{Index: 1, Term: 1, Type: raft.LogConfiguration, Data: raft.EncodeConfiguration(c)})
}

func (p *Partition) raftConfig(id raft.ServerID) *raft.Config {
	conf := raft.DefaultConfig()
	conf.LocalID = id
	conf.HeartbeatTimeout = heartbeatTimeout
	conf.ElectionTimeout = electionTimeout
	conf.LeaderLeaseTimeout = leaseTimeout
	// Snapshots are triggered by bytes, not by counts.
	conf.SnapshotThreshold = math.MaxUint64
	conf.SnapshotInterval = 24 * time.Hour
	conf.TrailingLogs = 0
	conf.NoLegacyTelemetry = true
	conf.Logger = raftLogger(p.Logger.With("partition", p.ID))
	return conf
}

// hurry ends the lone voter's wait for a leader: a heartbeat timeout that is
// lowered fires at once (measured: leader after 0.25 ms instead of 1-2 s).
func (p *Partition) hurry() error {
	servers := p.raft.GetConfiguration()
	if err := servers.Error(); err != nil {
		return err
	}
	if len(servers.Configuration().Servers) != 1 {
		return nil
	}
	conf := p.raft.ReloadableConfig()
	conf.HeartbeatTimeout -= time.Millisecond
	return p.raft.ReloadConfig(conf)
}

// Fresh reports, after Start, whether nothing was ever applied.
func (p *Partition) Fresh() bool { return p.fresh }

// lead waits until this node leads and has applied a barrier of its own term:
// only then does the state hold all that its predecessors acknowledged.
func (p *Partition) lead(ctx context.Context, leader <-chan bool) error {
	for p.raft.State() != raft.Leader {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-leader:
		case <-time.After(50 * time.Millisecond): // the channel tells of changes only
		}
	}
	if err := p.raft.Barrier(0).Error(); err != nil {
		return fmt.Errorf("partition %s: %w", p.ID, err)
	}
	p.fresh = p.lastTime == 0
	p.clock.Restart(p.lastTime)
	p.leading.Store(true)
	p.upkeep.changed(p.sm.NextUpkeep())
	return nil
}

// Stop ends the partition. Run must have returned: what is in flight is applied
// and answered or not, but never half.
func (p *Partition) Stop() error {
	p.leading.Store(false)
	if err := p.raft.Shutdown().Error(); err != nil {
		return fmt.Errorf("partition %s: %w", p.ID, err)
	}
	return nil
}

// Snapshot takes a snapshot of the state now and returns when it is durable. It
// reports false when nothing changed since the last one.
func (p *Partition) Snapshot() (bool, error) {
	err := p.raft.Snapshot().Error()
	if errors.Is(err, raft.ErrNothingNewToSnapshot) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("snapshot of partition %s: %w", p.ID, err)
	}
	return true, nil
}

// raftLogger passes Raft's own log lines on, its chatter at debug level.
func raftLogger(logger *slog.Logger) hclog.Logger {
	l := hclog.NewInterceptLogger(&hclog.LoggerOptions{Name: "raft", Output: io.Discard, Level: hclog.Off})
	l.RegisterSink(raftSink{logger})
	return l
}

type raftSink struct{ logger *slog.Logger }

// Accept implements hclog.SinkAdapter.
func (s raftSink) Accept(_ string, level hclog.Level, msg string, args ...any) {
	to := slog.LevelDebug
	switch {
	case strings.HasPrefix(msg, "heartbeat timeout reached"): // how every start begins
	case level == hclog.Warn:
		to = slog.LevelWarn
	case level == hclog.Error:
		to = slog.LevelError
	}
	s.logger.Log(context.Background(), to, "raft: "+msg, args...)
}
