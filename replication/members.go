package replication

import (
	"errors"
	"fmt"
	"slices"
	"strconv"

	"github.com/hashicorp/raft"
)

// Member is a node with a replica of the partition.
type Member struct {
	Node  uint64
	Voter bool // else it only listens, until it has caught up
}

// ErrNotLeader is the error of what only the leader's replica can do.
var ErrNotLeader = errors.New("this node does not lead the partition")

// servers is Raft's newest configuration.
func (p *Partition) servers() ([]raft.Server, error) {
	f := p.raft.GetConfiguration()
	if err := f.Error(); err != nil {
		return nil, err
	}
	return f.Configuration().Servers, nil
}

// Members are the nodes with a replica, as this one knows them.
func (p *Partition) Members() ([]Member, error) {
	servers, err := p.servers()
	if err != nil {
		return nil, err
	}
	members := make([]Member, 0, len(servers))
	for _, s := range servers {
		if node, ok := nodeOf(s.ID); ok {
			members = append(members, Member{node, s.Suffrage == raft.Voter})
		}
	}
	return members, nil
}

// AddLearner gives a node a replica that has no vote. It returns when that is committed.
func (p *Partition) AddLearner(node uint64) error {
	id := ServerID(node)
	err := p.change("add a replica on", node, p.raft.AddNonvoter(id, raft.ServerAddress(id), 0, 0))
	if err == nil {
		p.announceTo(node)
	}
	return err
}

// Promote gives a node's replica a vote. It returns when that is committed.
func (p *Partition) Promote(node uint64) error {
	p.term.alone.Store(false) // before: from now on this state alone proves nothing
	id := ServerID(node)
	err := p.change("promote", node, p.raft.AddVoter(id, raft.ServerAddress(id), 0, 0))
	return errors.Join(err, p.countVoters())
}

// Remove takes a node's replica out of the partition. It returns when that is
// committed; a leader that removes itself leads no more then.
func (p *Partition) Remove(node uint64) error {
	err := p.change("remove", node, p.raft.RemoveServer(ServerID(node), 0, 0))
	return errors.Join(err, p.countVoters())
}

func (p *Partition) change(what string, node uint64, f raft.IndexFuture) error {
	err := f.Error()
	if errors.Is(err, raft.ErrNotLeader) || errors.Is(err, raft.ErrLeadershipLost) {
		err = ErrNotLeader
	}
	if err != nil {
		return fmt.Errorf("partition %s: %s node %x: %w", p.ID, what, node, err)
	}
	return nil
}

// countVoters finds out whether this leader is the only voter.
func (p *Partition) countVoters() error {
	servers, err := p.servers()
	if err != nil {
		return err
	}
	t := &p.term
	t.mu.Lock()
	t.alone.Store(t.leads.Load() && onlyVoter(servers, p.Origin.Node))
	t.mu.Unlock()
	return nil
}

// TransferTo hands leadership to a node's replica, to any that is fit when node is 0. It
// returns when that one was told to stand for election.
func (p *Partition) TransferTo(node uint64) error {
	p.lease.bar()
	var f raft.Future
	if node == 0 {
		f = p.raft.LeadershipTransfer()
	} else {
		id := ServerID(node)
		f = p.raft.LeadershipTransferToServer(id, raft.ServerAddress(id))
	}
	err := f.Error()
	if err != nil {
		// Raft has refused all that was proposed meanwhile, and this replica may lead on.
		select {
		case p.term.anew <- struct{}{}:
		default:
		}
	}
	if errors.Is(err, raft.ErrNotLeader) {
		err = ErrNotLeader
	}
	if err != nil {
		return fmt.Errorf("partition %s: hand over leadership: %w", p.ID, err)
	}
	return nil
}

// LastIndex is the index of the last entry in this replica's log.
func (p *Partition) LastIndex() uint64 { return p.raft.LastIndex() }

// CommitIndex is how far this replica knows the log to be committed.
func (p *Partition) CommitIndex() uint64 { return p.raft.CommitIndex() }

func onlyVoter(servers []raft.Server, node uint64) bool {
	others := slices.ContainsFunc(servers, func(s raft.Server) bool {
		return s.Suffrage == raft.Voter && s.ID != ServerID(node)
	})
	return !others && slices.ContainsFunc(servers, func(s raft.Server) bool {
		return s.Suffrage == raft.Voter
	})
}

func nodeOf(id raft.ServerID) (uint64, bool) {
	node, err := strconv.ParseUint(string(id), 16, 64)
	return node, err == nil
}
