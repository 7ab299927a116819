package commands

import "github.com/millrace-io/millrace/blocking"

// expireAtOnce bounds the work of one expiry entry.
const expireAtOnce = 1000

// Upkeep returns the internal command that is due, nil for none.
func (m *Machine) Upkeep(now int64) [][]byte {
	if deadline, ok := m.state.NextDeadline(); ok && deadline <= now {
		return [][]byte{[]byte("expire")}
	}
	if due := m.seen.due(); due != 0 && due <= now {
		return m.seen.take([][]byte{[]byte("seen")})
	}
	return nil
}

// NextUpkeep is when the next internal command is due, in Unix ms, 0 for never.
func (m *Machine) NextUpkeep() int64 {
	next := m.seen.due()
	if deadline, ok := m.state.NextDeadline(); ok && (next == 0 || deadline < next) {
		next = deadline
	}
	return next
}

// ApplyInternal runs an internal command at its place in the log.
func (m *Machine) ApplyInternal(args [][]byte, ordinal uint32) {
	m.state.Begin(m.index, ordinal)
	switch string(args[0]) {
	case "expire":
		m.state.ExpireDue(m.time, expireAtOnce, func(db int, name string) {
			m.counts.expired.Add(1)
			m.effects.Ready = append(m.effects.Ready, blocking.Key{DB: db, Name: name})
		})
	case "seen":
		applySeen(m.state, args[1:], m.time)
	case "setting":
		applySettings(m.state, args[1:])
	}
}
