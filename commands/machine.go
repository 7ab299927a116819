package commands

import (
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"sync"
	"sync/atomic"

	"github.com/millrace-io/millrace/blocking"
	"github.com/millrace-io/millrace/keyspace"
	"github.com/millrace-io/millrace/resp/wire"
	"github.com/millrace-io/millrace/streams"
)

// longReply is how much of a reply a read builds before it is sent to a view: a
// reader holds the partition's lock, and its loop, for no longer than that takes.
const longReply = 1 << 20

// Request is one command for the machine: what a partition's request says of it.
type Request struct {
	Command *Command // nil: to be looked up
	Args    [][]byte
	DB      int
	Proto   wire.Proto
	InExec  bool // of a transaction: nothing waits, and a long read is not put off
	Woken   bool // it has waited, and looks again
	// Told is where what the command did for others to be told is put, an []Effect;
	// it is left alone when there is none. nil: nobody wants to know.
	Told *any
}

// Machine runs commands on the state of one partition. Begin, Apply, ApplyInternal,
// View, Restore and Clear belong to one goroutine and exclude all others; Read, Quiet
// and Upkeep may run side by side in between.
type Machine struct {
	table     *Table
	databases int // that clients may select
	state     *keyspace.State
	logger    *slog.Logger

	call    Call // of the command being applied
	effects Effects
	time    int64
	index   uint64
	seen    seenTimes
	counts  counters
	draws   atomic.Uint64 // of random keys, by reads
	// interest is what effects are wanted, an Interest; anybody may change it.
	interest atomic.Uint32

	observer keyspace.Observer // of the state, nil for none
	lazy     atomic.Bool       // keys past their deadline stay until somebody comes for them

	readers sync.Pool // *Call
}

// NewMachine returns a machine on an empty state.
func NewMachine(table *Table, databases int, logger *slog.Logger) *Machine {
	m := &Machine{table: table, databases: databases, logger: logger}
	m.readers.New = func() any { return &Call{} }
	m.adopt(keyspace.New(databases))
	return m
}

// adopt makes state the machine's own.
func (m *Machine) adopt(state *keyspace.State) {
	m.state = state
	state.Observe(m.observer)
	state.Grow(m.databases) // a snapshot may come from a time of fewer
	state.OnExpired(func(db int, name string) {
		m.expired(db, name)
	})
	state.OnCreated(func(db int, name string) { m.keyEvent(EventNew, "new", db, name) })
}

// expired notes that a key is gone by its deadline.
func (m *Machine) expired(db int, name string) {
	m.counts.expired.Add(1)
	m.effects.Ready = append(m.effects.Ready, blocking.Key{DB: db, Name: name})
	m.keyEvent(EventExpired, "expired", db, name)
}

// Observe sets who is told of changes of keys. It is called before anything is
// applied.
func (m *Machine) Observe(o keyspace.Observer) {
	m.observer = o
	m.state.Observe(o)
}

// State is the machine's state, to be read under the same rules as Read.
func (m *Machine) State() *keyspace.State { return m.state }

// Begin starts an entry of the log: its index and its time in Unix milliseconds.
func (m *Machine) Begin(index uint64, timeMs int64) { m.index, m.time = index, timeMs }

// Apply runs a command at its place in the log, the ordinal-th of its entry, and
// appends the reply to out; or it returns what the command wants to wait for.
func (m *Machine) Apply(r Request, ordinal uint32, out []byte) ([]byte, *blocking.Wait) {
	cmd := r.Command
	if cmd == nil {
		var err error
		if cmd, err = m.table.Find(r.Args); err != nil {
			return wire.AppendError(out, err.Error()), nil
		}
	}
	m.state.Begin(m.index, ordinal)
	m.state.Grow(r.DB + 1) // the log may come from a time of more databases
	c := &m.call
	m.prepare(c, cmd, r, m.time, out)
	c.Applying, c.effects = true, &m.effects
	m.effects.Told = nil // a panic may have left some
	reply, wait := c.run()
	m.counts.add(c)
	r.handOver(m.effects.Told)
	return reply, wait
}

func (m *Machine) prepare(c *Call, cmd *Command, r Request, now int64, out []byte) {
	scratch := c.scratch
	clear(scratch[:cap(scratch)])
	*c = Call{
		Command: cmd, Args: r.Args, Proto: r.Proto, Now: now,
		interest: m.Interest(),
		State:    m.state, DB: m.state.DB(r.DB), DBIndex: r.DB,
		Out: out, replyStart: len(out), InExec: r.InExec, Woken: r.Woken, unbounded: r.InExec,
		scratch: scratch[:0], seen: &m.seen, draws: &m.draws,
	}
	settings := m.state.Settings()
	c.Limits = streams.Limits{MaxBytes: settings.StreamNodeMaxBytes, MaxEntries: settings.StreamNodeMaxEntries}
}

// run runs the command; an error becomes the reply.
func (c *Call) run() ([]byte, *blocking.Wait) {
	if err := c.Command.Run(c); err != nil {
		return AppendError(c.Out[:c.replyStart], err), nil
	}
	return c.Out, c.Wait
}

// AppendError appends the reply that stands for an error.
func AppendError(out []byte, err error) []byte {
	if errors.Is(err, keyspace.ErrWrongType) {
		err = errWrongType
	}
	return wire.AppendError(out, err.Error())
}

// Version is the place of a key's last change, zero when it is not there or past its
// deadline.
func (m *Machine) Version(db int, key []byte, now int64) keyspace.Version {
	if k, _ := m.state.DB(db).Get(key, now); k != nil {
		return k.Version()
	}
	return keyspace.Version{}
}

// Changed reports whether the command being applied has begun to change anything.
func (m *Machine) Changed() bool { return m.state.Changed() }

// Ready returns the keys whose waiters should look again, since the last call, or
// that all should. The slice is valid until the next Begin.
func (m *Machine) Ready() (keys []blocking.Key, all bool) {
	keys, all = m.effects.Ready, m.effects.All
	m.effects.Ready, m.effects.All = keys[:0], false
	return keys, all
}

// Settings are the settings that are part of the state.
func (m *Machine) Settings() Settings { return m.state.Settings() }

// Settings are the settings that are part of a partition's state.
type Settings = keyspace.Settings

// Read runs a command without changing anything: a read, or one that is Quiet.
// Its error is ErrExpired or ErrLong when it has to be run otherwise; riding reads
// (which stand at their place in an entry, at its time) take a key past its
// deadline for missing.
func (m *Machine) Read(r Request, now int64, riding bool, out []byte) ([]byte, *blocking.Wait, error) {
	c := m.readers.Get().(*Call)
	defer m.readers.Put(c)
	m.prepare(c, r.Command, r, now, out)
	c.riding = riding
	reply, wait, err := m.guarded(c)
	if err == nil {
		m.counts.add(c)
		r.handOver(c.told)
	}
	return reply, wait, err
}

// guarded runs a read; a panic fails it alone.
func (m *Machine) guarded(c *Call) (reply []byte, wait *blocking.Wait, err error) {
	defer func() {
		if v := recover(); v != nil {
			m.logger.Error("panic in a read", "command", c.Command.FullName(), "panic", v, "stack", string(debug.Stack()))
			reply, wait, err = AppendError(c.Out[:c.replyStart], ErrInternal), nil, nil
		}
	}()
	if err := c.Command.Run(c); err != nil {
		if err == ErrExpired || err == ErrLong {
			return c.Out[:c.replyStart], nil, err
		}
		return AppendError(c.Out[:c.replyStart], err), nil, nil
	}
	return c.Out, c.Wait, nil
}

// Quiet reports that a Log command, run now, would change nothing.
func (m *Machine) Quiet(r Request, now int64) bool {
	if r.Command == nil || r.Command.Quiet == nil {
		return false
	}
	c := m.readers.Get().(*Call)
	defer m.readers.Put(c)
	m.prepare(c, r.Command, r, now, nil)
	return r.Command.Quiet(c)
}

// Adds returns the stream to which a command adds an entry, for certain.
func (m *Machine) Adds(r Request) (blocking.Key, bool) {
	if r.Command == nil || r.Command.Adds == nil || !r.Command.Adds(r.Args) {
		return blocking.Key{}, false
	}
	return blocking.Key{DB: r.DB, Name: string(r.Args[1])}, true
}

// View returns the state as it is now, to be read while the state goes on.
func (m *Machine) View() *View { return &View{m: m, state: m.state.View()} }

// Restore replaces the state by a snapshot's.
func (m *Machine) Restore(r keyspace.SectionReader) error {
	state, err := keyspace.Restore(r)
	if err != nil {
		return fmt.Errorf("restore: %w", err)
	}
	m.adopt(state)
	return nil
}

// Clear replaces the state by an empty one.
func (m *Machine) Clear() { m.adopt(keyspace.New(m.databases)) }

// View is the state at one point of the log.
type View struct {
	m     *Machine
	state *keyspace.View
	now   int64 // for who looks at single keys
}

// At has the view look at keys as of a time, in Unix ms.
func (v *View) At(now int64) *View {
	v.now = now
	return v
}

// Snapshot writes the whole state.
func (v *View) Snapshot(w keyspace.SectionWriter) error { return v.state.Snapshot(w) }

// Read runs a read, however long its reply.
func (v *View) Read(r Request, now int64, out []byte) []byte {
	c := v.m.readers.Get().(*Call)
	defer v.m.readers.Put(c)
	v.m.prepare(c, r.Command, r, now, out)
	c.State, c.DB, c.riding, c.unbounded = nil, v.state.DB(r.DB), true, true
	reply, _, _ := v.m.guarded(c)
	v.m.counts.add(c)
	r.handOver(c.told)
	return reply
}
