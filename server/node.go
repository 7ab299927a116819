package server

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"path/filepath"
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
