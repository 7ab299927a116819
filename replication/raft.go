package replication

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/hashicorp/go-hclog"
	"github.com/hashicorp/raft"
)

// defaultElectionTimeout is Raft's timer for heartbeats and elections, and of its lease: a
// leader that steps down any earlier than others would stand does so in vain (with half
// of it, at 250 ms, the leaders of a busy machine did). A lone voter does not wait for
// its election (see hurry); the timers are a cluster's from the start, so that nothing
// changes when nodes join.
const defaultElectionTimeout = 500 * time.Millisecond

// hurryBy is how much a lone voter's timer is lowered. Raft wants the lease to be no
// longer than what is left.
const hurryBy = time.Millisecond

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

// Membership is how a replica finds the others.
type Membership struct {
	// Transport is the group's own; nil for a node that has no cluster address.
	Transport Transport
	// Joins says that empty stores are not to become a group of one: others will add
	// this replica to theirs.
	Joins bool
}

// Open opens the partition on its stores: empty ones as a group of one voter unless it
// joins another. Ready waits until it can answer.
func (p *Partition) Open(s Stores, m Membership) error {
	id := ServerID(p.Origin.Node)
	p.stores = s
	// Addresses in Raft's configuration are node ids: a node may change its
	// network address, and a cluster of one has none.
	address := raft.ServerAddress(id)
	if m.Transport == nil {
		_, m.Transport = raft.NewInmemTransport(address)
	}
	p.nudged = newNudged(m.Transport, p.ElectionTimeout)
	conf := p.raftConfig(id)
	leads := make(chan bool, 16)
	conf.NotifyCh = leads
	if !m.Joins {
		err := bootstrap(s, raft.Configuration{Servers: []raft.Server{{ID: id, Address: address}}})
		if err != nil {
			return fmt.Errorf("partition %s: %w", p.ID, err)
		}
	}
	var err error
	if p.raft, err = newRaft(conf, fsm{p}, s, p.nudged); err != nil {
		return fmt.Errorf("partition %s: %w", p.ID, err)
	}
	p.opened.Store(true)
	p.term.mu.Lock()
	p.term.lost = time.Now()
	p.term.mu.Unlock()
	p.watched.Go(func() { p.watchTerms(leads, p.stop) })
	p.watched.Go(func() { p.nudged.run(p.stop, p.raft.LastIndex, p.admits) })
	if stable, ok := s.Stable.(interface{ Started() }); ok {
		stable.Started()
	}
	if err := p.hurry(); err != nil {
		return errors.Join(err, p.Stop())
	}
	return nil
}

// Start opens a partition of a node on its own, and returns when it can answer: this
// node leads it and has applied everything that was committed before. Run must be
// called only after it.
func (p *Partition) Start(ctx context.Context, s Stores) error {
	if err := p.Open(s, Membership{}); err != nil {
		return err
	}
	if err := p.Ready(ctx); err != nil {
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

// maxAppendEntries is how many entries go to a follower at once: each may have
// maxEntryBytes.
const maxAppendEntries = 16

func (p *Partition) raftConfig(id raft.ServerID) *raft.Config {
	conf := raft.DefaultConfig()
	conf.LocalID = id
	conf.HeartbeatTimeout = p.ElectionTimeout
	conf.ElectionTimeout = p.ElectionTimeout
	conf.LeaderLeaseTimeout = p.ElectionTimeout - hurryBy
	conf.MaxAppendEntries = maxAppendEntries
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
	servers, err := p.servers()
	if err != nil || !onlyVoter(servers, p.Origin.Node) {
		return err
	}
	conf := p.raft.ReloadableConfig()
	conf.HeartbeatTimeout -= hurryBy
	return p.raft.ReloadConfig(conf)
}

// Fresh reports, after Start, whether nothing was ever applied.
func (p *Partition) Fresh() bool { return p.fresh }

// Ready waits until this replica has applied all that was acknowledged before, as its
// leader or by what the leader says: reads and writes can be answered then. From now on
// what is applied is news. Run must have been called where the node has peers.
func (p *Partition) Ready(ctx context.Context) error {
	mark := p.gate.mark()
	for !p.term.leads.Load() {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-mark:
			p.begin()
			return nil
		case <-p.term.begun:
		}
	}
	p.begin()
	return nil
}

func (p *Partition) begin() {
	p.mu.RLock()
	p.fresh = p.lastTime == 0
	p.lookWhenDue()
	p.mu.RUnlock()
	p.ready.Store(true)
}

// Stop ends the partition. Run must have returned: what is in flight is applied
// and answered or not, but never half.
func (p *Partition) Stop() error {
	p.ready.Store(false)
	err := p.raft.Shutdown().Error()
	close(p.stop)
	p.watched.Wait()
	if err != nil {
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

// chatter begins lines that Raft writes again and again while another node is down, or as
// a matter of course. That a node is gone, and back, the links say, once.
var chatter = []string{
	"heartbeat timeout reached", // how every start begins
	"failed to heartbeat to", "failed to appendEntries to", "failed to pipeline appendEntries", "failed to start pipeline replication to",
	"failed to contact", "failed to make requestVote RPC", "rejecting pre-vote request", "rejecting vote request", "duplicate requestVote",
	"Election timeout reached", "peer has newer term", "appendEntries rejected", "previous log term mis-match", "failed to get previous log",
}

// leaderAlone is how a leader's last line begins that has lost the majority.
const leaderAlone = "failed to contact quorum"

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
	begins := func(with string) bool { return strings.HasPrefix(msg, with) }
	switch {
	case !begins(leaderAlone) && slices.ContainsFunc(chatter, begins):
	case level == hclog.Warn:
		to = slog.LevelWarn
	case level == hclog.Error:
		to = slog.LevelError
	}
	s.logger.Log(context.Background(), to, "raft: "+msg, args...)
}
