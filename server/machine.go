package server

import (
	"sync/atomic"
	"time"

	"github.com/millrace-io/millrace/blocking"
	"github.com/millrace-io/millrace/commands"
	"github.com/millrace-io/millrace/keyspace"
	"github.com/millrace-io/millrace/replication"
)

// stateMachine joins the machine of commands to the partition that replicates it.
type stateMachine struct {
	machine *commands.Machine
	slow    *slowLog
	latency *latencies
	dataset *atomic.Int64 // size of the state, for who may not look at it
}

var _ replication.StateMachine = stateMachine{}

func request(r *replication.Request) commands.Request {
	cmd, _ := r.Op.(*commands.Command)
	return commands.Request{Command: cmd, Args: r.Args, DB: r.DB, Proto: r.Proto, InExec: r.InExec, Woken: r.Woken}
}

func (s stateMachine) Begin(index uint64, timeMs int64) {
	s.machine.Begin(index, timeMs)
	s.dataset.Store(s.machine.State().Memory())
}

func (s stateMachine) Apply(r *replication.Request, ordinal uint32, out []byte) ([]byte, *blocking.Wait) {
	started := time.Now()
	if r.Internal {
		s.machine.ApplyInternal(r.Args, ordinal)
		if r.To != nil && string(r.Args[0]) == commands.InternalExpire {
			s.latency.note(eventExpire, time.Since(started))
		}
		return out, nil
	}
	out, wait := s.machine.Apply(request(r), ordinal, out)
	if r.To != nil { // else the log is run again
		s.ran(r, started)
	}
	return out, wait
}

// ran notes how long a request took.
func (s stateMachine) ran(r *replication.Request, started time.Time) {
	cmd, _ := r.Op.(*commands.Command)
	if cmd == nil {
		return
	}
	took := time.Since(started)
	s.latency.ran(cmd, took)
	s.slow.note(r, cmd, started, took)
}

func (s stateMachine) Unchanged(w *replication.Watched, timeMs int64) bool {
	return s.machine.Version(w.DB, w.Key, timeMs) == keyspace.Version{Index: w.Index, Ordinal: w.Ordinal}
}

func (s stateMachine) Changed() bool { return s.machine.Changed() }

func (s stateMachine) Ready() ([]blocking.Key, bool) {
	s.dataset.Store(s.machine.State().Memory())
	return s.machine.Ready()
}

func (s stateMachine) Read(r *replication.Request, timeMs int64, riding bool, out []byte) ([]byte, *blocking.Wait, replication.ReadOutcome) {
	started := time.Now()
	reply, wait, err := s.machine.Read(request(r), timeMs, riding, out)
	if err == nil {
		s.ran(r, started)
	}
	switch err {
	case nil:
		return reply, wait, replication.ReadDone
	case commands.ErrLong:
		return reply, nil, replication.ReadLong
	default: // ErrExpired, the only other one
		return reply, nil, replication.ReadExpired
	}
}

func (s stateMachine) Quiet(r *replication.Request, timeMs int64) bool {
	return s.machine.Quiet(request(r), timeMs)
}

func (s stateMachine) Adds(r *replication.Request) (blocking.Key, bool) {
	return s.machine.Adds(request(r))
}

func (s stateMachine) Upkeep(timeMs int64) *replication.Request {
	args := s.machine.Upkeep(timeMs)
	if args == nil {
		return nil
	}
	return &replication.Request{Args: args, Internal: true}
}

func (s stateMachine) NextUpkeep() int64 { return s.machine.NextUpkeep() }

func (s stateMachine) View() replication.View { return view{s.machine.View()} }

func (s stateMachine) Restore(r replication.SectionReader) error {
	err := s.machine.Restore(r)
	s.dataset.Store(s.machine.State().Memory())
	return err
}

func (s stateMachine) Clear() {
	s.machine.Clear()
	s.dataset.Store(0)
}

type view struct{ *commands.View }

func (v view) Snapshot(w replication.SectionWriter) error { return v.View.Snapshot(w) }

func (v view) Read(r *replication.Request, timeMs int64, out []byte) []byte {
	return v.View.Read(request(r), timeMs, out)
}
