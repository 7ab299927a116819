package resp

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"runtime"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/millrace-io/millrace/commands"
	"github.com/millrace-io/millrace/pubsub"
	"github.com/millrace-io/millrace/tracking"
)

// ErrClosed is returned by methods of a server that was shut down.
var ErrClosed = errors.New("server is shut down")

// Server serves clients. Use: NewServer, Listen, Run; Shutdown ends Run.
type Server struct {
	options  Options
	table    *commands.Table
	node     commands.Node
	router   Router
	log      *slog.Logger
	pubsub   *pubsub.Registry
	tracked  *tracking.Table
	pause    pauses
	limits   atomic.Pointer[Limits]
	monitors monitors
	errors   errorStats

	clients   registry
	lastID    atomic.Uint64
	received  atomic.Uint64
	rejected  atomic.Uint64
	postponed atomic.Int64 // connections that a pause holds back
	stopping  atomic.Bool

	// homes never changes after NewServer.
	homes []*homeStats
	front front

	mu        sync.Mutex
	listeners []net.Listener
	running   bool
	stop      chan struct{} // closed by Shutdown
	stopOnce  sync.Once
	done      chan struct{} // closed when Run returns
}

// front is how connections are served: by loops of our own, or by redcon.
type front interface {
	// run serves what the listeners accept, until ctx ends; it returns when all
	// goroutines are gone and all connections closed.
	run(ctx context.Context, listeners []net.Listener) error
	// drain stops accepting and reading; connections close as they finish. idle is
	// closed when the last one is gone.
	drain(listeners []net.Listener) (idle <-chan struct{})
	// flush lets the homes look at sessions that were touched.
	flush()
	// handOver has what was gathered handed over. The caller holds the gate of
	// pauses for writing.
	handOver()
	// discard gives up a front that never ran.
	discard()
	// resume lets the homes look at sessions that were held back because the
	// router was full.
	resume()
}

// NewServer returns a server. It starts nothing. A nil logger discards.
func NewServer(o Options, table *commands.Table, node commands.Node, router Router, log *slog.Logger) (*Server, error) {
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	srv := &Server{
		options: o.withDefaults(), table: table, node: node, router: router, log: log,
		pubsub: pubsub.New(), tracked: tracking.New(o.TrackedKeys),
		clients: registry{byID: make(map[uint64]*Session)},
		stop:    make(chan struct{}), done: make(chan struct{}),
	}
	srv.SetLimits(srv.options.Limits)
	kind, err := srv.options.kind()
	if err != nil {
		return nil, err
	}
	loops := srv.options.loops()
	for range loops {
		srv.homes = append(srv.homes, newHomeStats(table))
	}
	if kind == ListenerEpoll {
		srv.front, err = newEpollFront(srv, loops)
	} else {
		srv.front = newRedconFront(srv)
	}
	return srv, err
}

// CountClientsFrom has the ids of clients begin behind first. It comes before Run.
func (srv *Server) CountClientsFrom(first uint64) { srv.lastID.Store(first) }

// kind resolves auto.
func (o *Options) kind() (ListenerKind, error) {
	switch o.Listener {
	case ListenerRedcon:
		return ListenerRedcon, nil
	case ListenerEpoll:
		if !haveEpoll {
			return "", errors.New("listener epoll: not available on this platform")
		}
		if o.TLS != nil {
			return "", errors.New("listener epoll: speaks no TLS, use redcon")
		}
		return ListenerEpoll, nil
	case ListenerAuto:
		if haveEpoll && o.TLS == nil {
			return ListenerEpoll, nil
		}
		return ListenerRedcon, nil
	}
	return "", fmt.Errorf("listener %q: must be auto, epoll or redcon", o.Listener)
}

func (o *Options) loops() int {
	if o.Loops > 0 {
		return o.Loops
	}
	return max(1, runtime.GOMAXPROCS(0)/2)
}

// SetLimits changes the limits, for what happens from now on.
func (srv *Server) SetLimits(l Limits) { srv.limits.Store(&l) }

// Listen takes an address; port 0 takes any free port. Connections are served once
// Run is called.
func (srv *Server) Listen(addr string) (net.Addr, error) {
	srv.mu.Lock()
	defer srv.mu.Unlock()
	if srv.stopping.Load() {
		return nil, ErrClosed
	}
	if srv.running {
		return nil, errors.New("listen: server is already running")
	}
	listen := srv.options.Listen
	if listen == nil {
		listen = listenTCP
	}
	ln, err := listen(addr)
	if errors.Is(err, syscall.EADDRINUSE) {
		return nil, fmt.Errorf("listen on %s: %w: stop the process that has it, or choose another with --addr", addr, syscall.EADDRINUSE)
	}
	if err != nil {
		return nil, fmt.Errorf("listen on %s: %w", addr, err)
	}
	srv.listeners = append(srv.listeners, ln)
	return ln.Addr(), nil
}

// listenTCP sets no keep-alive: that is set per connection, from limits that may change.
func listenTCP(addr string) (net.Listener, error) {
	return (&net.ListenConfig{KeepAlive: -1}).Listen(context.Background(), "tcp", addr)
}

// Run serves until Shutdown is done, or until ctx ends: then connections are
// closed at once. It returns when all goroutines of the server are gone.
func (srv *Server) Run(ctx context.Context) error {
	srv.mu.Lock()
	if srv.running || srv.stopping.Load() {
		srv.mu.Unlock()
		return ErrClosed
	}
	srv.running = true
	listeners := srv.listeners
	srv.mu.Unlock()
	defer close(srv.done)
	defer closeAll(listeners)
	defer srv.stopping.Store(true)

	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var wg sync.WaitGroup
	wg.Go(func() {
		select {
		case <-ctx.Done():
			return
		case <-srv.stop:
		}
		select {
		case <-ctx.Done():
		case <-srv.front.drain(listeners):
		}
		cancel()
	})
	err := srv.front.run(ctx, listeners)
	cancel()
	wg.Wait()
	return err
}

// Shutdown stops accepting and reading, waits until all that was read is answered
// and sent, and closes the connections; blocked clients are not waited for. When
// ctx ends first, it gives up: end the context of Run then. A server that never
// ran only closes its listeners.
func (srv *Server) Shutdown(ctx context.Context) error {
	srv.mu.Lock()
	srv.stopping.Store(true)
	running, listeners := srv.running, srv.listeners
	srv.mu.Unlock()
	if !running {
		closeAll(listeners)
		srv.front.discard()
		return nil
	}
	srv.stopOnce.Do(func() { close(srv.stop) })
	select {
	case <-srv.done:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func closeAll(listeners []net.Listener) {
	for _, ln := range listeners {
		_ = ln.Close() // closing it twice is no matter
	}
}

// Flush lets the homes send what was filled since the last flush. Whoever fills
// slots calls it, once per batch; see invariant 3.
func (srv *Server) Flush() { srv.front.flush() }

// Resumed says that the router is not full any more.
func (srv *Server) Resumed() { srv.front.resume() }

// tick is how often homes look at time-outs, and at sessions touched without a
// flush.
const tick = 100 * time.Millisecond

// sweepEvery is how often time-outs are looked at.
const sweepEvery = 500 * time.Millisecond

// acceptPause is how long accepting rests after failures, as when the process is
// out of descriptors: longer each time, so that the log is not flooded.
type acceptPause time.Duration

func (p *acceptPause) wait(end <-chan struct{}) {
	*p = min(max(2**p, acceptPause(10*time.Millisecond)), acceptPause(time.Second))
	t := time.NewTimer(time.Duration(*p))
	defer t.Stop()
	select {
	case <-end:
	case <-t.C:
	}
}

const (
	// maxKeptOutput is the size of output buffers that connections keep.
	maxKeptOutput = 16 << 10
	// lingerFor and lingerBytes bound how long a connection that was shut down is
	// read from, so that what the client sent in vain does not destroy the last
	// reply on its way (a close with unread bytes sends a reset).
	lingerFor   = time.Second
	lingerBytes = 1 << 20
	// lingerStopping is lingerFor of a server that is to end.
	lingerStopping = 50 * time.Millisecond
)

func (srv *Server) lingerTime() time.Duration {
	if srv.stopping.Load() {
		return lingerStopping
	}
	return lingerFor
}
