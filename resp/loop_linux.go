package resp

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"github.com/millrace-io/millrace/replication"
)

const (
	maxEvents       = 256
	maxPooledChunks = 256
	maxPooledSlots  = 16 << 10
)

// loop is an epoll loop: one goroutine that reads, runs and writes its share of
// the connections.
type loop struct {
	server *Server
	epfd   int
	poll   *os.File        // epfd in the hands of Go's poller
	raw    syscall.RawConn // of poll
	events []unix.EpollEvent
	n      int   // of events
	err    error // of the last epoll_wait
	pool   pool
	stats  *homeStats
	now    time.Time

	conns   map[int]*conn          // by file descriptor
	pass    []*conn                // read or touched in this round
	dead    []int                  // descriptors to be closed when the round is over
	unread  []byte                 // where bytes go that nobody wants
	reqs    []*replication.Request // gathered, see gather; covered by the gate of pauses
	ticked  time.Time              // when forgotten flushes were last made up for
	swept   time.Time              // when time-outs were last looked at
	roused  bool                   // the deadline is over: by the clock, or to wake the loop
	drained bool                   // drain was carried out

	// asleep: the loop waits for events, or is about to.
	asleep atomic.Bool
	// holding: reqs are held back until the next flush, which makes them due.
	holding, due atomic.Bool

	mu      sync.Mutex
	touched []*conn // since the last flush
	ready   []*conn // flushed: to be looked at
	arrived []*conn // accepted
	resumed bool    // the router has room again
	drain   bool    // the server stops
}

func newLoop(srv *Server, stats *homeStats) (*loop, error) {
	epfd, err := unix.EpollCreate1(unix.EPOLL_CLOEXEC)
	if err != nil {
		return nil, fmt.Errorf("epoll_create: %w", err)
	}
	l := &loop{
		server: srv, epfd: epfd, stats: stats,
		events: make([]unix.EpollEvent, maxEvents),
		pool:   pool{maxChunks: maxPooledChunks, maxSlots: maxPooledSlots},
		conns:  make(map[int]*conn),
		unread: make([]byte, chunkSize),
	}
	if err := l.enlist(); err != nil {
		return nil, fmt.Errorf("set up epoll: %w", err)
	}
	return l, nil
}

// enlist puts the epoll descriptor under Go's own poller. A loop that blocks in
// epoll_wait takes a thread with it, and to wake it costs 100 us here; a goroutine
// that the scheduler parks is back in 10.
func (l *loop) enlist() error {
	if err := unix.SetNonblock(l.epfd, true); err != nil {
		return errors.Join(err, unix.Close(l.epfd))
	}
	l.poll = os.NewFile(uintptr(l.epfd), "epoll")
	raw, err := l.poll.SyscallConn()
	if err == nil {
		l.raw = raw
		err = l.poll.SetReadDeadline(time.Now().Add(tick)) // fails unless the poller took it
	}
	if err != nil {
		l.closeFiles()
	}
	return err
}

// closeFiles ends the loop for good. Others may still call flush: their wake finds it
// closed.
func (l *loop) closeFiles() { _ = l.poll.Close() } // nothing was written through it

// run serves until ctx ends; the front then wakes it and closes the connections.
func (l *loop) run(ctx context.Context) error {
	for ctx.Err() == nil {
		if err := l.waitForEvents(ctx); err != nil {
			return fmt.Errorf("epoll_wait: %w", err)
		}
		l.handleEvents()
		l.takeTouched()
		if l.settleAll() {
			// Replies went out: those who got them may have asked for more by now.
			l.pollEvents(0)
			l.handleEvents()
		}
		l.handOverIdle()
		l.watchClock()
		l.closeDead()
		l.stats.Rounds.Add(1)
	}
	return nil
}

// waitForEvents sleeps until there is something to do, at most a tick. asleep is set
// before the lists are looked at: whoever adds to them afterwards sees it, and wakes
// us.
func (l *loop) waitForEvents(ctx context.Context) error {
	l.asleep.Store(true)
	if ctx.Err() != nil || l.hasWork() {
		l.pollEvents(0)
	} else if err := l.raw.Read(l.pollEvents); errors.Is(err, os.ErrDeadlineExceeded) {
		l.pollEvents(0) // which may not have been asked
		l.roused = true
	} else if err != nil {
		return err
	}
	l.asleep.Store(false)
	l.now = time.Now()
	return l.err
}

// pollEvents asks for events without waiting; it reports whether there are any.
func (l *loop) pollEvents(uintptr) bool {
	l.n, l.err = unix.EpollWait(l.epfd, l.events, 0)
	if l.err == unix.EINTR {
		l.n, l.err = 0, nil
	}
	l.n = max(l.n, 0)
	return l.n > 0 || l.err != nil
}

func (l *loop) hasWork() bool {
	if len(l.pass) > 0 || l.due.Load() {
		return true
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.ready) > 0 || len(l.arrived) > 0 || l.resumed || l.drain && !l.drained
}

// longAgo is a deadline that is over.
var longAgo = time.Unix(1, 0)

// wake makes a sleeping loop look at its lists. A deadline that is over makes Go's
// scheduler go on with the loop on the thread of whoever wakes it; through a descriptor
// (an eventfd) another thread had to be woken first, which costs 50 us here.
func (l *loop) wake() {
	if l.asleep.CompareAndSwap(true, false) {
		_ = l.poll.SetReadDeadline(longAgo) // it could be set when the loop was made; once closed it wakes nobody
	}
}

func (l *loop) handleEvents() {
	for i := range l.events[:l.n] {
		l.handle(&l.events[i])
	}
	l.n = 0
}

func (l *loop) handle(ev *unix.EpollEvent) {
	c := l.conns[int(ev.Fd)]
	if c == nil {
		return
	}
	c.session.now = l.now
	c.handle(ev.Events)
	l.look(c)
}

// look puts a connection on the list of this round.
func (l *loop) look(c *conn) {
	if !c.listed {
		c.listed = true
		l.pass = append(l.pass, c)
	}
}

// takeTouched takes over what others have left for the loop.
func (l *loop) takeTouched() {
	l.mu.Lock()
	for _, c := range l.ready {
		l.look(c)
	}
	clear(l.ready)
	l.ready = l.ready[:0]
	arrived := l.arrived
	l.arrived = nil
	resumed, drain := l.resumed, l.drain
	l.resumed = false
	l.mu.Unlock()
	for _, c := range arrived {
		l.adopt(c)
	}
	if resumed || drain && !l.drained {
		l.drained = drain
		for _, c := range l.conns {
			l.look(c)
		}
	}
}

// settleAll ends the round: every connection that had an event or was touched
// goes on and sends what it has. It reports whether there was any.
func (l *loop) settleAll() bool {
	round := l.pass
	l.pass = nil
	for _, c := range round {
		c.listed = false
		c.settle()
	}
	if l.pass == nil {
		l.pass = round[:0]
	}
	return len(round) > 0
}

// watchClock looks at what only time changes, and at connections touched without a
// flush.
func (l *loop) watchClock() {
	due := l.now.Sub(l.ticked) >= tick
	if due {
		l.ticked = l.now
		l.flush()
	}
	if due || l.roused {
		l.roused = false
		_ = l.poll.SetReadDeadline(l.ticked.Add(tick)) // it could be set when the loop was made
	}
	if l.now.Sub(l.swept) >= sweepEvery || l.drained {
		l.swept = l.now
		for _, c := range l.conns {
			c.sweep()
		}
	}
}

// closeDead closes descriptors when the events of the round are dealt with, so that
// none of them is taken for one of a connection that got the same number.
func (l *loop) closeDead() {
	for _, fd := range l.dead {
		_ = unix.Close(fd) // what was to be sent is sent or given up
	}
	l.dead = l.dead[:0]
}

// touch notes, from any goroutine, that c has something to do; flush makes it
// known.
func (l *loop) touch(c *conn) {
	l.mu.Lock()
	l.touched = append(l.touched, c)
	l.mu.Unlock()
}

func (l *loop) flush() {
	l.mu.Lock()
	n := len(l.touched)
	if n > 0 {
		l.ready = append(l.ready, l.touched...)
		clear(l.touched)
		l.touched = l.touched[:0]
	}
	l.mu.Unlock()
	held := l.holding.Load()
	if held {
		l.due.Store(true)
	}
	if n > 0 || held {
		l.wake()
	}
}

func (l *loop) hand(c *conn) {
	l.mu.Lock()
	l.arrived = append(l.arrived, c)
	l.mu.Unlock()
	l.wake()
}

// closeAll closes what is left when the loop ends.
func (l *loop) closeAll() {
	l.takeTouched()
	for _, c := range l.conns {
		c.abandon()
	}
	l.closeDead()
}
