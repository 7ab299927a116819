package commands

import "github.com/millrace-io/millrace/blocking"

// expireAtOnce bounds the work of one expiry entry.
const expireAtOnce = 1000

// InternalExpire is the internal command that removes keys past their deadline.
const InternalExpire = "expire"

// Upkeep returns the internal command that is due, nil for none.
func (m *Machine) Upkeep(now int64) [][]byte {
	if deadline, ok := m.nextDeadline(); ok && deadline <= now {
		return [][]byte{[]byte(InternalExpire)}
	}
	if due := m.seen.due(); due != 0 && due <= now {
		return m.seen.take([][]byte{[]byte("seen")})
	}
	return nil
}

// NextUpkeep is when the next internal command is due, in Unix ms, 0 for never.
func (m *Machine) NextUpkeep() int64 {
	next := m.seen.due()
	if deadline, ok := m.nextDeadline(); ok && (next == 0 || deadline < next) {
		next = deadline
	}
	return next
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
func (m *Machine) ApplyInternal(args [][]byte, ordinal uint32) {
	m.state.Begin(m.index, ordinal)
	switch string(args[0]) {
	case InternalExpire:
		m.state.ExpireDue(m.time, expireAtOnce, func(db int, name string) {
			m.effects.Ready = append(m.effects.Ready, blocking.Key{DB: db, Name: name})
		})
	case "seen":
		applySeen(m.state, args[1:], m.time)
	case "setting":
		applySettings(m.state, args[1:])
	}
}
