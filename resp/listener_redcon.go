package resp

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"sync"
	"time"

	"github.com/tidwall/redcon"
)

// redconFront serves connections through redcon's server: it accepts, speaks TLS
// and has a goroutine per connection, which is the home of the session. Limits and
// requests are our parser's affair (redcon's reader knows no limits, and copies a
// large argument several times), so what redcon reads is one short command, a
// call, whenever there is something to do for the session.
type redconFront struct {
	server *Server
	wg     sync.WaitGroup // goroutines of connections
	idle   chan struct{}  // closed when the server stops and no connection is left
	idled  sync.Once
	done   chan struct{} // closed when run's context has ended

	mu    sync.Mutex
	conns map[*redconConn]struct{}
}

// call is what redcon gets to read. Its handler takes the session's turn.
const call = "*1\r\n$4\r\nturn\r\n"

func newRedconFront(srv *Server) front {
	return &redconFront{
		server: srv, idle: make(chan struct{}), done: make(chan struct{}),
		conns: make(map[*redconConn]struct{}),
	}
}

func (f *redconFront) run(ctx context.Context, listeners []net.Listener) error {
	var serving sync.WaitGroup
	for _, ln := range listeners {
		wrapped := &redconListener{Listener: ln, front: f}
		if f.server.options.TLS != nil && ln.Addr().Network() != "unix" {
			wrapped.Listener = tls.NewListener(ln, f.server.options.TLS)
		}
		server := redcon.NewServerNetwork(ln.Addr().Network(), ln.Addr().String(), f.handle, nil, f.closed)
		serving.Go(func() { _ = server.Serve(wrapped) }) // returns when the listener is closed, without an error
	}
	f.sweep(ctx)
	closeAll(listeners)
	close(f.done)
	f.each((*redconConn).force)
	serving.Wait()
	f.wg.Wait()
	return nil
}

// handle is redcon's handler: a turn of the session.
func (f *redconFront) handle(rc redcon.Conn, _ redcon.Command) {
	rc.NetConn().(*redconConn).turn()
}

// closed is called by redcon as the last thing of a connection's goroutine.
func (f *redconFront) closed(rc redcon.Conn, _ error) {
	c := rc.NetConn().(*redconConn)
	f.mu.Lock()
	delete(f.conns, c)
	f.mu.Unlock()
	f.checkIdle()
	f.wg.Done()
}

func (f *redconFront) checkIdle() {
	f.mu.Lock()
	none := len(f.conns) == 0
	f.mu.Unlock()
	if none && f.server.stopping.Load() {
		f.idled.Do(func() { close(f.idle) })
	}
}

func (f *redconFront) each(fn func(*redconConn)) {
	f.mu.Lock()
	all := make([]*redconConn, 0, len(f.conns))
	for c := range f.conns {
		all = append(all, c)
	}
	f.mu.Unlock()
	for _, c := range all {
		fn(c)
	}
}

func (f *redconFront) drain(listeners []net.Listener) <-chan struct{} {
	closeAll(listeners)
	f.each((*redconConn).signal)
	f.checkIdle()
	return f.idle
}

// flush has nothing to do: a touched connection has its own goroutine, which was
// woken.
func (f *redconFront) flush() {}

// discard has nothing to give up: nothing runs before run.
func (f *redconFront) discard() {}

// handOver has nothing to do: a connection hands over at once.
func (f *redconFront) handOver() {}

func (f *redconFront) resume() { f.each((*redconConn).signal) }

// sweep looks at the clock for all connections until ctx ends.
func (f *redconFront) sweep(ctx context.Context) {
	t := time.NewTicker(tick)
	defer t.Stop()
	for last := time.Now(); ; {
		select {
		case <-ctx.Done():
			return
		case now := <-t.C:
			if now.Sub(last) >= sweepEvery || f.server.stopping.Load() {
				last = now
				f.each((*redconConn).sweep)
			}
		}
	}
}

// redconListener makes sessions of what it accepts.
type redconListener struct {
	net.Listener
	front *redconFront
	pause acceptPause
}

// Accept returns an error only when the listener is closed and no connection is
// left, for redcon then closes all connections at once.
func (l *redconListener) Accept() (net.Conn, error) {
	for {
		nc, err := l.Listener.Accept()
		switch {
		case err == nil:
			l.pause = 0
			return l.front.take(nc), nil
		case errors.Is(err, net.ErrClosed):
			<-l.front.done
			l.front.wg.Wait()
			return nil, err
		default:
			l.front.server.log.Warn("connection not accepted", "err", err)
			l.pause.wait(l.front.done)
		}
	}
}

// take admits a connection. One that is turned away gets its line from its home,
// and is closed.
func (f *redconFront) take(nc net.Conn) *redconConn {
	f.tune(nc)
	c := newRedconConn(f, nc)
	if refusal := f.server.admit(c.session, nc.RemoteAddr()); refusal != "" {
		c.refused = true
		c.session.out = append(c.session.out, refusal...)
		c.session.end = closing
	}
	f.mu.Lock()
	f.conns[c] = struct{}{}
	f.mu.Unlock()
	f.wg.Add(2)
	go c.readAhead()
	c.signal()
	return c
}

// tune sets the options of a socket. None of them is worth losing a client for.
func (f *redconFront) tune(nc net.Conn) {
	if t, ok := nc.(*tls.Conn); ok {
		nc = t.NetConn()
	}
	if t, ok := nc.(*net.TCPConn); ok {
		every := f.server.limits.Load().TCPKeepalive
		_ = t.SetKeepAliveConfig(net.KeepAliveConfig{Enable: every > 0, Idle: every, Interval: every / 3, Count: 3})
	}
}
