package faultnet_test

import (
	"context"
	"net"
	"testing"
	"time"

	. "github.com/millrace-io/millrace/integration/chaos/faultnet"
	"github.com/millrace-io/millrace/replication/mesh"
)

// The proxies know the hello of the real thing: faults reach the links of a mesh, one
// direction at a time.
func TestFaultsReachAMesh(t *testing.T) {
	n := New()
	defer n.Close()
	listeners, addrs := map[uint64]net.Listener{}, map[uint64]string{}
	for _, id := range []uint64{ann, bob} {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		p, err := n.Listen(l.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		p.Know(id)
		listeners[id], addrs[id] = l, p.Addr()
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 2)
	heard := make(chan string, 100)
	meshes := map[uint64]*mesh.Mesh{}
	up := make(chan struct{}, 1)
	for _, id := range []uint64{ann, bob} {
		m := mesh.New(mesh.Options{
			Self:     func() mesh.Identity { return mesh.Identity{Node: id, Boot: 1, Cluster: "c", Addr: addrs[id]} },
			Secret:   "s",
			Listener: listeners[id],
			Resolve:  func(node uint64) (string, bool) { return addrs[node], true },
		})
		m.Handle(1, func(from mesh.Identity, body []byte) { heard <- string(body) })
		if id == ann {
			m.Watch(func(_ uint64, is bool) {
				if is {
					up <- struct{}{}
				}
			})
		}
		m.SetPeers([]uint64{ann, bob})
		meshes[id] = m
		go func() { done <- m.Run(ctx) }()
	}
	<-up
	n.Set(ann, bob, Faults{Hold: true})
	meshes[ann].Send(bob, 1, []byte("held"))
	select {
	case text := <-heard:
		t.Errorf("heard %q", text)
	case <-time.After(short):
	}
	n.Set(bob, ann, Faults{})
	n.Heal()
	if text := <-heard; text != "held" {
		t.Errorf("heard %q", text)
	}
	cancel()
	for range meshes {
		if err := <-done; err != nil && ctx.Err() == nil {
			t.Error(err)
		}
	}
}
