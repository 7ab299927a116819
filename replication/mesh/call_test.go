package mesh_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/millrace-io/millrace/replication/mesh"
	"github.com/millrace-io/millrace/replication/mesh/meshtest"
)

const (
	kindFails mesh.Kind = 3
	kindWaits mesh.Kind = 4
	kindWho   mesh.Kind = 5
)

func answering(_ uint64, m *mesh.Mesh) {
	m.HandleCall(kindEcho, func(_ context.Context, _ mesh.Identity, body []byte) ([]byte, error) { return body, nil })
	m.HandleCall(kindFails, func(context.Context, mesh.Identity, []byte) ([]byte, error) {
		return nil, errors.New("no such thing")
	})
	m.HandleCall(kindWaits, func(ctx context.Context, _ mesh.Identity, _ []byte) ([]byte, error) {
		<-ctx.Done()
		return nil, ctx.Err()
	})
	m.HandleCall(kindWho, func(_ context.Context, from mesh.Identity, _ []byte) ([]byte, error) {
		return fmt.Appendf(nil, "%d of %q", from.Node, from.Cluster), nil
	})
}

func TestCalls(t *testing.T) {
	both(t, func(t *testing.T, c *cluster) {
		c.linked(2, answering)
		ctx := context.Background()
		var all sync.WaitGroup
		for i := range 200 {
			all.Go(func() {
				body := bytes.Repeat([]byte{byte(i)}, i*100)
				if out, err := c.nodes[1].Call(ctx, 2, kindEcho, body); err != nil || !bytes.Equal(out, body) {
					t.Errorf("call %d: %d bytes, %v", i, len(out), err)
				}
			})
		}
		all.Wait()
		var remote *mesh.RemoteError
		if _, err := c.nodes[1].Call(ctx, 2, kindFails, nil); !errors.As(err, &remote) || remote.Text != "no such thing" {
			t.Errorf("error of the handler arrives as %v", err)
		}
		if _, err := c.nodes[1].Call(ctx, 2, 99, nil); !errors.As(err, &remote) || !strings.Contains(remote.Text, "kind 99") {
			t.Errorf("unknown kind: %v", err)
		}
		if _, err := c.nodes[1].Call(ctx, 7, kindEcho, nil); !errors.Is(err, mesh.ErrUnknownNode) {
			t.Errorf("unknown node: %v", err)
		}
		who, out, err := c.nodes[1].CallAddr(ctx, c.nodes[2].addr, kindWho, nil)
		if err != nil || who.Node != 2 || string(out) != `1 of "the cluster"` {
			t.Errorf("%+v answers %q, %v", who, out, err)
		}
	})
}

func TestCallEndsInTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		network := meshtest.New()
		c := newCluster(t, network)
		c.linked(2, answering)

		took := func(timeout time.Duration) (time.Duration, error) {
			ctx := context.Background()
			if timeout > 0 {
				var cancel func()
				ctx, cancel = context.WithTimeout(ctx, timeout)
				defer cancel()
			}
			began := time.Now()
			_, err := c.nodes[1].Call(ctx, 2, kindWaits, nil)
			return time.Since(began), err
		}
		if d, err := took(0); d != 10*time.Second || err == nil {
			t.Errorf("without a deadline: %v, %v", d, err)
		}
		if d, err := took(100 * time.Millisecond); d != 100*time.Millisecond || err == nil {
			// The handler gives up at the same moment, so either side's words may come.
			t.Errorf("100 ms: %v, %v", d, err)
		}
		network.Cut("node1", "node2")
		if d, err := took(time.Minute); d > 4*time.Second || err == nil {
			t.Errorf("peer gone: %v, %v", d, err)
		}
		network.Heal("node1", "node2")
		if _, err := c.nodes[1].Call(context.Background(), 2, kindEcho, nil); err != nil {
			t.Errorf("healed: %v", err)
		}
	})
}

// A handler's context ends when its caller is gone.
func TestCallOfTheDeadIsCancelled(t *testing.T) {
	both(t, func(t *testing.T, c *cluster) {
		var running atomic.Int32
		o := c.options(2)
		c.start(o, func(m *mesh.Mesh) {
			m.HandleCall(kindWaits, func(ctx context.Context, _ mesh.Identity, _ []byte) ([]byte, error) {
				running.Add(1)
				defer running.Add(-1)
				<-ctx.Done()
				return nil, nil
			})
		})
		c.start(c.options(1), nil)
		var called sync.WaitGroup
		called.Go(func() {
			if _, err := c.nodes[1].Call(context.Background(), 2, kindWaits, nil); err == nil {
				t.Error("answered")
			}
		})
		eventually(t, "the call runs", func() bool { return running.Load() == 1 })
		stopped := time.Now()
		c.nodes[1].stop()
		called.Wait()
		eventually(t, "the call is cancelled", func() bool { return running.Load() == 0 })
		if d := time.Since(stopped); d > 8*time.Second {
			t.Errorf("cancelled after %v, when its time was over anyway", d)
		}
	})
}

func TestNodeThatHasNotJoinedCanOnlyCall(t *testing.T) {
	both(t, func(t *testing.T, c *cluster) {
		c.start(c.options(1), func(m *mesh.Mesh) { answering(1, m) })
		o := c.options(2)
		var joined atomic.Bool
		me := o.Self()
		o.Self = func() mesh.Identity {
			id := me
			if !joined.Load() {
				id.Cluster = ""
			}
			return id
		}
		n := c.start(o, nil)
		who, out, err := n.CallAddr(context.Background(), c.nodes[1].addr, kindWho, nil)
		if err != nil || who.Node != 1 || who.Cluster != "the cluster" || string(out) != `2 of ""` {
			t.Fatalf("%+v answers %q, %v", who, out, err)
		}
		if out, err := n.Call(context.Background(), 1, kindWho, nil); err != nil || string(out) != `2 of ""` {
			t.Errorf("%q, %v", out, err)
		}
		n.SetPeers([]uint64{1})
		eventually(t, "the link is refused", func() bool { return strings.Contains(n.log.String(), "not in one cluster (yet)") })
		joined.Store(true)
		if e := n.next(t); !e.up {
			t.Error("no link after joining")
		}
		if out, err := n.Call(context.Background(), 1, kindWho, nil); err != nil || string(out) != `2 of "the cluster"` {
			t.Errorf("%q, %v", out, err)
		}
	})
}
