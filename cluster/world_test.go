package cluster_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/millrace-io/millrace/cluster"
	"github.com/millrace-io/millrace/meta"
	"github.com/millrace-io/millrace/replication"
	"github.com/millrace-io/millrace/replication/mesh"
	"github.com/millrace-io/millrace/replication/mesh/meshtest"
	"github.com/millrace-io/millrace/replication/raftstore"
	"github.com/millrace-io/millrace/storage/log"
	"github.com/millrace-io/millrace/storage/snapshot"
	"github.com/millrace-io/millrace/storage/vfs"
)

const partitions = 3

// world is nodes on a network in memory, inside a bubble.
type world struct {
	t       *testing.T
	network *meshtest.Network
	nodes   map[uint64]*node
	boots   atomic.Uint64
	log     *lines
	halts   []func() // of writers
}

// lines is what all nodes have logged.
type lines struct {
	mu   sync.Mutex
	text []byte
}

func (l *lines) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.text = append(l.text, b...)
	return len(b), nil
}

func (l *lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return string(l.text)
}

// node is a disk, and the process on it while there is one.
type node struct {
	w       *world
	id      uint64
	cluster string // id in its folder
	addr    string
	disk    *vfs.Mem

	*cluster.Cluster
	log        *log.Log
	partitions []*replication.Partition
	lists      []*list
	stop       func()
	ended      chan error // takes the first failure
	heard      chan string
}

// bubble runs a test in a bubble with an empty world.
func bubble(t *testing.T, test func(w *world)) {
	synctest.Test(t, func(t *testing.T) {
		w := &world{t: t, network: meshtest.New(), nodes: make(map[uint64]*node), log: &lines{}}
		t.Cleanup(func() {
			if t.Failed() {
				t.Logf("%s", w.log.text)
			}
		})
		defer func() {
			for _, halt := range w.halts {
				halt()
			}
			for _, n := range w.nodes {
				n.kill()
			}
		}()
		test(w)
	})
}

// node makes a node with an empty folder; it does not run.
func (w *world) node(id uint64) *node {
	n := &node{w: w, id: id, addr: fmt.Sprintf("n%d:7001", id), disk: folder(w.t), stop: func() {}}
	w.nodes[id] = n
	return n
}

func (n *node) logger() *slog.Logger {
	return slog.New(slog.NewTextHandler(n.w.log, &slog.HandlerOptions{Level: slog.LevelInfo})).With("on", n.id)
}

const secret = "open sesame"

// begin starts a node as the first of a cluster, join as a further one; start starts it
// again.
func (n *node) begin() error {
	n.cluster = fmt.Sprintf("cluster-%d", n.id)
	return n.start()
}

func (n *node) join(by *node) error {
	seeker := &cluster.Seeker{Addrs: []string{by.addr}, Mesh: mesh.Options{
		Self:   func() mesh.Identity { return mesh.Identity{Node: n.id, Boot: n.nextBoot(), Addr: n.addr} },
		Secret: secret, Dial: n.w.network.Dial(n.addr), Logger: n.logger()}}
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	found, err := seeker.Find(ctx)
	if err != nil {
		return err
	}
	if err := cluster.SavePeers(n.disk, dir, found); err != nil {
		return err
	}
	n.cluster = found.Cluster
	return n.start(by.addr)
}

func (n *node) nextBoot() uint64 { return n.w.boots.Add(1) }

// start runs the node's process until it is ready, or has failed.
func (n *node) start(join ...string) error {
	listener, err := n.w.network.Listen(n.addr)
	if err != nil {
		return err
	}
	ended := make(chan error, 1)
	n.ended, n.heard = ended, make(chan string, 100)
	fatal := func(err error) {
		select {
		case ended <- err:
		default:
		}
	}
	logger := n.logger()
	if n.log, err = log.Open(n.disk, dir+"/log", log.Options{SegmentBytes: 1 << 20, Logger: logger, Fatal: fatal}); err != nil {
		return err
	}
	boot := n.nextBoot()
	heard := n.heard
	n.Cluster, err = cluster.New(cluster.Options{
		Node: n.id, Boot: boot, Cluster: n.cluster, Partitions: partitions, Databases: 16, Addr: n.addr, Join: join, FS: n.disk, Dir: dir,
		Secret: secret, Listener: listener, Dial: n.w.network.Dial(n.addr), Stores: n.stores(0),
		Room:      func(int64) error { return nil },
		Published: func(kind uint8, channel, payload []byte) { heard <- fmt.Sprintf("%d %s %s", kind, channel, payload) },
		Unblock:   func(client uint64, withError bool, done func(bool)) { done(withError && client&1 == 1) },
		Fatal:     fatal, Logger: logger,
	})
	if err != nil {
		return err
	}
	return n.run(boot, fatal)
}

func (n *node) run(boot uint64, fatal func(error)) error {
	ctx, cancel := context.WithCancel(context.Background())
	var wg sync.WaitGroup
	n.partitions, n.lists = nil, nil
	for i := range uint32(partitions) {
		l := &list{}
		p := replication.New(l, replication.Options{ID: replication.PartitionID(i), Origin: replication.Origin{Node: n.id, Boot: boot},
			Flush: func() {}, Refuse: func(int64) error { return nil }, Fatal: fatal, Logger: n.logger(), Send: n.Sender(i + 1)})
		n.AddPartition(replication.PartitionID(i), p)
		n.partitions, n.lists = append(n.partitions, p), append(n.lists, l)
	}
	for i, p := range n.partitions {
		if err := p.Open(n.stores(uint32(i)+1), n.Membership(uint32(i)+1)); err != nil {
			cancel()
			return err
		}
		wg.Go(func() { _ = p.Run(ctx) })
	}
	wg.Go(func() {
		if err := n.Run(ctx); err != nil {
			fatal(err)
		}
	})
	lg, ps := n.log, n.partitions
	n.stop = sync.OnceFunc(func() {
		cancel()
		n.w.network.Crash(n.addr)
		wg.Wait()
		for _, p := range ps {
			_ = p.Stop()
		}
		_ = lg.Close()
	})
	return n.ready(ctx)
}

// ready waits until the node can serve; a failure of its process ends the wait.
func (n *node) ready(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	done := make(chan error, 1)
	go func() {
		err := n.Ready(ctx)
		for _, p := range n.partitions {
			if err == nil {
				err = p.Ready(ctx)
			}
		}
		done <- err
	}()
	select {
	case err := <-done:
		return err
	case err := <-n.ended:
		cancel()
		<-done
		select {
		case n.ended <- err: // for fails; it may have failed once more
		default:
		}
		return err
	}
}

func (n *node) stores(group uint32) replication.Stores {
	store, err := snapshot.Open(n.disk, dir, group)
	if err != nil {
		n.w.t.Fatal(err)
	}
	g := n.log.Group(log.GroupID(group))
	snapshots := raftstore.NewSnapshots(store, g)
	if err := raftstore.Reconcile(g, snapshots, n.logger()); err != nil {
		n.w.t.Fatal(err)
	}
	return replication.Stores{Log: raftstore.NewLog(snapshots), Stable: raftstore.NewStable(g), Snapshots: snapshots}
}

// kill ends the process without a word to the others.
func (n *node) kill() { n.stop() }

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// grow has that many nodes in one cluster, ids from 1 on.
func (w *world) grow(count int) {
	w.t.Helper()
	must(w.t, w.node(1).begin())
	for id := 2; id <= count; id++ {
		must(w.t, w.node(uint64(id)).join(w.nodes[1]))
	}
	w.settled(count)
}

// until waits for a condition, by the bubble's clock.
func (w *world) until(what string, cond func() bool) {
	w.t.Helper()
	for begun := time.Now(); !cond(); time.Sleep(20 * time.Millisecond) {
		if time.Since(begun) > 2*time.Minute {
			w.t.Fatalf("waited in vain until %s:\n%s", what, w.describe())
		}
	}
}

func (w *world) describe() string {
	var b strings.Builder
	for id, n := range w.nodes {
		if n.Cluster == nil {
			continue
		}
		fmt.Fprintf(&b, "node %d: %v\n", id, n.State().Nodes())
		for i, p := range n.partitions {
			leader, term, known := p.Leader()
			members, err := p.Members()
			fmt.Fprintf(&b, "  partition %d: leader %d term %d %v, members %v %v\n", i, leader, term, known, members, err)
		}
	}
	return b.String()
}

// settled waits until the cluster has so many nodes, all of them members and voters of
// every group, as all of them see it, with leaders spread.
func (w *world) settled(count int) {
	w.t.Helper()
	w.settledBut(count, 0)
}

// settledBut leaves a node out that has nothing to do with it.
func (w *world) settledBut(count int, but uint64) {
	w.t.Helper()
	w.until(fmt.Sprintf("%d nodes are in the cluster", count), func() bool {
		seen := 0
		gone := w.removed()
		for _, n := range w.nodes {
			if n.Cluster == nil || n.id == but || gone[n.id] {
				continue
			}
			if _, here := n.State().Node(n.id); !here {
				continue
			}
			seen++
			if !n.sees(count) {
				return false
			}
		}
		return seen == count
	})
}

// removed are the nodes that any other knows to be removed: their own view is old.
func (w *world) removed() map[uint64]bool {
	gone := make(map[uint64]bool)
	for _, n := range w.nodes {
		if n.Cluster != nil {
			for _, id := range n.State().RemovedIDs() {
				gone[id] = true
			}
		}
	}
	return gone
}

func (n *node) sees(count int) bool {
	nodes := n.State().Nodes()
	if len(nodes) != count {
		return false
	}
	var ids []uint64
	for _, m := range nodes {
		ids = append(ids, m.ID)
		if m.Phase != meta.Member {
			return false
		}
	}
	for i, p := range n.partitions {
		members, err := p.Members()
		leader, _, known := p.Leader()
		if err != nil || len(members) != count || !known || leader != ids[i%count] {
			return false
		}
		for _, m := range members {
			if !m.Voter {
				return false
			}
		}
	}
	return true
}

type filled chan string

func (f filled) Fill(b []byte) { f <- strings.TrimSuffix(string(b), "\r\n") }

// write writes a word to a partition through this node, and returns its place.
func (n *node) write(partition int, word string) (int, error) {
	to := make(filled, 1)
	n.partitions[partition].Submit([]*replication.Request{{Args: [][]byte{[]byte(word)}, To: to}})
	select {
	case text := <-to:
		if !strings.HasPrefix(text, ":") {
			return 0, errors.New(text)
		}
		return strconv.Atoi(text[1:])
	case <-time.After(time.Minute):
		return 0, errors.New("no reply")
	}
}
