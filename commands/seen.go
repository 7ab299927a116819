package commands

import (
	"strconv"
	"sync"

	"github.com/millrace-io/millrace/keyspace"
)

// An XREADGROUP that finds nothing new moves the consumer's seen-time and nothing
// else. It is not logged for that: the leader notes the time here, beside the
// state, and logs what has gathered every ten seconds.
const (
	seenInterval = 10_000 // ms
	seenMost     = 4096   // noted times before they are logged early
)

type seenTimes struct {
	mu    sync.Mutex
	noted map[seenKey]int64 // Unix ms
	since int64             // when the first of them was noted
}

type seenKey struct {
	db                   int
	key, group, consumer string
}

// noteSeen notes, in a read, that the consumer was seen now.
func (c *Call) noteSeen(key, group, consumer []byte) {
	s := c.seen
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.noted) == 0 {
		s.since = c.Now
		if s.noted == nil {
			s.noted = make(map[seenKey]int64)
		}
	}
	s.noted[seenKey{c.DBIndex, string(key), string(group), string(consumer)}] = c.Now
}

// seenTime is a consumer's seen-time with what was noted since: logged is what the
// state holds.
func (c *Call) seenTime(key, group []byte, consumer string, logged int64) int64 {
	s := c.seen
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.noted) == 0 {
		return logged
	}
	return max(logged, s.noted[seenKey{c.DBIndex, string(key), string(group), consumer}])
}

// due is when the noted times should be logged, 0 when there are none.
func (s *seenTimes) due() int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case len(s.noted) == 0:
		return 0
	case len(s.noted) >= seenMost:
		return s.since
	}
	return s.since + seenInterval
}

// take returns the noted times as the arguments of an internal command, five for
// each: database, key, group, consumer, time.
func (s *seenTimes) take(args [][]byte) [][]byte {
	s.mu.Lock()
	defer s.mu.Unlock()
	for k, t := range s.noted {
		args = append(args, strconv.AppendInt(nil, int64(k.db), 10), []byte(k.key), []byte(k.group), []byte(k.consumer),
			strconv.AppendInt(nil, t, 10))
	}
	s.noted = nil
	return args
}

// applySeen is the internal command on its place in the log. What has gone since
// is left alone.
func applySeen(state *keyspace.State, args [][]byte, now int64) {
	for ; len(args) >= 5; args = args[5:] {
		db, err1 := strconv.Atoi(string(args[0]))
		t, err2 := strconv.ParseInt(string(args[4]), 10, 64)
		if err1 != nil || err2 != nil {
			continue
		}
		k := state.DB(db).GetForWrite(args[1], now)
		if k == nil {
			continue
		}
		s, err := k.StreamForWrite()
		if err != nil || s.Group(args[2]) == nil {
			continue
		}
		g := s.GroupForWrite(args[2])
		if id, ok := g.Consumer(args[3]); ok && g.SeenTime(id) < t {
			g.Touch(id, t)
		}
	}
}
