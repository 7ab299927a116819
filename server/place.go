package server

import (
	"context"
	"errors"
	"fmt"
	iofs "io/fs"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/millrace-io/millrace/cluster"
	"github.com/millrace-io/millrace/commands"
	"github.com/millrace-io/millrace/pubsub"
	"github.com/millrace-io/millrace/replication"
	"github.com/millrace-io/millrace/replication/mesh"
	"github.com/millrace-io/millrace/replication/raftstore"
	"github.com/millrace-io/millrace/server/config"
	"github.com/millrace-io/millrace/storage"
	"github.com/millrace-io/millrace/storage/log"
	"github.com/millrace-io/millrace/storage/snapshot"
	"github.com/millrace-io/millrace/storage/vfs"
)

// metaGroup is the meta group in the node's log and snapshots.
const metaGroup log.GroupID = 0

const (
	handOverWithin = 3 * time.Second
	// leaveWithin is how long a node that leaves its cluster waits to be taken out of
	// all groups, once its clients are done.
	leaveWithin   = 30 * time.Second
	unblockWithin = 5 * time.Second
)

// place is the node's place in its cluster. A node on its own has none.
type place struct {
	*cluster.Cluster
	n         *Node
	group     *log.Group // the meta group's
	snapshots *raftstore.Snapshots
	topology  atomic.Pointer[commands.Topology]
	polled    atomic.Pointer[cluster.Status] // of a moment ago
	turnAway  sync.Once                      // what is noted of ErrCopied
	settled   atomic.Bool                    // the state has the settings that this node had to bring
	below     context.Context                // what commands of operators run under, and
	running   *sync.WaitGroup                // who waits for them; of Run, set before there are clients
	settings  commands.Settings              // that CONFIG GET was last told of; the watcher's
}

// identity is how an empty folder gets its ids, and its number of partitions: those of
// the cluster that it joins, which is asked before there is anything in the folder.
func (n *Node) identity(ctx context.Context, fs vfs.FS, c *config.Config) (storage.Options, error) {
	o := storage.Options{Now: n.started, Partitions: c.Partitions, Identity: func() (string, string, error) {
		if err := cluster.RemovePeers(fs, c.Dir); err != nil {
			return "", "", err
		}
		return newIdentity()
	}}
	_, err := fs.Stat(filepath.Join(c.Dir, "node.json"))
	if c.Join == "" || !errors.Is(err, iofs.ErrNotExist) {
		return o, nil
	}
	self := mesh.Identity{Node: randomNumber(), Addr: c.ClusterAddress(n.bus.Addr().String())}
	found, err := n.findCluster(ctx, c, mesh.Options{
		Self: func() mesh.Identity { return self }, Secret: c.ClusterSecret, TLS: n.tls, NoAuthentication: c.ClusterSecret == "" && n.tls == nil,
		Dial: n.outside.Dial, Logger: n.logger,
	})
	if err != nil {
		return o, fmt.Errorf("join a cluster: %w", err)
	}
	o.Partitions = int(found.Partitions)
	o.Identity = func() (string, string, error) {
		// Before the identity: a folder that has one is never taken for that of a node
		// that is to begin a cluster.
		if err := cluster.SavePeers(fs, c.Dir, found); err != nil {
			return "", "", err
		}
		return fmt.Sprintf("%016x", self.Node), found.Cluster, nil
	}
	return o, nil
}

// findCluster returns the cluster to join: that of the nodes which join names, or the one that
// first tells this node to.
func (n *Node) findCluster(ctx context.Context, c *config.Config, o mesh.Options) (*cluster.Peers, error) {
	if !c.WaitsToJoin() {
		return (&cluster.Seeker{Addrs: c.JoinAddrs(), Mesh: o}).Find(ctx)
	}
	o.Listener = n.bus
	n.logger.Info("waiting to be told which cluster to join", "addr", n.bus.Addr().String())
	found, err := (&cluster.Recruit{Mesh: o}).Wait(ctx)
	if err != nil {
		return nil, err
	}
	return found, n.listenForNodes(c) // again: waiting has ended with the listener
}

// openPlace opens the node's place in its cluster, if it is to have one.
func (n *Node) openPlace(fs vfs.FS, c *config.Config, origin replication.Origin) error {
	group := n.log.Group(metaGroup)
	if !c.Clustered() {
		if group.End() > 0 {
			return fmt.Errorf("the folder %s is that of a member of cluster %s: cluster-addr must be set", c.Dir, n.folder.Node().ClusterID)
		}
		return nil
	}
	store, err := snapshot.Open(fs, c.Dir, uint32(metaGroup))
	if err != nil {
		return err
	}
	p := &place{n: n, group: group, snapshots: raftstore.NewSnapshots(store, group)}
	if err := raftstore.Reconcile(group, p.snapshots, n.logger.With("partition", replication.Meta)); err != nil {
		return err
	}
	p.Cluster, err = cluster.New(cluster.Options{
		Node: origin.Node, Boot: origin.Boot, Cluster: n.folder.Node().ClusterID, Partitions: uint32(n.folder.Node().Partitions), Databases: c.Databases,
		Addr: c.ClusterAddress(n.bus.Addr().String()), Join: c.JoinAddrs(), Joins: c.Join != "", FS: fs, Dir: c.Dir,
		Secret: c.ClusterSecret, TLS: n.tls, NoAuthentication: c.ClusterSecret == "" && n.tls == nil,
		Listener: n.bus, Dial: n.outside.Dial, ElectionTimeout: c.ElectionTimeout, Wall: n.outside.Wall,
		Stores: replication.Stores{Log: raftstore.NewLog(p.snapshots), Stable: raftstore.NewStable(group), Snapshots: p.snapshots},
		Room:   n.refuse, Published: p.published, Unblock: func(id uint64, withError bool, done func(bool)) { n.front.Unblock(id, withError, done) },
		Fatal: p.fatal, Logger: n.logger,
	})
	if err != nil {
		return err
	}
	if has := p.Databases(); has != c.Databases {
		n.logger.Info("the cluster keeps the number of databases that it was begun with", "databases", has, "asked", c.Databases)
		n.live.Adopt(func(c *config.Config) { c.Databases = has })
	}
	n.place, n.cluster = p, p
	return nil
}

// fatal ends the node; one whose folder is a copy for good.
func (p *place) fatal(err error) {
	if errors.Is(err, cluster.ErrCopied) {
		p.turnAway.Do(func() { // others wait until it is on disk: with the node's end that may never be
			if failed := p.n.folder.TurnAway(strings.TrimSuffix(err.Error(), ": "+cluster.ErrCopied.Error())); failed != nil {
				p.n.logger.Error("could not note in the data folder that it must never be started again", "path", p.n.folder.Dir(), "err", failed)
			}
		})
	}
	p.n.fail(err)
}

// inCluster completes the options of a partition's replica.
func (n *Node) inCluster(o replication.Options) replication.Options {
	if n.place == nil {
		return o
	}
	o.Send = n.place.Sender(uint32(groupOf(o.ID)))
	o.TooLarge = n.tooLarge
	o.ElectionTimeout = n.live.Config().ElectionTimeout
	o.ReadsFrom = func() replication.Reads {
		switch n.live.Config().Reads {
		case config.ReadsLease:
			return replication.ReadsLease
		case config.ReadsLocal:
			return replication.ReadsLocal
		}
		return replication.ReadsLinearizable
	}
	return o
}

// tooLarge is why a command of that many bytes is not sent to other nodes, if it is not.
func (n *Node) tooLarge(bytes int64) error {
	if most := n.live.Config().ClusterMaxEntry; bytes > most {
		return fmt.Errorf("ERR command of %d bytes is larger than cluster-max-entry, %d bytes, lets one be in a cluster", bytes, most)
	}
	return nil
}

// start opens all groups and drives them until below ends; it returns when the node
// belongs to its cluster and its replicas hold all that was acknowledged before.
func (p *place) start(ctx, below context.Context, wg *sync.WaitGroup) error {
	p.below, p.running = below, wg
	for _, pt := range p.n.partitions {
		if err := pt.Open(pt.stores(), p.Membership(uint32(groupOf(pt.ID)))); err != nil {
			return err
		}
		pt.opened = true
	}
	for _, pt := range p.n.partitions {
		p.AddPartition(pt.ID, pt.Partition)
		wg.Go(func() { p.n.report(pt.Run(below)) })
	}
	wg.Go(func() { p.n.report(p.Run(below)) })
	if err := p.Ready(ctx); err != nil {
		return err
	}
	errs := make([]error, len(p.n.partitions))
	var ready sync.WaitGroup
	for i, pt := range p.n.partitions {
		ready.Go(func() { errs[i] = pt.Ready(ctx) })
	}
	ready.Wait()
	if err := errors.Join(errs...); err != nil {
		return err
	}
	p.n.front.CountClientsFrom(p.FirstClientID())
	p.observe(ctx)
	wg.Go(func() { p.watch(below) })
	return nil
}

// leaving is closed when the node is to leave its cluster; nil when it has none.
func (n *Node) leaving() <-chan struct{} {
	if n.place == nil {
		return nil
	}
	return n.place.Leaving()
}

// leave waits, once no client has anything in flight, until no group counts on the node
// any more. The error says that.
func (n *Node) leave(ctx context.Context) error {
	n.place.Drained()
	timer := time.NewTimer(leaveWithin)
	defer timer.Stop()
	select {
	case err := <-n.failed:
		return err
	case <-ctx.Done():
		return nil
	case <-timer.C:
		return fmt.Errorf("the node was to leave cluster %s, and in %v no group has let it go", n.folder.Node().ClusterID, leaveWithin)
	}
}

// handOver gives the leadership of all groups to others, before the node stops.
func (n *Node) handOver(ctx context.Context) {
	if n.place == nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), handOverWithin)
	defer cancel()
	ctx, done := n.untilBroken(ctx)
	defer done()
	n.place.HandOver(ctx)
}

// publish tells the other nodes what a client has published here.
func (n *Node) publish(k pubsub.Kind, channel, payload []byte) {
	if n.place != nil {
		n.place.Publish(uint8(k), channel, payload)
	}
}

// published takes what was published on another node.
func (p *place) published(kind uint8, channel, payload []byte) {
	if k := pubsub.Kind(kind); k == pubsub.Channel || k == pubsub.Shard {
		p.n.front.PubSub().Publish(k, channel, payload, nil)
		p.n.front.Flush()
	}
}

// unblock ends the wait of a client of another node.
func (p *place) unblock(id uint64, withError bool, done func(bool)) {
	p.running.Go(func() {
		ctx, cancel := context.WithTimeout(p.below, unblockWithin)
		defer cancel()
		unblocked, _, _ := p.Unblock(ctx, id, withError) // whose node does not answer is not known to wait
		done(unblocked)
	})
}

// snapshotMeta takes a snapshot of the meta group when it pins as much of the log as
// would have a partition take one, or anything while the log has no room.
func (n *Node) snapshotMeta() error {
	p := n.place
	if p == nil {
		return nil
	}
	pinned := n.pinned(p.group, p.snapshots)
	if pinned == 0 || pinned <= n.live.Config().SnapshotLogBytes && n.log.SpaceErr() == nil {
		return nil
	}
	if taken, err := p.Cluster.Snapshot(); err != nil || !taken {
		return err
	}
	return n.collect()
}
