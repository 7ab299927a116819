package server

import (
	"sync/atomic"
	"time"

	"github.com/millrace-io/millrace/blocking"
	"github.com/millrace-io/millrace/commands"
	"github.com/millrace-io/millrace/keyspace"
	"github.com/millrace-io/millrace/replication"
	"github.com/millrace-io/millrace/resp"
)

// stateMachine joins the machine of commands to the partition that replicates it.
type stateMachine struct {
	machine *commands.Machine
	slow    *slowLog
	latency *latencies
	dataset *atomic.Int64 // size of the state, for who may not look at it
	memory  *footprint    // is told of each change of that
	*watcher
	laps *resp.Laps // of the commands of an entry
}

var _ replication.StateMachine = stateMachine{}

func request(r *replication.Request) commands.Request {
	cmd, _ := r.Op.(*commands.Command)
	r.Caused = nil
	return commands.Request{Command: cmd, Args: r.Args, DB: r.DB, Proto: r.Proto, InExec: r.InExec, Woken: r.Woken, Told: &r.Caused}
}

// holds notes the size of the state.
func (s stateMachine) holds(bytes int64) {
	s.dataset.Store(bytes)
	s.memory.counted()
}

func (s stateMachine) Begin(index uint64, timeMs int64) {
	s.machine.Begin(index, timeMs)
	s.holds(s.machine.State().Memory())
	s.laps.Start()
}

func (s stateMachine) Apply(r *replication.Request, ordinal uint32, out []byte) ([]byte, *blocking.Wait) {
	if r.Internal {
		s.machine.ApplyInternal(request(r), ordinal)
		if took := s.laps.Lap(); r.To != nil && string(r.Args[0]) == commands.InternalExpire {
			s.latency.note(eventExpire, took)
		}
		s.tell(r)
		return out, nil
	}
	out, wait := s.machine.Apply(request(r), ordinal, out)
	if r.To != nil { // else the log is run again
		s.ran(r, s.laps.Lap())
	}
	s.tell(r)
	if wait == nil {
		s.remember(r)
	}
	return out, wait
}

// timed is a replier that adds up how long commands ran. again: one that waited has
// looked once more, which makes it no further call.
type timed interface {
	Took(d time.Duration, again bool)
}

// ran notes how long a request has run.
func (s stateMachine) ran(r *replication.Request, took time.Duration) {
	cmd, _ := r.Op.(*commands.Command)
	if cmd == nil {
		return
	}
	if t, ok := r.To.(timed); ok {
		t.Took(took, r.Woken)
	}
	s.latency.ran(cmd, took)
	s.slow.note(cmd, r.Args, r.To, took)
}

func (s stateMachine) Unchanged(w *replication.Watched, timeMs int64) bool {
	return s.machine.Version(w.DB, w.Key, timeMs) == keyspace.Version{Index: w.Index, Ordinal: w.Ordinal}
}

func (s stateMachine) Changed() bool { return s.machine.Changed() }

func (s stateMachine) Ready() ([]blocking.Key, bool) {
	s.holds(s.machine.State().Memory())
	return s.machine.Ready()
}

func (s stateMachine) Read(r *replication.Request, timeMs int64, riding bool, out []byte) ([]byte, *blocking.Wait, replication.ReadOutcome) {
	var laps resp.Laps // reads run side by side
	laps.Start()
	// While clients are paused no key goes, and none that is past its deadline shows.
	paused := s.paused()
	reply, wait, err := s.machine.Read(request(r), timeMs, riding || paused, out)
	if wait == nil && err != commands.ErrExpired {
		s.remember(r)
	}
	if err == nil {
		s.ran(r, laps.Lap())
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

func (s stateMachine) Upkeep(timeMs int64, leads bool) *replication.Request {
	if s.paused() {
		return nil
	}
	upkeep := s.machine.Noted
	if leads {
		upkeep = s.machine.Upkeep
	}
	args := upkeep(timeMs)
	if args == nil {
		return nil
	}
	return &replication.Request{Args: args, Internal: true}
}

func (s stateMachine) NextUpkeep(leads bool) int64 {
	next := s.machine.NextNoted()
	if leads {
		next = s.machine.NextUpkeep()
	}
	if until, paused := s.front().Paused(); paused && next != 0 {
		next = max(next, until.UnixMilli()) // Unpaused asks again
	}
	return next
}

func (s stateMachine) View() replication.View { return view{s.machine.View(), s} }

func (s stateMachine) Restore(r replication.SectionReader) error {
	err := s.machine.Restore(r)
	s.ManyChanged()
	s.tell(nil)
	s.holds(s.machine.State().Memory())
	return err
}

func (s stateMachine) Clear() {
	s.machine.Clear()
	s.holds(0)
}

type view struct {
	*commands.View
	of stateMachine
}

func (v view) Snapshot(w replication.SectionWriter) error { return v.View.Snapshot(w) }

func (v view) Read(r *replication.Request, timeMs int64, out []byte) []byte {
	var laps resp.Laps
	laps.Start()
	reply := v.View.Read(request(r), timeMs, out)
	v.of.ran(r, laps.Lap())
	return reply
}
