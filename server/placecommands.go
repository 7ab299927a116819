package server

import (
	"context"
	"errors"
	"time"

	"github.com/millrace-io/millrace/commands"
)

// How long an operator's command may take.
const (
	removeWithin   = time.Minute
	transferWithin = 15 * time.Second
)

var _ commands.Cluster = (*place)(nil)

// Topology implements commands.Cluster.
func (p *place) Topology() *commands.Topology { return p.topology.Load() }

// Redirects implements commands.Cluster.
func (p *place) Redirects() bool { return p.n.live.Config().Redirects() }

// Links implements commands.Cluster.
func (p *place) Links() (links []commands.ClusterLink) {
	for _, n := range p.State().Nodes() {
		if up, since := p.Linked(n.ID); up && n.ID != p.n.origin.Node {
			links = append(links, commands.ClusterLink{Node: commands.NodeID(n.ID), Outgoing: true, Created: since})
		}
	}
	return links
}

// Traffic implements commands.Cluster.
func (p *place) Traffic() commands.ClusterTraffic {
	t := p.Cluster.Traffic()
	return commands.ClusterTraffic{Sent: t.Sent, Received: t.Received, Dropped: t.Dropped}
}

// CountKeysInSlot implements commands.Cluster.
func (p *place) CountKeysInSlot(slot uint16) (n int) {
	p.n.inspect(func(m *commands.Machine) { n += m.CountKeysInSlot(slot) })
	return n
}

// KeysInSlot implements commands.Cluster.
func (p *place) KeysInSlot(slot uint16, most int) (names []string) {
	p.n.inspect(func(m *commands.Machine) { names = append(names, m.KeysInSlot(slot, most-len(names))...) })
	return names
}

// Add implements commands.Cluster.
func (p *place) Add(addr string, done func(error)) {
	p.later(removeWithin, func(ctx context.Context) error { return p.Recruit(ctx, addr) }, done)
}

// later runs what takes its time, and says how it ended. It ends with the node.
func (p *place) later(within time.Duration, run func(context.Context) error, done func(error)) {
	p.running.Go(func() {
		ctx, cancel := context.WithTimeout(p.below, within)
		defer cancel()
		done(run(ctx))
	})
}

// Remove implements commands.Cluster. A node that removes itself answers as soon as
// that is decided: it serves nobody until it is done.
func (p *place) Remove(node commands.NodeID, done func(error)) {
	p.later(removeWithin, func(ctx context.Context) error {
		if err := p.Cluster.Remove(ctx, uint64(node)); err != nil || uint64(node) == p.n.origin.Node {
			return err
		}
		return p.WaitGone(ctx, uint64(node))
	}, done)
}

// Transfer implements commands.Cluster.
func (p *place) Transfer(partition int, to commands.NodeID, done func(error)) {
	p.later(transferWithin, func(ctx context.Context) (err error) {
		for i := range p.n.partitions {
			if partition == commands.AllPartitions || partition == i {
				err = errors.Join(err, p.Cluster.Transfer(ctx, uint32(i), uint64(to)))
			}
		}
		return err
	}, done)
}

var errSnapshotRunning = errors.New("ERR a snapshot is being taken")

// Snapshot implements commands.Cluster.
func (p *place) Snapshot(number int, done func(error)) {
	of := p.n.partitions
	if number != commands.AllPartitions {
		of = of[number : number+1]
	}
	if !p.n.saves.begin() {
		done(errSnapshotRunning)
		return
	}
	p.later(removeWithin, func(context.Context) error { return p.n.takeSnapshot(of) }, done)
}
