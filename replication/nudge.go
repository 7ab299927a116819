package replication

import "github.com/hashicorp/raft"

// Followers of hashicorp/raft hear that an entry is committed with the next append, or
// some 50 ms later when there is none; but a client's reply comes from the node that it
// is connected to, which may be a follower. So the leader tells the others of each entry
// that it applies, and the follower's replica hands that to its Raft as what it is: an
// append of nothing behind that entry, by the leader of that term.

// nudge says that a leader has committed its entry.
type nudge struct {
	leader, term, index uint64
}

// Transport is what a replica needs of Raft's transport.
type Transport interface {
	raft.Transport
	raft.WithPreVote
}

// nudged is a transport that hands nudges to Raft as well.
type nudged struct {
	Transport
	rpcs   chan raft.RPC
	nudges chan nudge // holds the newest that was not looked at
}

func newNudged(t Transport) *nudged {
	return &nudged{Transport: t, rpcs: make(chan raft.RPC), nudges: make(chan nudge, 1)}
}

// Consumer implements raft.Transport.
func (t *nudged) Consumer() <-chan raft.RPC { return t.rpcs }

// run passes on what comes until stop is closed. last is the end of this replica's log.
func (t *nudged) run(stop <-chan struct{}, last func() uint64) {
	var due nudge // whose entry is not there yet
	handed := uint64(0)
	for {
		select {
		case <-stop:
			return
		case rpc := <-t.Transport.Consumer():
			end := lastOf(rpc) // handed over, it is Raft's
			select {
			case <-stop:
				return
			case t.rpcs <- rpc:
			}
			if end > 0 {
				handed = end // Raft may be at it still; what comes next comes behind it
			}
		case due = <-t.nudges:
		}
		if due.index == 0 || max(last(), handed) < due.index {
			continue
		}
		select {
		case <-stop:
			return
		case t.rpcs <- due.rpc():
		}
		due = nudge{}
	}
}

// lastOf is the index of the last entry that a message to Raft brings, 0 for none.
func lastOf(rpc raft.RPC) uint64 {
	if a, ok := rpc.Command.(*raft.AppendEntriesRequest); ok && len(a.Entries) > 0 {
		return a.Entries[len(a.Entries)-1].Index
	}
	return 0
}

func (n nudge) rpc() raft.RPC {
	id := ServerID(n.leader)
	return raft.RPC{
		Command: &raft.AppendEntriesRequest{
			RPCHeader: raft.RPCHeader{ProtocolVersion: raft.ProtocolVersionMax, ID: []byte(id), Addr: []byte(id)},
			Term:      n.term, PrevLogEntry: n.index, PrevLogTerm: n.term, LeaderCommitIndex: n.index,
		},
		RespChan: make(chan raft.RPCResponse, 1), // nobody wants to know
	}
}

// put keeps the newest nudge.
func (t *nudged) put(n nudge) {
	for {
		select {
		case t.nudges <- n:
			return
		case <-t.nudges: // an older one, which this one includes
		}
	}
}

// nudgeOthers tells the other replicas that an entry of this leader's term is committed.
func (p *Partition) nudgeOthers(l *raft.Log) {
	peers := p.peers.Load()
	if peers == nil || p.Send == nil || !p.term.leads.Load() {
		return
	}
	for _, node := range *peers {
		p.sendTo(node, msgCommitted, l.Term, l.Index)
	}
}

// setPeers notes who the other replicas are.
func (p *Partition) setPeers(servers []raft.Server) {
	var peers []uint64
	for _, s := range servers {
		if node, ok := nodeOf(s.ID); ok && node != p.Origin.Node {
			peers = append(peers, node)
		}
	}
	p.peers.Store(&peers)
}

// Close implements raft.WithClose.
func (t *nudged) Close() error {
	if c, ok := t.Transport.(raft.WithClose); ok {
		return c.Close()
	}
	return nil
}
