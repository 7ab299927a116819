package resp

import "github.com/millrace-io/millrace/commands"

// redirection is the answer to a command that another node has to serve, or none can at
// the moment. It was not run. An EXEC gets these words as they are.
type redirection struct{ error }

// redirects reports that clients are sent to the leaders of slots. Where any node serves
// all this costs one look at an option.
func (s *Session) redirects() bool {
	return s.server.options.Redirect && s.server.node.Cluster() != nil
}

// redirected is where a command has to go instead, or why it can't be served; nil for one
// that can be served here. In a transaction EXEC is for the keys of all that was queued.
func (s *Session) redirected(cmd *commands.Command, args [][]byte) error {
	if !s.redirects() {
		return nil
	}
	if cmd.Class == commands.Transact {
		return s.redirectedExec()
	}
	slot, keyed, err := cmd.SlotOf(args)
	switch {
	case cmd.Name == "sunsubscribe": // what a client has here it may always give up
		return nil
	case err != nil:
		return redirection{err}
	case !keyed:
		return nil
	}
	return s.away(slot, cmd.Class == commands.Read)
}

// redirectedExec is redirected for a whole transaction.
func (s *Session) redirectedExec() error {
	if s.tx == nil {
		return nil
	}
	slot, keyed, reads := uint16(0), false, true
	for _, q := range s.tx.queue {
		at, found, err := q.command.SlotOf(q.args)
		switch {
		case err != nil || found && keyed && at != slot:
			return redirection{commands.ErrCrossSlot}
		case found:
			slot, keyed = at, true
			reads = reads && q.command.Class == commands.Read
		}
	}
	if !keyed {
		return nil
	}
	return s.away(slot, reads)
}

// away is nil when this node serves a slot: it leads it, or the client wants to read and
// has said by READONLY that a replica will do.
func (s *Session) away(slot uint16, reads bool) error {
	t := s.server.node.Cluster().Topology()
	p := t.Owner(slot)
	if p == nil {
		return redirection{commands.ErrSlotNotServed}
	}
	if p.Leader == t.Self || reads && s.info.readOnly && p.Replica(t.Self) != nil {
		return nil
	}
	leader := t.LeaderOf(p)
	if leader == nil {
		return redirection{commands.ErrClusterDown}
	}
	return redirection{commands.ErrMoved(slot, leader)}
}

// refusedInCluster is why a command can't be run at all where clients are sent to the
// leaders.
func (s *Session) refusedInCluster(cmd *commands.Command, args [][]byte) error {
	if !s.redirects() {
		return nil
	}
	return cmd.RefusedInCluster(args)
}
