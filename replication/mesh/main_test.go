package mesh_test

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/millrace-io/millrace/replication/mesh"
	"github.com/millrace-io/millrace/replication/mesh/meshtest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// cluster is meshes on one network, in memory or real.
type cluster struct {
	t       testing.TB
	network *meshtest.Network // nil: TCP
	mu      sync.Mutex        // covers addrs
	addrs   map[uint64]string
	nodes   map[uint64]*node
}

type node struct {
	*mesh.Mesh
	id   uint64
	boot uint64
	addr string
	log  *lines
	ups  chan event // what Watch told, read by wait
	stop func()
}

type event struct {
	peer uint64
	up   bool
}

func newCluster(t testing.TB, network *meshtest.Network) *cluster {
	return &cluster{t: t, network: network, addrs: map[uint64]string{}, nodes: map[uint64]*node{}}
}

func (c *cluster) addr(id uint64) (string, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	a, ok := c.addrs[id]
	return a, ok
}

// options are those of a good member with that id.
func (c *cluster) options(id uint64) mesh.Options {
	c.t.Helper()
	o := mesh.Options{Secret: "open sesame", Resolve: c.addr}
	var err error
	addr := fmt.Sprintf("node%d", id)
	if c.network != nil {
		o.Dial = c.network.Dial(addr)
		o.Listener, err = c.network.Listen(addr)
	} else {
		o.Listener, err = net.Listen("tcp", "127.0.0.1:0")
	}
	if err != nil {
		c.t.Fatal(err)
	}
	addr = o.Listener.Addr().String()
	c.mu.Lock()
	c.addrs[id] = addr
	c.mu.Unlock()
	me := mesh.Identity{Node: id, Boot: nextBoot(), Cluster: "the cluster", Addr: addr}
	o.Self = func() mesh.Identity { return me }
	return o
}

var boots struct {
	sync.Mutex
	last uint64
}

func nextBoot() uint64 {
	boots.Lock()
	defer boots.Unlock()
	boots.last++
	return boots.last
}

// start runs a mesh; prepare sets its handlers, nil for none.
func (c *cluster) start(o mesh.Options, prepare func(*mesh.Mesh)) *node {
	c.t.Helper()
	n := &node{id: o.Self().Node, boot: o.Self().Boot, addr: o.Self().Addr, log: &lines{}, ups: make(chan event, 4096)}
	if o.Logger == nil {
		o.Logger = slog.New(slog.NewTextHandler(n.log, &slog.HandlerOptions{Level: slog.LevelInfo}))
	}
	n.Mesh = mesh.New(o)
	n.Watch(func(peer uint64, up bool) { n.ups <- event{peer, up} })
	if prepare != nil {
		prepare(n.Mesh)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ran := make(chan error, 1)
	go func() { ran <- n.Run(ctx) }()
	n.stop = sync.OnceFunc(func() {
		cancel()
		select {
		case err := <-ran:
			if err != nil {
				c.t.Errorf("node %d: run: %v", n.id, err)
			}
		case <-time.After(time.Minute):
			c.t.Errorf("node %d does not end", n.id)
		}
	})
	c.t.Cleanup(n.stop)
	c.nodes[n.id] = n
	return n
}

// linked starts nodes 1..count that are linked with each other, with what prepare sets.
func (c *cluster) linked(count int, prepare func(id uint64, m *mesh.Mesh)) {
	c.t.Helper()
	var ids []uint64
	for id := uint64(1); id <= uint64(count); id++ {
		ids = append(ids, id)
		c.start(c.options(id), func(m *mesh.Mesh) {
			if prepare != nil {
				prepare(id, m)
			}
		})
	}
	for _, id := range ids {
		c.nodes[id].SetPeers(ids)
	}
	for _, id := range ids {
		for range count - 1 {
			if e := c.nodes[id].next(c.t); !e.up {
				c.t.Fatalf("node %d: link to %d goes down before it is up", id, e.peer)
			}
		}
	}
}

// next is what Watch tells next.
func (n *node) next(t testing.TB) event {
	t.Helper()
	select {
	case e := <-n.ups:
		return e
	case <-time.After(time.Minute):
		t.Fatalf("node %d: nothing happens to its links; log:\n%s", n.id, n.log)
	}
	return event{}
}

// lines is a log.
type lines struct {
	mu   sync.Mutex // covers text
	text strings.Builder
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// eventually waits for a condition.
func eventually(t testing.TB, what string, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(time.Minute); !ok(); time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("not in time: %s", what)
		}
	}
}
