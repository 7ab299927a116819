package cluster

import "slices"

// action is what a group's leader does to its Raft configuration.
type action uint8

const (
	nothing action = iota
	addLearner
	promote
	remove
	transfer // leadership to the node
)

func (a action) String() string {
	return [...]string{"nothing", "add learner", "promote", "remove", "transfer leadership"}[a]
}

// step is one change, by one node.
type step struct {
	do   action
	node uint64
}

// member is a node in a group's Raft configuration.
type member struct {
	node  uint64
	voter bool
}

// situation is what the leader of a group knows when it decides on a step.
type situation struct {
	self    uint64   // the leader
	members []member // Raft's configuration
	wanted  []uint64 // who is to be a voter, by the meta group
	// gone reports that a node is to be in no group any more. One that is neither wanted
	// nor gone is not known here yet: it is left alone.
	gone func(node uint64) bool
	up   func(node uint64) bool
	// caughtUp reports whether a learner has what the others have.
	caughtUp func(node uint64) bool
	// held reports that a node is not to be taken out yet, though it is not wanted.
	held func(node uint64) bool
	// preferred is who is to lead, 0 for anybody.
	preferred uint64
}

// next is the next step towards what the meta group wants. What helps goes before
// what takes away; and nothing is done after which the voters that are up would be no
// majority.
func (s *situation) next() step {
	for _, m := range s.members {
		if s.gone(m.node) && m.node != s.self && (!m.voter && !s.held(m.node) || !s.up(m.node)) && s.canRemove(m) {
			return step{remove, m.node}
		}
	}
	for _, node := range s.wanted {
		if !s.has(node) && s.up(node) {
			return step{addLearner, node}
		}
	}
	for _, m := range s.members {
		if !m.voter && s.wants(m.node) && s.up(m.node) && s.caughtUp(m.node) && s.canPromote() {
			return step{promote, m.node}
		}
	}
	for _, m := range s.members {
		if m.voter && s.gone(m.node) && m.node != s.self && !s.held(m.node) && s.canRemove(m) {
			return step{remove, m.node}
		}
	}
	return s.leadership()
}

// leadership moves it away from a leader that is to leave, or to whom it belongs.
func (s *situation) leadership() step {
	if s.gone(s.self) {
		if to := s.successor(); to != 0 {
			return step{transfer, to}
		}
		return step{}
	}
	if s.preferred != 0 && s.preferred != s.self && s.mayLead(s.preferred) {
		return step{transfer, s.preferred}
	}
	return step{}
}

// successor is who takes over from a leader that is to leave, 0 for nobody.
func (s *situation) successor() uint64 {
	if s.preferred != s.self && s.mayLead(s.preferred) {
		return s.preferred
	}
	for _, m := range s.members {
		if m.node != s.self && s.mayLead(m.node) {
			return m.node
		}
	}
	return 0
}

func (s *situation) mayLead(node uint64) bool {
	return s.wants(node) && s.up(node) && slices.Contains(s.members, member{node, true})
}

func (s *situation) wants(node uint64) bool { return slices.Contains(s.wanted, node) }

func (s *situation) has(node uint64) bool {
	return slices.ContainsFunc(s.members, func(m member) bool { return m.node == node })
}

// canRemove reports whether a majority is up without m. A learner has no vote.
func (s *situation) canRemove(m member) bool {
	if !m.voter {
		return true
	}
	voters, up := s.voters()
	voters--
	if s.up(m.node) {
		up--
	}
	return voters > 0 && up > voters/2
}

// canPromote reports whether a majority is up with one more voter, who is up.
func (s *situation) canPromote() bool {
	voters, up := s.voters()
	return up+1 > (voters+1)/2
}

func (s *situation) voters() (all, up int) {
	for _, m := range s.members {
		if m.voter {
			all++
			if s.up(m.node) {
				up++
			}
		}
	}
	return all, up
}

// preferredLeader spreads partitions over the voters that stay: sorted by id, the
// partition's number tells which one.
func preferredLeader(partition uint32, members []member, wanted []uint64) uint64 {
	var voters []uint64
	for _, m := range members {
		if m.voter && slices.Contains(wanted, m.node) {
			voters = append(voters, m.node)
		}
	}
	if len(voters) == 0 {
		return 0
	}
	slices.Sort(voters)
	return voters[int(partition)%len(voters)]
}
