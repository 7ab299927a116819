package cluster

import (
	"strconv"

	"github.com/millrace-io/millrace/blocking"
	"github.com/millrace-io/millrace/meta"
	"github.com/millrace-io/millrace/replication"
	"github.com/millrace-io/millrace/resp/wire"
)

// machine is the meta group's state as a partition replicates it. The partition's
// lock covers it.
type machine struct {
	state   *meta.State
	changed bool // by the command that was applied last
	// publish gets a copy of the state after each command that changed it, before that
	// is answered, and after a snapshot.
	publish func(*meta.State)
}

var _ replication.StateMachine = (*machine)(nil)

func newMachine(publish func(*meta.State)) *machine {
	return &machine{state: &meta.State{}, publish: publish}
}

func (m *machine) Begin(uint64, int64) {}

func (m *machine) Apply(r *replication.Request, _ uint32, out []byte) ([]byte, *blocking.Wait) {
	r.Caused = nil
	before := m.state.Version()
	m.changed = false
	n, err := m.state.Apply(r.Args)
	if m.changed = m.state.Version() != before; m.changed {
		m.publish(m.state.Clone()) // before the reply: whoever has that finds what it says
	}
	if err != nil {
		return wire.AppendError(out, "ERR "+err.Error()), nil
	}
	return wire.AppendInt(out, int64(n)), nil
}

func (m *machine) Unchanged(*replication.Watched, int64) bool { return true }

func (m *machine) Changed() bool { return m.changed }

func (m *machine) Ready() ([]blocking.Key, bool) { return nil, false }

// Read answers with the version: nobody reads the state through the log, but a read
// shows that it is as new as that.
func (m *machine) Read(r *replication.Request, _ int64, _ bool, out []byte) ([]byte, *blocking.Wait, replication.ReadOutcome) {
	r.Caused = nil
	return strconv.AppendUint(append(out, ':'), m.state.Version(), 10), nil, replication.ReadDone
}

func (m *machine) Quiet(*replication.Request, int64) bool { return false }

func (m *machine) Adds(*replication.Request) (blocking.Key, bool) { return blocking.Key{}, false }

func (m *machine) Upkeep(int64, bool) *replication.Request { return nil }

func (m *machine) NextUpkeep(bool) int64 { return 0 }

func (m *machine) View() replication.View { return metaView{m.state.Clone()} }

func (m *machine) Restore(r replication.SectionReader) error {
	s, err := meta.Restore(r)
	if err != nil {
		return err
	}
	m.state = s
	m.publish(s.Clone())
	return nil
}

func (m *machine) Clear() { m.state = &meta.State{} }

type metaView struct{ state *meta.State }

func (v metaView) Snapshot(w replication.SectionWriter) error { return v.state.Snapshot(w) }

func (v metaView) Read(_ *replication.Request, _ int64, out []byte) []byte {
	return strconv.AppendUint(append(out, ':'), v.state.Version(), 10)
}
