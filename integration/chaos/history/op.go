package history

import (
	"fmt"
	"sync"
	"time"
)

// Kind is what an operation does.
type Kind uint8

const (
	Add     Kind = iota // XADD Key * with Payload; replied: Entries[0].ID
	Len                 // XLEN Key; replied: N
	Last                // XREVRANGE Key + - COUNT 1; replied: Entries, none or one
	All                 // XRANGE Key - +; replied: Entries
	Deliver             // XREADGROUP of new entries of Key to Consumer of Group; replied: Entries
	Claim               // XAUTOCLAIM of Key's Group to Consumer, of what is idle for MinIdle; replied: Entries
	Ack                 // XACK Key Group IDs; replied: N
	Set                 // SET Key Payload
	Get                 // GET Key; replied: Payload, "" for nil
	Incr                // INCR Key; replied: N
)

var kinds = [...]string{"XADD", "XLEN", "XREVRANGE", "XRANGE", "XREADGROUP", "XAUTOCLAIM", "XACK", "SET", "GET", "INCR"}

func (k Kind) String() string { return kinds[k] }

// Outcome is what a client knows of an operation it sent.
type Outcome uint8

const (
	OK      Outcome = iota // done, with this reply
	Refused                // not done, and never will be
	Unknown                // done, not done, or done some day
)

func (o Outcome) String() string { return [...]string{"ok", "refused", "unknown"}[o] }

// Op is one operation of a client. Its kind says which fields it has.
type Op struct {
	Conn    int // the connection; every new connection has a new number
	Seq     int // its place among the connection's operations
	Kind    Kind
	Outcome Outcome
	Err     string // why not OK

	Call, Return time.Duration // since the history began

	Key, Group, Consumer string
	Payload              string
	MinIdle              time.Duration
	IDs                  []ID
	Entries              []Entry
	N                    int64
}

func (o *Op) String() string {
	s := fmt.Sprintf("%v %s", o.Kind, o.Key)
	for _, part := range []string{o.Group, o.Consumer, o.Payload} {
		if part != "" {
			s += " " + part
		}
	}
	return fmt.Sprintf("%s (connection %d, operation %d, %v to %v, %v %s)", s, o.Conn, o.Seq, o.Call, o.Return, o.Outcome, o.Err)
}

// Entry is a stream's entry; the workload gives each one payload.
type Entry struct {
	ID      ID
	Payload string
}

// Log collects operations. Its methods may be called from any goroutine.
type Log struct {
	began time.Time
	mu    sync.Mutex // covers ops
	ops   []Op
}

// NewLog begins a history now.
func NewLog() *Log { return &Log{began: time.Now()} }

// Now is the time since the history began, by the monotonic clock.
func (l *Log) Now() time.Duration { return time.Since(l.began) }

// Append adds operations that have returned.
func (l *Log) Append(ops ...Op) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.ops = append(l.ops, ops...)
}

// Len is how many operations there are.
func (l *Log) Len() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.ops)
}

// Ops ends the collecting and hands out the operations.
func (l *Log) Ops() []Op {
	l.mu.Lock()
	defer l.mu.Unlock()
	ops := l.ops
	l.ops = nil
	return ops
}

// MarshalText writes a kind as the command that it is.
func (k Kind) MarshalText() ([]byte, error) { return []byte(k.String()), nil }

// MarshalText writes an outcome as a word.
func (o Outcome) MarshalText() ([]byte, error) { return []byte(o.String()), nil }
