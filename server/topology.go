package server

import (
	"context"
	"time"

	"github.com/millrace-io/millrace/cluster"
	"github.com/millrace-io/millrace/commands"
	"github.com/millrace-io/millrace/keyspace"
	"github.com/millrace-io/millrace/meta"
)

const (
	// watchEvery is how often the node looks who leads, pollEvery how often it asks the
	// others how far they are.
	watchEvery = 100 * time.Millisecond
	pollEvery  = time.Second
)

// watch keeps the topology that clients are told.
func (p *place) watch(ctx context.Context) {
	look, poll := time.NewTicker(watchEvery), time.NewTicker(pollEvery)
	defer look.Stop()
	defer poll.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-look.C:
			p.refresh()
		case <-poll.C:
			p.observe(ctx)
			p.n.adoptSettings()
		}
	}
}

// observe asks the other nodes how far they are.
func (p *place) observe(ctx context.Context) {
	s := p.Status(ctx)
	p.polled.Store(&s)
	p.refresh()
}

// refresh makes the topology of what is known here: who leads changes between two
// rounds of questions.
func (p *place) refresh() {
	polled := p.polled.Load()
	state := p.State()
	epoch := state.Version()
	var nodes []commands.ClusterNode
	for _, n := range state.Nodes() {
		nodes = append(nodes, p.topologyNode(n))
	}
	for _, id := range state.RemovedIDs() {
		nodes = append(nodes, commands.ClusterNode{ID: commands.NodeID(id), State: commands.NodeRemoved})
	}
	partitions := make([]commands.ClusterPartition, len(p.n.partitions))
	for i, pt := range p.n.partitions {
		leader, term, _ := pt.Leader()
		epoch += term
		if up, _ := p.Linked(leader); !up && leader != p.n.origin.Node {
			leader = 0 // the last that was heard of: nobody is to be sent to it
		}
		partitions[i] = commands.ClusterPartition{
			Slots: slotsOf(i, len(p.n.partitions)), Leader: commands.NodeID(leader), Term: term, Replicas: replicas(pt, i, polled),
		}
	}
	p.topology.Store(commands.NewTopology(commands.NodeID(p.n.origin.Node), epoch, nodes, partitions))
}

func (p *place) topologyNode(n meta.Node) commands.ClusterNode {
	up, since := p.Linked(n.ID)
	out := commands.ClusterNode{ID: commands.NodeID(n.ID), Client: endpoint(n.Client), Bus: endpoint(n.Addr)}
	switch {
	case !up:
		out.State, out.Heard = commands.NodeDown, since
	case n.Phase == meta.Joining:
		out.State = commands.NodeJoining
	}
	if up && n.ID != p.n.origin.Node {
		out.Heard = time.Now()
	}
	return out
}

func endpoint(addr string) commands.Endpoint {
	e, err := commands.ParseEndpoint(addr)
	if err != nil {
		return commands.Endpoint{} // not known yet
	}
	return e
}

// slotsOf are the slots of a partition: those that newSlotTable gives it.
func slotsOf(partition, of int) []commands.SlotRange {
	first := func(p int) int { return (p*keyspace.Slots + of - 1) / of }
	return []commands.SlotRange{{First: uint16(first(partition)), Last: uint16(first(partition+1) - 1)}}
}

// replicas are a partition's, as far as its members are known here and they have said
// how far they are.
func replicas(pt *partition, number int, polled *cluster.Status) []commands.ClusterReplica {
	members, err := pt.Members()
	if err != nil {
		return nil
	}
	out := make([]commands.ClusterReplica, len(members))
	for i, m := range members {
		out[i] = commands.ClusterReplica{Node: commands.NodeID(m.Node), Voter: m.Voter, Lag: -1}
		if polled == nil {
			continue
		}
		for _, n := range polled.Nodes {
			if n.ID == m.Node && n.Answered {
				r := n.Replicas[number+1] // the meta group is the first
				out[i].Applied, out[i].Lag = r.Applied, int64(r.Behind)
			}
		}
	}
	return out
}
