package sim

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/millrace-io/millrace/cluster"
	"github.com/millrace-io/millrace/server"
	"github.com/millrace-io/millrace/server/config"
	"github.com/millrace-io/millrace/storage/vfs"
)

// member is a machine: a disk, a clock, addresses, and the process on it while there is
// one. Only the goroutine of the test changes it.
type member struct {
	w         *world
	i         int
	bus, addr string
	disk      *vfs.Mem // of the process, or what the next one finds
	clock     atomic.Int64
	process   *process // nil: down
	dead      []*process
}

// process is one run of a node.
type process struct {
	m       *member
	disk    *vfs.Mem
	cancel  context.CancelFunc
	ready   chan struct{} // closed when it serves
	done    chan struct{} // closed when it has ended, with err
	err     error
	unheard atomic.Bool // killed: nothing it does is seen any more
	dead    atomic.Bool // and its disk takes nothing more
	rotten  atomic.Bool // the next sync fails
	doomed  atomic.Bool // it may end by itself
	writes  atomic.Int64
}

var errDead = errors.New("the process is dead")

func newMember(w *world, i int) *member {
	return &member{w: w, i: i, bus: fmt.Sprintf("n%d:7000", i), addr: fmt.Sprintf("n%d:6379", i), disk: vfs.NewMem()}
}

// start starts the machine's process if there is none. It does not wait.
func (m *member) start() {
	if p := m.process; p != nil {
		select {
		case <-p.done:
			m.dead, m.process = append(m.dead, p), nil
			m.disk = m.disk.KillProcess()
		default:
			return
		}
	}
	ctx, cancel := context.WithCancel(context.Background())
	p := &process{m: m, disk: m.disk, cancel: cancel, ready: make(chan struct{}), done: make(chan struct{})}
	m.process = p
	m.w.trace.note("node %d starts", m.i)
	c := m.config()
	go func() {
		defer close(p.done)
		p.err = p.run(ctx, c)
		m.w.trace.note("node %d has ended: %v", m.i, p.err)
	}()
}

func (p *process) run(ctx context.Context, c *config.Config) error {
	n, err := server.OpenOn(ctx, server.Outside{
		FS: vfs.WithFaults(p.disk, p.disturb), Listen: p.listen, Dial: p.dial, Wall: p.m.wall,
	}, c, p.m.w.trace.logger(p.m.i))
	if err != nil {
		return err
	}
	err = n.Run(ctx, func(string) { close(p.ready) })
	return errors.Join(err, n.Close())
}

// config is the node's; the first one begins the cluster, once.
func (m *member) config() *config.Config {
	c := config.Default()
	c.Dir, c.Addr, c.ClusterAddr, c.ClusterSecret = "data", m.addr, m.bus, "open sesame"
	c.Listener, c.ProtectedMode, c.EnableDebugCommand = config.ListenerRedcon, false, config.DebugYes
	c.Partitions, c.LogSegmentBytes, c.SnapshotLogBytes = m.w.parts, m.w.segmentBytes, m.w.snapshotBytes
	var others []string
	for _, o := range m.w.members {
		if o != m && (m.i > 0 || m.w.begun()) {
			others = append(others, o.bus)
		}
	}
	c.Join = strings.Join(others, ",")
	return c
}

// begun reports that there is a cluster.
func (w *world) begun() bool { return w.members[1].process != nil || len(w.members[1].dead) > 0 }

// wall is the machine's clock, without a monotonic reading of its own: Add would move
// that, too.
func (m *member) wall() time.Time {
	return time.Now().Round(0).Add(time.Duration(m.clock.Load()))
}

func (p *process) disturb(op vfs.Op) error {
	if op.Kind == vfs.OpWrite {
		p.writes.Add(1)
	}
	switch {
	case p.dead.Load():
		return vfs.ErrStopped
	case (op.Kind == vfs.OpSync || op.Kind == vfs.OpDataSync) && p.rotten.CompareAndSwap(true, false):
		return syscall.EIO
	}
	return nil
}

func (p *process) listen(addr string) (net.Listener, error) {
	if p.unheard.Load() {
		return nil, errDead
	}
	return p.m.w.network.Listen(addr)
}

func (p *process) dial(ctx context.Context, addr string) (net.Conn, error) {
	if p.unheard.Load() {
		return nil, errDead
	}
	c, err := p.m.w.network.Dial(p.m.bus)(ctx, addr)
	if err == nil && p.unheard.Load() { // else it was there when the links were broken
		_ = c.Close()
		return nil, errDead
	}
	return c, err
}

// kill ends the process at once; picture says what the disk keeps. Nobody hears from
// the process before the picture is taken: what it answered is in it.
func (m *member) kill(picture func(*vfs.Mem) *vfs.Mem) {
	p := m.process
	if p == nil {
		return
	}
	m.w.trace.note("node %d is killed", m.i)
	p.doomed.Store(true)
	p.unheard.Store(true)
	m.w.network.Crash(m.bus)
	m.w.network.Crash(m.addr)
	p.dead.Store(true)
	m.disk = picture(m.disk)
	p.cancel()
	m.dead, m.process = append(m.dead, p), nil
}

// stop ends the process in order and waits for all that ever ran here.
func (m *member) stop() {
	if p := m.process; p != nil {
		p.cancel()
		<-p.done
		if p.err != nil && !p.doomed.Load() {
			m.w.t.Errorf("-seed %d: node %d ended with %v", m.w.seed, m.i, p.err)
		}
		m.dead, m.process = append(m.dead, p), nil
		m.disk = m.disk.KillProcess()
	}
	for _, p := range m.dead {
		<-p.done
	}
}

// ready waits until the node serves.
func (m *member) ready() error {
	p := m.process
	select {
	case <-p.ready:
		select {
		case <-p.done:
			return m.ended(p)
		default:
			return nil
		}
	case <-p.done:
		return m.ended(p)
	case <-time.After(startIn):
		return fmt.Errorf("node %d is not ready after %v", m.i, startIn)
	}
}

// ended is why a process ended that was to run.
func (m *member) ended(p *process) error {
	if p.doomed.Load() {
		return nil
	}
	return fmt.Errorf("node %d has ended: %v", m.i, p.err)
}

// wipe makes the machine a new one; its process has been told to leave the cluster, or
// is dead.
func (m *member) wipe() error {
	if p := m.process; p != nil {
		select {
		case <-p.done:
		case <-time.After(startIn):
			return fmt.Errorf("node %d was removed and still runs after %v", m.i, startIn)
		}
		if !errors.Is(p.err, cluster.ErrRemoved) {
			return fmt.Errorf("node %d was removed and ended with %v", m.i, p.err)
		}
		m.dead, m.process = append(m.dead, p), nil
	}
	m.disk = vfs.NewMem()
	return nil
}
