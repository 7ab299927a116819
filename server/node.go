package server

import (
	"context"
	"crypto/rand"
	"crypto/tls"
	"encoding/binary"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"path/filepath"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/millrace-io/millrace/commands"
	"github.com/millrace-io/millrace/replication"
	"github.com/millrace-io/millrace/resp"
	"github.com/millrace-io/millrace/server/config"
	"github.com/millrace-io/millrace/storage"
	"github.com/millrace-io/millrace/storage/log"
	"github.com/millrace-io/millrace/storage/vfs"
)

// stopWithin is how long a graceful stop waits for what is in flight.
const stopWithin = 10 * time.Second

// Node is one running Millrace.
type Node struct {
	live    *config.Live
	logger  *slog.Logger
	outside Outside
	started time.Time

	folder     *storage.Folder
	log        *log.Log
	partitions []*partition // by id; never changed once Open has returned
	router     router
	front      *resp.Server
	table      *commands.Table
	addr       string
	runID      string // 40 hex digits
	origin     replication.Origin
	bus        net.Listener     // for other nodes; nil: there are none
	tls        *tls.Config      // between nodes; nil: plain TCP
	place      *place           // in the cluster; nil: the node is on its own
	cluster    commands.Cluster // the place, as commands see it

	failed    chan error    // takes the first error that ends the node
	broken    chan struct{} // closed then, by breakOnce
	breakOnce sync.Once
	held      atomic.Bool // sessions were told that the partitions' queues are full
	saves     saves
	slow      slowLog
	denied    commands.ACLLog
	rates     rates
	memory    *footprint
	latency   *latencies
	quit      chan struct{} // closed by SHUTDOWN, through quitOnce
	quitOnce  sync.Once
	stopping  chan struct{} // closed when the node begins to stop
}

// Open opens the folder and everything in it; nothing runs yet.
func Open(c *config.Config, logger *slog.Logger) (*Node, error) { return OpenFS(vfs.OS(), c, logger) }

// OpenFS is Open on another file system.
func OpenFS(fs vfs.FS, c *config.Config, logger *slog.Logger) (*Node, error) {
	return open(context.Background(), Outside{FS: fs}, c, logger)
}

// open is OpenFS. With an empty folder and a cluster to join it waits, until ctx ends,
// for a node of that to answer.
func open(ctx context.Context, outside Outside, c *config.Config, logger *slog.Logger) (*Node, error) {
	outside = outside.withDefaults()
	fs := outside.FS
	n := &Node{
		outside: outside,
		live:    config.NewLive(c), logger: logger, started: time.Now(),
		table: commands.NewTable(), failed: make(chan error, 1), broken: make(chan struct{}), quit: make(chan struct{}), stopping: make(chan struct{}),
	}
	n.latency = newLatencies(func() *resp.Server { return n.front })
	n.latency.configure(c)
	if err := n.openStorage(ctx, fs, c); err != nil {
		return nil, errors.Join(err, n.closeStorage())
	}
	n.slow.configure(c)
	n.saves.asked = make(chan func(error), 1)
	n.memory = newFootprint(func() int64 { return n.datasetBytes() + n.backlog() })
	n.memory.setMax(c.MaxMemory)
	if err := n.openPartitions(fs); err != nil {
		return nil, errors.Join(err, n.closeStorage())
	}
	n.router = n.newRouter()
	front, err := resp.NewServer(n.frontOptions(c), n.table, node{n}, n.router, logger)
	if err != nil {
		return nil, errors.Join(err, n.closeStorage())
	}
	n.front = front
	for _, pt := range n.partitions {
		pt.watcher.of.Store(n.front)
	}
	n.watchSettings()
	if err := n.listenForClients(c); err != nil {
		return nil, errors.Join(err, n.closeStorage())
	}
	return n, nil
}

func (n *Node) openStorage(ctx context.Context, fs vfs.FS, c *config.Config) error {
	if err := n.listenForNodes(c); err != nil {
		return err
	}
	if err := n.loadClusterTLS(c); err != nil {
		return err
	}
	identity, err := n.identity(ctx, fs, c)
	if err != nil {
		return err
	}
	if n.folder, err = storage.Open(fs, c.Dir, identity); err != nil {
		return err
	}
	n.log, err = log.Open(fs, filepath.Join(c.Dir, logFolder), log.Options{
		SegmentBytes: c.LogSegmentBytes, Sync: syncMode(c.Fsync), Logger: n.logger, Fatal: n.fail,
		Wrote:  func(took time.Duration) { n.latency.note(eventLogWrite, took) },
		Synced: func(took time.Duration) { n.latency.note(eventLogSync, took) },
	})
	if errors.Is(err, log.ErrNoSpace) {
		return fmt.Errorf("%w: free %d bytes on its disk and start again, nothing is lost", err, c.LogSegmentBytes)
	}
	return err
}

// openPartitions opens the partitions that the folder was made with.
func (n *Node) openPartitions(fs vfs.FS) error {
	id, err := nodeNumber(n.folder.Node())
	if err != nil {
		return err
	}
	boot, err := n.folder.NextBoot()
	if err != nil {
		return err
	}
	n.origin = replication.Origin{Node: id, Boot: boot}
	n.runID = newRunID(randomNumber(), n.started)
	has := n.folder.Node().Partitions
	if asked := n.live.Config().Partitions; asked != has {
		if asked != 1 { // the default: nobody has asked
			n.logger.Warn("the folder keeps the number of partitions that it was made with", "path", n.folder.Dir(), "partitions", has, "asked", asked)
		}
		n.live.Adopt(func(c *config.Config) { c.Partitions = has })
	}
	if err := n.openPlace(fs, n.live.Config(), n.origin); err != nil {
		return err
	}
	for i := range has {
		pt, err := n.openPartition(fs, replication.PartitionID(i), n.origin)
		if err != nil {
			return err
		}
		n.partitions = append(n.partitions, pt)
	}
	return nil
}

// Run serves until ctx ends or the node fails. It returns when all its goroutines
// have ended; Close comes next.
func (n *Node) Run(ctx context.Context, ready func(addr string)) error {
	// What is in flight when ctx ends is finished first: the parts below the front
	// run on until the front has drained.
	below, stopBelow := context.WithCancel(context.WithoutCancel(ctx))
	var wg sync.WaitGroup
	defer func() {
		stopBelow() // first: a panic must not wait for what nobody ends
		wg.Wait()
	}()
	wg.Go(func() { n.memory.run(below) }) // before the log is run again, which fills the heap
	wg.Go(func() { n.report(n.log.Run(below)) })

	starting, started := n.untilBroken(ctx)
	err := n.startGroups(starting, below, &wg)
	started()
	if err != nil {
		stopBelow()
		wg.Wait()
		return n.cause(ctx, errors.Join(err, n.stopPartitions()))
	}
	n.tellEvents(n.live.Config()) // not before: what is run again at the start is no news
	for _, pt := range n.partitions {
		pt.machine.ResetCounts() // what the start did was not for clients
	}
	wg.Go(func() { n.runSnapshots(below) })
	wg.Go(func() { n.rates.run(below, n.takeSample) })

	if err = n.settleSettings(); err != nil {
		err = n.cause(ctx, err)
	} else {
		err = n.serve(ctx, ready)
	}
	stopBelow()
	return n.cause(context.Background(), errors.Join(err, n.stopPartitions()))
}

// serve runs the front until ctx ends or the node fails, and drains it.
func (n *Node) serve(ctx context.Context, ready func(addr string)) (err error) {
	if n.place != nil {
		n.place.SetClientAddr(n.live.Config().ClientAddress(n.addr))
	}
	n.memory.started()
	front, stopFront := context.WithCancel(context.WithoutCancel(ctx))
	var wg sync.WaitGroup
	wg.Go(func() {
		if err := n.front.Run(front); !errors.Is(err, resp.ErrClosed) { // it was stopped before it ran
			n.report(err)
		}
	})
	ready(n.addr)

	select {
	case <-ctx.Done():
		n.handOver(ctx) // before no client is let in any more: it is served until then
		close(n.stopping)
		n.drain(ctx)
	case <-n.quit:
		n.logger.Info("stopping", "cause", "SHUTDOWN")
		n.handOver(ctx)
		close(n.stopping)
		n.drain(ctx)
	case <-n.leaving():
		close(n.stopping)
		n.drain(ctx)
		err = n.leave(ctx)
	case err = <-n.failed:
		close(n.stopping)
	}
	stopFront()
	wg.Wait()
	return err
}

// drain lets the front finish what it has read.
func (n *Node) drain(ctx context.Context) {
	deadline, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopWithin)
	defer cancel()
	drain, drained := n.untilBroken(deadline)
	defer drained()
	if n.front.Shutdown(drain) != nil && deadline.Err() != nil {
		// A client that does not read can't keep the node from stopping, and that it
		// got no reply is no failure of the node.
		n.logger.Warn("stopped with replies that clients had not read", "waited", stopWithin)
	}
}

// cause is why the node ended: its own failure, if it was not reported yet, says
// more than what followed from it. A stop during the start is no error.
func (n *Node) cause(ctx context.Context, err error) error {
	select {
	case failed := <-n.failed:
		return failed
	default:
	}
	if ctx.Err() != nil {
		return nil
	}
	return err
}

// fail ends the node. The first failure is the one that is reported.
func (n *Node) fail(err error) {
	select {
	case n.failed <- err:
	default:
	}
	n.breakOnce.Do(func() { close(n.broken) })
}

// untilBroken is ctx until the node fails: a start that waits for what a failed
// log can't give must end.
func (n *Node) untilBroken(ctx context.Context) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancel(ctx)
	go func() {
		select {
		case <-n.broken:
			cancel()
		case <-ctx.Done():
		}
	}()
	return ctx, cancel
}

func (n *Node) report(err error) {
	if err != nil {
		n.fail(err)
	}
}

// Close closes what Open opened. Run must have returned.
func (n *Node) Close() error { return n.closeStorage() }

func (n *Node) closeStorage() error {
	var err error
	if n.front != nil {
		err = n.front.Shutdown(context.Background()) // at once: it does not run, or not any more
	}
	if n.log != nil {
		failed := n.log.Err() != nil
		if closed := n.log.Close(); !failed { // else Run has reported it already
			err = errors.Join(err, closed)
		}
	}
	if n.bus != nil {
		_ = n.bus.Close() // when nothing ran that closes it
	}
	if n.folder != nil {
		err = errors.Join(err, n.folder.Close()) // last: it holds the lock
	}
	return err
}

// flush sends what was filled, and lets sessions go on once the queues are half
// empty.
func (n *Node) flush() {
	n.front.Flush()
	if n.held.Load() && n.backlog() < maxBacklog/2 {
		n.held.Store(false)
		n.front.Resumed()
	}
}

// refuse is why writes can't be taken at the moment.
func (n *Node) refuse(bytes int64) error {
	if err := n.log.RoomFor(bytes); err != nil {
		return fmt.Errorf("MISCONF Millrace can't write to its log, data is safe but changes are refused: %w", err)
	}
	return nil
}

func syncMode(f config.Fsync) log.SyncMode {
	switch f {
	case config.FsyncEverySec:
		return log.SyncEverySec
	case config.FsyncNo:
		return log.SyncNone
	}
	return log.SyncAlways
}

// newIdentity draws the ids of a new node, and of the cluster that it begins.
func newIdentity() (nodeID, clusterID string, err error) {
	return fmt.Sprintf("%016x", randomNumber()), fmt.Sprintf("%016x", randomNumber()), nil
}

// nodeNumber is the node's id as it stands in log entries.
func nodeNumber(n storage.Node) (uint64, error) {
	id, err := strconv.ParseUint(n.ID, 16, 64)
	if err != nil {
		return 0, fmt.Errorf("node id %q: must be 16 hex digits", n.ID)
	}
	return id, nil
}

func randomNumber() uint64 {
	var b [8]byte
	rand.Read(b[:]) // never fails, by its documentation
	return binary.LittleEndian.Uint64(b[:])
}
