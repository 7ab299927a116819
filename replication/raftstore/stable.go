package raftstore

import (
	"bytes"
	"fmt"
	"runtime"
	"sync/atomic"

	"github.com/millrace-io/millrace/storage/log"
)

// The keys under which Raft keeps its term and its vote.
const (
	keyTerm     = "CurrentTerm"
	keyVoteTerm = "LastVoteTerm"
	keyVoteFor  = "LastVoteCand"
)

// Stable is a group's term and vote as Raft's stable store. Raft calls it from one
// goroutine.
type Stable struct {
	group   *log.Group
	started atomic.Bool // it is Raft's own goroutine that calls
}

// NewStable returns the stable store of a group.
func NewStable(g *log.Group) *Stable { return &Stable{group: g} }

// Started says that Raft runs: its own goroutine calls from now on.
func (s *Stable) Started() { s.started.Store(true) }

// set stores term and vote. Raft panics when that fails, with a trace for a last
// word; but the log has told the node already, which is about to stop with one
// clear line. So Raft's goroutine ends here instead: it can neither vote nor lead.
func (s *Stable) set(st log.State) error {
	err := s.group.SetState(st)
	if err != nil && s.started.Load() {
		runtime.Goexit()
	}
	return err
}

// Set implements raft.StableStore.
func (s *Stable) Set(key, val []byte) error {
	if string(key) != keyVoteFor {
		return unknownKey(key)
	}
	st := s.group.State()
	st.VoteFor = bytes.Clone(val)
	return s.set(st)
}

// Get implements raft.StableStore.
func (s *Stable) Get(key []byte) ([]byte, error) {
	if string(key) != keyVoteFor {
		return nil, unknownKey(key)
	}
	return s.group.State().VoteFor, nil
}

// SetUint64 implements raft.StableStore.
func (s *Stable) SetUint64(key []byte, val uint64) error {
	st := s.group.State()
	switch string(key) {
	case keyTerm:
		st.Term = val
	case keyVoteTerm:
		st.VoteTerm = val
	default:
		return unknownKey(key)
	}
	return s.set(st)
}

// GetUint64 implements raft.StableStore.
func (s *Stable) GetUint64(key []byte) (uint64, error) {
	st := s.group.State()
	switch string(key) {
	case keyTerm:
		return st.Term, nil
	case keyVoteTerm:
		return st.VoteTerm, nil
	}
	return 0, unknownKey(key)
}

func unknownKey(key []byte) error { return fmt.Errorf("stable store knows no key %q", key) }
