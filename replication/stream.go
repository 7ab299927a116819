package replication

import (
	"slices"
	"sync"
	"time"
)

// stream is what this origin has on its way to the partition: numbered parts, in order
// and without gaps, each kept until this node's own apply has seen it in the log. So
// whatever becomes of a leader, they can be sent again: the log takes each number once.
type stream struct {
	mu     sync.Mutex
	origin Origin
	parts  []*part // ascending; not yet applied here
	sent   int     // of them were handed to the present leader
	last   uint64  // number of the newest
	free   []*part
}

// newPart is a part to be filled, from an old one where there is one.
func (s *stream) newPart() *part {
	s.mu.Lock()
	defer s.mu.Unlock()
	if n := len(s.free); n > 0 {
		p := s.free[n-1]
		s.free = s.free[:n-1]
		return p
	}
	return &part{}
}

// add numbers a part and takes it into the stream. sent says that the caller, a leader,
// puts it into the log itself; nothing unsent may stand before it.
func (s *stream) add(p *part, now time.Time, sent bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.last++
	p.origin, p.number, p.made = s.origin, s.last, now
	s.parts = append(s.parts, p)
	if sent {
		s.sent = len(s.parts)
	}
}

// applied takes the part of that number out of the stream: the log has it. Parts in
// front of it can't be in the log behind it; the stream has none.
func (s *stream) applied(number uint64) *part {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.parts) == 0 || s.parts[0].number != number {
		return nil
	}
	p := s.parts[0]
	s.drop(1)
	return p
}

// upTo takes out the parts up to a number: a snapshot holds what they did.
func (s *stream) upTo(number uint64) []*part {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := 0
	for n < len(s.parts) && s.parts[n].number <= number {
		n++
	}
	gone := slices.Clone(s.parts[:n])
	s.drop(n)
	return gone
}

func (s *stream) drop(n int) {
	rest := copy(s.parts, s.parts[n:])
	clear(s.parts[rest:])
	s.parts = s.parts[:rest]
	s.sent = max(s.sent-n, 0)
}

// recycle keeps an applied part for a next one.
func (s *stream) recycle(p *part) {
	clear(p.reqs)
	*p = part{reqs: p.reqs[:0]}
	s.mu.Lock()
	s.free = append(s.free, p)
	s.mu.Unlock()
}

// again has everything sent once more.
func (s *stream) again() {
	s.mu.Lock()
	s.sent = 0
	s.mu.Unlock()
}

// unsent calls send with each part that the present leader was not handed, encoded,
// until it reports false.
func (s *stream) unsent(buf []byte, send func(encoded []byte) bool) []byte {
	s.mu.Lock()
	defer s.mu.Unlock()
	for s.sent < len(s.parts) {
		buf = appendPart(buf[:0], s.parts[s.sent])
		if !send(buf) {
			break
		}
		s.sent++
	}
	return buf
}

// length is the number of parts on their way, and whether all of them were sent.
func (s *stream) length() (n int, sent bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.parts), s.sent == len(s.parts)
}

// newest is the number of the last part that was taken.
func (s *stream) newest() uint64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.last
}

// seen is the number up to which all parts were applied, or given up.
func (s *stream) seen() uint64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, p := range s.parts {
		if p.encoded == nil {
			return p.number - 1
		}
	}
	return s.last
}

// oldest is when the first part on its way was made.
func (s *stream) oldest() (time.Time, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.parts) == 0 || s.parts[0].made.IsZero() {
		return time.Time{}, false
	}
	return s.parts[0].made, true
}

// abandon encodes the parts that were made before a time, and gives their requests back:
// nobody here waits for them any more. The parts stay in the stream.
func (s *stream) abandon(before time.Time) (reqs []*Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, p := range s.parts {
		if p.encoded != nil || !p.made.Before(before) {
			continue
		}
		p.encoded = appendPart(nil, p)
		reqs = append(reqs, p.reqs...)
		p.reqs = nil
	}
	return reqs
}
