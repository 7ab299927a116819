package meta

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
)

// Names of the commands.
const (
	CmdBegin     = "BEGIN"
	CmdJoin      = "JOIN"
	CmdMember    = "MEMBER"
	CmdReaddress = "READDRESS"
	CmdRemove    = "REMOVE"
	CmdForget    = "FORGET"
	CmdSet       = "SET"
	CmdUnset     = "UNSET"
)

// What a command can fail with, beside arguments that make no sense. Nothing was
// changed then.
var (
	ErrBegun    = errors.New("the cluster has begun already")
	ErrNotBegun = errors.New("the cluster has not begun")
	ErrRemoved  = errors.New("the node was removed from the cluster and can't come back under its id: start it with an empty folder")
	ErrLeaving  = errors.New("the node is leaving the cluster")
	ErrUnknown  = errors.New("no such node in the cluster")
	ErrLastNode = errors.New("it is the last node of the cluster")
	ErrFull     = errors.New("the cluster has as many as it can have")
)

// command is how a command is run: on arguments without the name, of the right number.
type command struct {
	args int
	run  func(s *State, args []string) (result uint64, err error)
	free bool // may run before the cluster has begun
}

func lookUp(name string) (command, bool) {
	switch name {
	case CmdBegin:
		return command{6, (*State).begin, true}, true
	case CmdJoin:
		return command{4, (*State).join, false}, true
	case CmdMember:
		return command{1, (*State).member, false}, true
	case CmdReaddress:
		return command{4, (*State).readdress, false}, true
	case CmdRemove:
		return command{1, (*State).remove, false}, true
	case CmdForget:
		return command{1, (*State).forget, false}, true
	case CmdSet:
		return command{2, (*State).set, false}, true
	case CmdUnset:
		return command{1, (*State).unset, false}, true
	}
	return command{}, false
}

// Apply runs a command: all of it, or nothing when it returns an error. The result
// is that of the command, 0 for most; of JOIN and BEGIN the number of the node.
func (s *State) Apply(args [][]byte) (uint64, error) {
	if len(args) == 0 {
		return 0, errors.New("empty command")
	}
	name := string(args[0])
	cmd, ok := lookUp(name)
	switch {
	case !ok:
		return 0, fmt.Errorf("unknown command %.40q of the meta group", name)
	case len(args)-1 != cmd.args:
		return 0, fmt.Errorf("%s takes %d arguments, got %d", name, cmd.args, len(args)-1)
	case !cmd.free && !s.Begun():
		return 0, ErrNotBegun
	}
	words := make([]string, cmd.args)
	for i, a := range args[1:] {
		words[i] = string(a)
	}
	return cmd.run(s, words)
}

func (s *State) begin(args []string) (uint64, error) {
	if s.Begun() {
		return 0, ErrBegun
	}
	partitions, err := strconv.ParseUint(args[1], 10, 32)
	if err != nil || partitions < 1 || partitions > MaxPartitions {
		return 0, fmt.Errorf("%.40q partitions: must be a number from 1 to %d", args[1], MaxPartitions)
	}
	if len(args[0]) == 0 || len(args[0]) > maxText {
		return 0, fmt.Errorf("cluster id: must be 1 to %d bytes", maxText)
	}
	n, err := newNode(args[2:])
	if err != nil {
		return 0, err
	}
	n.Phase = Member
	s.cluster, s.partitions = args[0], uint32(partitions)
	s.add(n)
	return uint64(s.lastOrder), nil
}

// join adds a node. One that is there joins again with what it says now, so a joiner
// that did not hear the answer may ask again.
func (s *State) join(args []string) (uint64, error) {
	n, err := newNode(args)
	if err != nil {
		return 0, err
	}
	if at, found := s.find(n.ID); found {
		if s.nodes[at].Phase == Leaving {
			return 0, ErrLeaving
		}
		return uint64(s.nodes[at].Order), s.moved(at, n)
	}
	switch {
	case s.Removed(n.ID):
		return 0, ErrRemoved
	case len(s.nodes) == MaxNodes || s.lastOrder == MaxOrder:
		return 0, ErrFull
	}
	n.Phase = Joining
	s.add(n)
	return uint64(s.lastOrder), nil
}

func (s *State) readdress(args []string) (uint64, error) {
	n, err := newNode(args)
	if err != nil {
		return 0, err
	}
	at, err := s.known(n.ID)
	if err != nil {
		return 0, err
	}
	return 0, s.moved(at, n)
}

// moved gives the node at a place the addresses and the name of n.
func (s *State) moved(at int, n Node) error {
	old := s.nodes[at]
	n.Order, n.Phase = old.Order, old.Phase
	if n != old {
		s.nodes[at] = n
		s.version++
	}
	return nil
}

func (s *State) member(args []string) (uint64, error) {
	at, err := s.knownText(args[0])
	if err != nil {
		return 0, err
	}
	switch s.nodes[at].Phase {
	case Leaving:
		return 0, ErrLeaving
	case Joining:
		s.nodes[at].Phase = Member
		s.version++
	}
	return 0, nil
}

func (s *State) remove(args []string) (uint64, error) {
	at, err := s.knownText(args[0])
	if err != nil {
		return 0, err
	}
	if s.nodes[at].Phase == Leaving {
		return 0, nil
	}
	if s.staying() == 1 {
		return 0, ErrLastNode
	}
	s.nodes[at].Phase = Leaving
	s.version++
	return 0, nil
}

// staying counts the nodes that are not leaving.
func (s *State) staying() (n int) {
	for i := range s.nodes {
		if s.nodes[i].Phase != Leaving {
			n++
		}
	}
	return n
}

func (s *State) forget(args []string) (uint64, error) {
	id, err := ParseID(args[0])
	if err != nil {
		return 0, err
	}
	if s.Removed(id) {
		return 0, nil
	}
	at, found := s.find(id)
	switch {
	case !found:
		return 0, ErrUnknown
	case s.nodes[at].Phase != Leaving:
		return 0, fmt.Errorf("node %s is not leaving", FormatID(id))
	}
	s.nodes = slices.Delete(s.nodes, at, at+1)
	at, _ = slices.BinarySearch(s.removed, id)
	s.removed = slices.Insert(s.removed, at, id)
	s.version++
	return 0, nil
}

func (s *State) set(args []string) (uint64, error) {
	key, value := args[0], args[1]
	old, there := s.settings[key]
	switch {
	case len(key) == 0 || len(key) > maxSettingKey:
		return 0, fmt.Errorf("key of a setting: must be 1 to %d bytes", maxSettingKey)
	case len(value) > maxSettingText:
		return 0, fmt.Errorf("setting %q: at most %d bytes", key, maxSettingText)
	case !there && len(s.settings) == maxSettings:
		return 0, ErrFull
	}
	if there && old == value {
		return 0, nil
	}
	if s.settings == nil {
		s.settings = make(map[string]string)
	}
	s.settings[key] = value
	s.version++
	return 0, nil
}

func (s *State) unset(args []string) (uint64, error) {
	if _, there := s.settings[args[0]]; there {
		delete(s.settings, args[0])
		s.version++
	}
	return 0, nil
}

// newNode reads id, addr, client and name.
func newNode(args []string) (Node, error) {
	id, err := ParseID(args[0])
	if err != nil {
		return Node{}, err
	}
	n := Node{ID: id, Addr: args[1], Client: args[2], Name: args[3]}
	if n.Addr == "" {
		return Node{}, fmt.Errorf("node %s: a cluster address is needed", args[0])
	}
	for _, text := range args[1:] {
		if len(text) > maxText {
			return Node{}, fmt.Errorf("node %s: addresses and names have at most %d bytes", args[0], maxText)
		}
	}
	return n, nil
}

// add puts a new node in its place, with the next number.
func (s *State) add(n Node) {
	s.lastOrder++
	n.Order = s.lastOrder
	at, _ := s.find(n.ID)
	s.nodes = slices.Insert(s.nodes, at, n)
	s.version++
}

func (s *State) knownText(id string) (at int, err error) {
	n, err := ParseID(id)
	if err != nil {
		return 0, err
	}
	return s.known(n)
}

func (s *State) known(id uint64) (at int, err error) {
	at, found := s.find(id)
	switch {
	case found:
		return at, nil
	case s.Removed(id):
		return 0, ErrRemoved
	}
	return 0, ErrUnknown
}
