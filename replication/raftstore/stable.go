package raftstore

import (
	"bytes"
	"fmt"

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
type Stable struct{ group *log.Group }

// NewStable returns the stable store of a group.
func NewStable(g *log.Group) *Stable { return &Stable{g} }

// Set implements raft.StableStore.
func (s *Stable) Set(key, val []byte) error {
	if string(key) != keyVoteFor {
		return unknownKey(key)
	}
	st := s.group.State()
	st.VoteFor = bytes.Clone(val)
	return s.group.SetState(st)
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
	return s.group.SetState(st)
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
