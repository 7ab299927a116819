package cluster

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"github.com/millrace-io/millrace/meta"
	"github.com/millrace-io/millrace/replication"
	"github.com/millrace-io/millrace/replication/mesh"
	"github.com/millrace-io/millrace/storage/vfs"
)

// Options are what a node's place in its cluster needs from the node.
type Options struct {
	Node, Boot uint64 // Boot is higher at each start
	// Cluster is the id of the cluster that the folder belongs to.
	Cluster string
	// Partitions is how many the node has, all of which are Added before Run.
	Partitions uint32
	// Databases is how many databases the node was started with; see Cluster.Databases.
	Databases int
	Addr      string // where other nodes reach this one
	Name      string // for people; may be empty
	// Join are addresses of nodes of the cluster, to be asked when the node is not
	// known to belong to it, or has no other way to reach it.
	Join []string
	// Joins: the node is not to begin a cluster, though Join may be empty.
	Joins bool

	FS  vfs.FS
	Dir string // where peers.json is

	Secret           string
	TLS              *tls.Config
	NoAuthentication bool // neither of the two is needed
	// ElectionTimeout is that of the meta group; 0: its default.
	ElectionTimeout time.Duration
	// Wall is the wall clock by which the meta group's commands are dated; nil: time.Now.
	Wall func() time.Time

	Listener net.Listener
	Dial     func(ctx context.Context, addr string) (net.Conn, error) // nil: TCP

	// Stores are those of the meta group. Room tells why it can't be written to at the
	// moment.
	Stores replication.Stores
	Room   func(bytes int64) error

	// Published gets what other nodes have published. It must not block.
	Published func(kind uint8, channel, payload []byte)
	// Unblock ends the wait of a client of this node; done is called once.
	Unblock func(client uint64, withError bool, done func(unblocked bool))
	// Fatal is called when the node has to stop: ErrRemoved, ErrCopied, or a failure.
	Fatal  func(error)
	Logger *slog.Logger
}

// ErrRemoved ends a node that was removed from its cluster.
var ErrRemoved = errors.New("start it with an empty folder to have it join again, as a new node")

// ErrCopied ends a process whose folder is a copy of that of another one that runs, or an old
// state of it: what it would vote and acknowledge the other knows nothing of.
var ErrCopied = errors.New("keep the other one, and never start this folder again; with an empty folder and join this machine becomes a new node")

// Cluster is a node's place in its cluster. New, then Add for each partition, then Run.
type Cluster struct {
	o      Options
	mesh   *mesh.Mesh
	meta   *replication.Partition
	peers  *Peers // of the start: what the node remembered; nil: it was in no cluster
	groups []*group

	state atomic.Pointer[meta.State] // of the meta group, as applied here
	poke  chan struct{}              // holds a token when the keeper is to look; never closed

	mu     sync.Mutex // covers what follows
	links  map[uint64]*link
	client string // where clients reach this node

	leaving     chan struct{} // closed when the meta group has the node leave
	leavingOnce sync.Once
	ready       atomic.Bool // Ready has returned: the state is not that of long ago
	drained     atomic.Bool // of a leaving node: no client has anything in flight
	stopping    atomic.Bool // the node stops: it is to lead nothing
	sent        atomic.Uint64
	received    atomic.Uint64
	dropped     atomic.Uint64
}

// New returns a cluster that does nothing yet.
func New(o Options) (*Cluster, error) {
	c := &Cluster{o: o, poke: make(chan struct{}, 1), links: make(map[uint64]*link), leaving: make(chan struct{})}
	var err error
	if c.peers, err = LoadPeers(o.FS, o.Dir); err != nil {
		return nil, err
	}
	if c.peers != nil && c.peers.Cluster != o.Cluster {
		return nil, fmt.Errorf("the folder belongs to cluster %s, its %s to cluster %s: it was put together from two", o.Cluster, peersFile, c.peers.Cluster)
	}
	if err := c.mayJoin(); err != nil {
		return nil, err
	}
	c.state.Store(&meta.State{})
	c.mesh = mesh.New(mesh.Options{
		Self: func() mesh.Identity {
			return mesh.Identity{Node: o.Node, Boot: o.Boot, Cluster: o.Cluster, Addr: o.Addr}
		},
		Secret: o.Secret, TLS: o.TLS, NoAuthentication: o.NoAuthentication, Listener: o.Listener, Dial: o.Dial,
		Resolve: c.resolve, Admit: c.admit, Copied: c.copied, Logger: o.Logger,
	})
	c.meta = replication.New(newMachine(c.publish), replication.Options{
		ID: replication.Meta, Origin: replication.Origin{Node: o.Node, Boot: o.Boot},
		Flush: func() {}, Refuse: o.Room, Fatal: o.Fatal, Logger: o.Logger, Send: c.Sender(metaGroup), ElectionTimeout: o.ElectionTimeout, Wall: o.Wall,
	})
	c.Add(metaGroup, c.meta)
	c.handle()
	return c, nil
}

// Run opens the meta group and drives it, the mesh and all groups' membership until
// ctx ends. All partitions must be open.
func (c *Cluster) Run(ctx context.Context) error {
	if err := c.meta.Open(c.o.Stores, c.Membership(metaGroup)); err != nil {
		return err
	}
	if c.peers != nil {
		c.setPeers(c.peers.Nodes)
	}
	var wg sync.WaitGroup
	failed := make(chan error, 2)
	run, stop := context.WithCancel(ctx)
	defer stop()
	wg.Go(func() { failed <- c.meta.Run(run) })
	wg.Go(func() { failed <- c.mesh.Run(run) })
	wg.Go(func() { c.keep(run) })
	wg.Go(func() { c.seek(run) })
	for _, g := range c.groups {
		wg.Go(func() { c.reconcile(run, g) })
	}
	err := <-failed // nil when ctx has ended
	stop()
	wg.Wait()
	return errors.Join(err, <-failed, c.meta.Stop())
}

// Ready returns when the node belongs to the cluster and knows it as it was when it
// asked: a new cluster is begun, an existing one joined.
func (c *Cluster) Ready(ctx context.Context) error {
	if c.peers != nil {
		if err := c.reach(ctx); err != nil {
			return err
		}
	}
	if err := c.meta.Ready(ctx); err != nil {
		return err
	}
	if c.peers == nil && !c.State().Begun() {
		if err := c.begin(ctx); err != nil {
			return err
		}
	}
	if err := c.agreeOnDatabases(ctx); err != nil {
		return err
	}
	state := c.State()
	n, ok := state.Node(c.o.Node)
	switch {
	case state.Cluster() != c.o.Cluster:
		return fmt.Errorf("the folder belongs to cluster %s, its meta group to cluster %q", c.o.Cluster, state.Cluster())
	case state.Partitions() != c.o.Partitions:
		return fmt.Errorf("the cluster has %d partitions, this node was started with %d", state.Partitions(), c.o.Partitions)
	case !ok:
		return c.removedError()
	}
	if len(state.Nodes()) == 1 {
		if err := c.askOthers(ctx); err != nil {
			return err
		}
	}
	c.ready.Store(true)
	poke(c.poke)
	c.o.Logger.Info("in the cluster", "cluster", c.o.Cluster, "node", meta.FormatID(n.ID), "order", n.Order, "nodes", len(state.Nodes()))
	return nil
}

// State is the meta group's state as applied here. It is not to be changed.
func (c *Cluster) State() *meta.State { return c.state.Load() }

// Snapshot takes a snapshot of the meta group; false: nothing has changed.
func (c *Cluster) Snapshot() (bool, error) { return c.meta.Snapshot() }

// publish takes the meta group's state from its apply goroutine.
func (c *Cluster) publish(s *meta.State) {
	c.state.Store(s)
	c.wake()
}

// wake has everybody look who acts on what is known of the cluster.
func (c *Cluster) wake() {
	poke(c.poke)
	for _, g := range c.groups {
		poke(g.wake)
	}
}

func poke(ch chan struct{}) {
	select {
	case ch <- struct{}{}:
	default:
	}
}

// Leaving is closed when the node is to leave the cluster: it stops taking clients,
// says Drained, and goes on until it is told that no group counts on it any more
// (Options.Fatal with ErrRemoved).
func (c *Cluster) Leaving() <-chan struct{} { return c.leaving }

// Drained says that a leaving node has no client's command in flight.
func (c *Cluster) Drained() {
	c.drained.Store(true)
	c.broadcast(kindDrained)
}

// SetClientAddr says where clients reach this node; the others are told.
func (c *Cluster) SetClientAddr(addr string) {
	c.mu.Lock()
	c.client = addr
	c.mu.Unlock()
	poke(c.poke)
}
