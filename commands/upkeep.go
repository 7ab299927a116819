package commands

import (
	"strconv"

	"github.com/millrace-io/millrace/keyspace"
)

// Bounds of the work of one entry.
const (
	expireAtOnce = 1000 // keys
	lookAtOnce   = 64   // streams, of which together
	forgetAtOnce = 2000 // iids are forgotten
)

// InternalExpire is the internal command that removes keys past their deadline.
const InternalExpire = "expire"

// Upkeep returns the internal command that is due, nil for none.
func (m *Machine) Upkeep(now int64) [][]byte {
	if deadline, ok := m.nextDeadline(); ok && deadline <= now {
		return [][]byte{[]byte(InternalExpire)}
	}
	if at, ok := m.state.NextLook(); ok && at <= now {
		args := [][]byte{[]byte("forget")}
		m.state.Overdue(now, lookAtOnce, func(db int, name string) {
			args = append(args, strconv.AppendInt(nil, int64(db), 10), []byte(name))
		})
		return args
	}
	return m.Noted(now)
}

// Noted returns the internal command that logs what was noted beside the state, when it
// is due, nil for none. NextNoted is when it will be.
func (m *Machine) Noted(now int64) [][]byte {
	if due := m.seen.due(); due != 0 && due <= now {
		return m.seen.take([][]byte{[]byte("seen")})
	}
	return nil
}

// NextNoted is when Noted may return something, in Unix ms, 0 for never.
func (m *Machine) NextNoted() int64 { return m.seen.due() }

// NextUpkeep is when the next internal command is due, in Unix ms, 0 for never.
func (m *Machine) NextUpkeep() int64 {
	next := m.seen.due()
	if deadline, ok := m.nextDeadline(); ok && (next == 0 || deadline < next) {
		next = deadline
	}
	if at, ok := m.state.NextLook(); ok && (next == 0 || at < next) {
		next = at
	}
	return next
}

// applyForget is the internal command that lets streams forget the iids that have
// expired. Of a stream that has more of them than one entry may drop, the rest is due
// at once.
func applyForget(state *keyspace.State, args [][]byte, now int64) {
	left := forgetAtOnce
	for ; len(args) >= 2; args = args[2:] {
		i, err := strconv.Atoi(string(args[0]))
		if err != nil {
			continue
		}
		db := state.DB(i)
		if db == nil {
			continue
		}
		if k := db.GetForWrite(args[1], now); k != nil {
			left -= db.Forget(k, now, left)
		}
	}
}

// SetActiveExpire chooses whether keys past their deadline are removed by
// themselves. It may be called at any time.
func (m *Machine) SetActiveExpire(on bool) { m.lazy.Store(!on) }

func (m *Machine) nextDeadline() (int64, bool) {
	if m.lazy.Load() {
		return 0, false
	}
	return m.state.NextDeadline()
}

// ApplyInternal runs an internal command at its place in the log.
func (m *Machine) ApplyInternal(r Request, ordinal uint32) {
	m.state.Begin(m.index, ordinal)
	m.effects.Told = nil
	args := r.Args
	switch string(args[0]) {
	case InternalExpire:
		m.state.ExpireDue(m.time, expireAtOnce, m.expired)
	case "forget":
		applyForget(m.state, args[1:], m.time)
	case "seen":
		applySeen(m.state, args[1:], m.time)
	case "setting":
		applySettings(m.state, args[1:])
	}
	r.handOver(m.effects.Told)
}
