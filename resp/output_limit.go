package resp

import "time"

// OutputLimit closes a client whose unsent replies pass Hard bytes, or stay past
// Soft bytes for SoftFor. 0 means no limit. A client without one is held back at
// Options.MaxUnsent; what a single long reply brings is bounded by maxOutput.
type OutputLimit struct {
	Hard, Soft int64
	SoftFor    time.Duration
}

// softClock notes since when a client is past its soft limit, without a break. It is
// wound by sweeps and stopped by what is sent: a client that is past the limit whenever
// a sweep comes along, and reads up in between, is a quick one.
type softClock struct{ since time.Time } // zero: it is not

// ranOut reports whether so many unsent bytes have been past it for too long.
func (c *softClock) ranOut(unsent int64, l OutputLimit, now time.Time) bool {
	if l.Soft == 0 || unsent <= l.Soft {
		c.since = time.Time{}
		return false
	}
	if c.since.IsZero() {
		c.since = now
	}
	return now.Sub(c.since) >= l.SoftFor
}

// sent notes that a client has taken something, and how much is left.
func (c *softClock) sent(unsent int64, l OutputLimit) {
	if unsent <= l.Soft {
		c.since = time.Time{}
	}
}

// piece is how many bytes may be written at once: what is under way when all else was
// sent must be below the soft limit. With a whole backlog in one write the client could
// have all of it, and be sent more, before anybody has noted that it was sent.
func (l *OutputLimit) piece(bytes int) int {
	if l.Soft == 0 {
		return bytes
	}
	return int(min(int64(bytes), max(l.Soft, minPiece)))
}

// minPiece is what a write sends even when the soft limit is below.
const minPiece = 4 << 10

// piece is how much of so many bytes the home may write at once.
func (s *Session) piece(bytes int) int {
	l := s.outputLimitLocked() // without the lock: the home alone writes what it looks at
	return l.piece(bytes)
}

// sentLocked accounts for bytes that the home has written to the connection.
func (s *Session) sentLocked(n int) {
	s.writing -= n
	s.info.netOut += uint64(n)
	s.soft.sent(int64(s.unsentLocked()), s.outputLimitLocked())
}

// maxOutput is the hard limit of those that have none: a client with a thousand long
// reads on their way is held back too late.
const maxOutput = 1 << 30

// holdAt is how many bytes may wait to be sent before a session is held back. Where
// there is a limit it goes on until that is passed, as in Redis.
func (l *OutputLimit) holdAt(maxUnsent int) int {
	switch {
	case l.Hard > 0:
		return max(maxUnsent, int(min(l.Hard, maxOutput))+1)
	case l.Soft > 0:
		return max(maxUnsent, int(min(l.Soft, maxOutput))+1)
	}
	return maxUnsent
}

// holdAt is from how many unsent bytes on the session is held back.
func (s *Session) holdAt() int {
	l := s.outputLimitLocked() // without the lock: the home alone writes what it looks at
	return l.holdAt(s.server.options.MaxUnsent)
}
