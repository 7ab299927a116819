package resp

import (
	"context"
	"net"
	"sync"
	"sync/atomic"
)

const haveEpoll = true

// epollFront serves connections with loops.
type epollFront struct {
	server *Server
	loops  []*loop
	next   atomic.Uint32
	open   atomic.Int64 // connections handed to loops and not closed
	idle   chan struct{}
	idled  sync.Once
}

func newEpollFront(srv *Server, loops int) (front, error) {
	f := &epollFront{server: srv, idle: make(chan struct{})}
	for i := range loops {
		l, err := newLoop(srv, srv.homes[i])
		if err != nil {
			for _, l := range f.loops {
				l.closeFiles()
			}
			return nil, err
		}
		f.loops = append(f.loops, l)
	}
	return f, nil
}

func (f *epollFront) run(ctx context.Context, listeners []net.Listener) error {
	var accepting, looping sync.WaitGroup
	for _, ln := range listeners {
		accepting.Go(func() { f.accept(ctx, ln) })
	}
	loopCtx, cancel := context.WithCancel(ctx)
	defer cancel()
	errs := make(chan error, len(f.loops))
	for _, l := range f.loops {
		looping.Go(func() {
			errs <- l.run(loopCtx)
			cancel() // one loop less is no server
		})
	}
	<-loopCtx.Done()
	closeAll(listeners)
	accepting.Wait()
	for _, l := range f.loops {
		l.wake()
	}
	looping.Wait()
	close(errs)
	for _, l := range f.loops {
		l.closeAll()
		l.closeFiles()
	}
	for err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

func (f *epollFront) discard() {
	for _, l := range f.loops {
		l.closeFiles()
	}
}

func (f *epollFront) drain(listeners []net.Listener) <-chan struct{} {
	closeAll(listeners)
	for _, l := range f.loops {
		l.mu.Lock()
		l.drain = true
		l.mu.Unlock()
		l.wake()
	}
	f.gone(0)
	return f.idle
}

// gone counts a connection that closed.
func (f *epollFront) gone(n int64) {
	if f.open.Add(-n) == 0 && f.server.stopping.Load() {
		f.idled.Do(func() { close(f.idle) })
	}
}

func (f *epollFront) flush() {
	for _, l := range f.loops {
		l.flush()
	}
}

func (f *epollFront) handOver() {
	for _, l := range f.loops {
		l.handOver()
	}
}

func (f *epollFront) resume() {
	for _, l := range f.loops {
		l.mu.Lock()
		l.resumed = true
		l.mu.Unlock()
		l.wake()
	}
}
