package mesh_test

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"testing"
	"testing/synctest"
	"time"

	"github.com/millrace-io/millrace/replication/mesh"
	"github.com/millrace-io/millrace/replication/mesh/meshtest"
)

const (
	kindNumber mesh.Kind = 1
	kindEcho   mesh.Kind = 2
)

type received struct {
	from mesh.Identity
	body []byte
}

func collect(into chan<- received) func(uint64, *mesh.Mesh) {
	return func(_ uint64, m *mesh.Mesh) {
		m.Handle(kindNumber, func(from mesh.Identity, body []byte) {
			into <- received{from, bytes.Clone(body)}
		})
	}
}

func expect(t *testing.T, from <-chan received) received {
	t.Helper()
	select {
	case r := <-from:
		return r
	case <-time.After(20 * time.Second):
		t.Fatal("no message arrives")
	}
	return received{}
}

// both runs a test over TCP and in a bubble in memory.
func both(t *testing.T, test func(t *testing.T, c *cluster)) {
	t.Run("tcp", func(t *testing.T) { test(t, newCluster(t, nil)) })
	t.Run("memory", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) { test(t, newCluster(t, meshtest.New())) })
	})
}

func TestMessagesArriveInOrderWithTheirSender(t *testing.T) {
	both(t, func(t *testing.T, c *cluster) {
		const count = 20000
		got := make(chan received, count)
		c.linked(3, collect(got))
		for i := range uint64(count) {
			head := binary.LittleEndian.AppendUint64(nil, i)
			if !c.nodes[1].Send(2, kindNumber, head, []byte("rest"), nil) {
				t.Fatalf("message %d refused", i)
			}
			clear(head) // the mesh has its own copy
		}
		for i := range uint64(count) {
			r := expect(t, got)
			if n := binary.LittleEndian.Uint64(r.body); n != i || string(r.body[8:]) != "rest" || r.from.Node != 1 {
				t.Fatalf("message %d of %d: %q from %d", i, n, r.body[8:], r.from.Node)
			}
		}
		if c.nodes[1].Send(9, kindNumber, nil) {
			t.Error("a message to a node that is no peer was taken")
		}
	})
}

func TestLargeMessage(t *testing.T) {
	both(t, func(t *testing.T, c *cluster) {
		got := make(chan received, 1)
		c.linked(2, collect(got))
		body := make([]byte, 70<<20) // more than the whole queue
		rand.NewChaCha8([32]byte{}).Read(body)
		if !c.nodes[1].Send(2, kindNumber, body[:1<<20], body[1<<20:]) {
			t.Fatal("refused")
		}
		if r := expect(t, got); !bytes.Equal(r.body, body) {
			t.Fatalf("%d bytes arrived, or others", len(r.body))
		}
	})
}

func TestNodeThatIsAwayComesBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		network := meshtest.New()
		c := newCluster(t, network)
		got := make(chan received, 16)
		c.linked(2, collect(got))
		synctest.Wait()

		cut := time.Now()
		network.Cut("node1", "node2")
		for _, n := range []*node{c.nodes[1], c.nodes[2]} {
			if e := n.next(t); e.up {
				t.Fatal("link came up")
			}
		}
		if d := time.Since(cut); d < time.Second || d > 3*time.Second {
			t.Errorf("noticed after %v", d)
		}
		if c.nodes[1].Send(2, kindNumber, []byte("lost")) {
			t.Error("message taken while there is no link")
		}
		time.Sleep(time.Minute)
		healed := time.Now()
		network.Heal("node1", "node2")
		for _, n := range []*node{c.nodes[1], c.nodes[2]} {
			if e := n.next(t); !e.up {
				t.Fatal("link went down")
			}
		}
		if d := time.Since(healed); d > 3*time.Second {
			t.Errorf("linked again after %v", d)
		}
		c.nodes[1].Send(2, kindNumber, []byte("here"))
		if r := expect(t, got); string(r.body) != "here" {
			t.Errorf("got %q", r.body)
		}
	})
}

func TestOneWayCutEndsBothLinks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		network := meshtest.New()
		c := newCluster(t, network)
		c.linked(2, nil)
		began := time.Now()
		network.OneWay("node1", "node2")
		for _, n := range []*node{c.nodes[1], c.nodes[2]} {
			if e := n.next(t); e.up {
				t.Fatal("link came up")
			}
		}
		if d := time.Since(began); d > 4*time.Second {
			t.Errorf("noticed after %v", d)
		}
	})
}

// What arrives is, whatever happens to the connections, in the order in which it was
// sent, each once; within the life of a link nothing is missing.
func TestOrderSurvivesCuts(t *testing.T) {
	for seed := range uint64(20) {
		t.Run(fmt.Sprintf("seed=%d", seed), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { orderUnderCuts(t, rand.New(rand.NewPCG(seed, 1))) })
		})
	}
}

func orderUnderCuts(t *testing.T, random *rand.Rand) {
	network := meshtest.New()
	c := newCluster(t, network)
	var got []uint64 // of one goroutine at a time
	c.linked(2, func(id uint64, m *mesh.Mesh) {
		m.Handle(kindNumber, func(from mesh.Identity, body []byte) {
			if id == 2 {
				got = append(got, binary.LittleEndian.Uint64(body))
			}
		})
	})
	network.Delay("node1", "node2", time.Duration(random.IntN(50))*time.Millisecond)
	var taken []uint64
	for i := range uint64(2000) {
		if c.nodes[1].Send(2, kindNumber, binary.LittleEndian.AppendUint64(nil, i)) {
			taken = append(taken, i)
		}
		time.Sleep(time.Duration(random.IntN(20)) * time.Millisecond)
		switch random.IntN(200) {
		case 0:
			network.Reset("node1", "node2")
		case 1:
			network.Cut("node1", "node2")
		case 2:
			network.OneWay("node2", "node1")
		case 3, 4, 5:
			network.HealAll()
		}
	}
	network.HealAll()
	time.Sleep(10 * time.Second)
	synctest.Wait()
	c.nodes[1].Send(2, kindNumber, binary.LittleEndian.AppendUint64(nil, 1<<40))
	time.Sleep(time.Second)
	synctest.Wait()
	if len(got) < 100 || got[len(got)-1] != 1<<40 {
		t.Fatalf("%d of %d arrived, or not the last", len(got), len(taken))
	}
	for i := 1; i < len(got); i++ {
		if got[i] <= got[i-1] {
			t.Fatalf("%d after %d", got[i], got[i-1])
		}
	}
}

func TestSlowPeerBlocksNobody(t *testing.T) {
	both(t, func(t *testing.T, c *cluster) {
		hold, got := make(chan struct{}), make(chan received, 16)
		for id := uint64(1); id <= 3; id++ {
			o := c.options(id)
			o.QueueBytes = 1 << 20
			c.start(o, func(m *mesh.Mesh) {
				m.Handle(kindNumber, func(from mesh.Identity, body []byte) {
					if id == 3 {
						got <- received{from, bytes.Clone(body)}
						return
					}
					<-hold
				})
			})
		}
		c.nodes[1].SetPeers([]uint64{1, 2, 3})
		c.nodes[1].next(t)
		c.nodes[1].next(t)
		body := make([]byte, 100_000)
		taken := 0
		for c.nodes[1].Send(2, kindNumber, body) {
			taken++
			if taken > 10_000 {
				t.Fatal("the queue has no bound")
			}
		}
		if taken < 10 {
			t.Errorf("only %d messages of 100 kB taken in a queue of 1 MiB", taken)
		}
		c.nodes[1].Send(3, kindNumber, []byte("free"))
		if r := expect(t, got); string(r.body) != "free" {
			t.Errorf("got %q", r.body)
		}
		close(hold)
		eventually(t, "the slow peer takes messages again", func() bool { return c.nodes[1].Send(2, kindNumber, body) })
	})
}

func TestNewProcessReplacesTheOld(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		network := meshtest.New()
		c := newCluster(t, network)
		got := make(chan received, 16)
		c.linked(2, collect(got))
		c.nodes[1].Send(2, kindNumber, []byte("a"))
		before := expect(t, got)

		// The cut keeps node 2 from hearing that the old process died.
		network.Cut("node1", "node2")
		c.nodes[1].stop()
		network.Heal("node1", "node2")
		synctest.Wait()
		c.start(c.options(1), nil).SetPeers([]uint64{2})
		c.nodes[1].next(t)
		c.nodes[1].Send(2, kindNumber, []byte("b"))
		after := expect(t, got)
		if before.from.Boot == after.from.Boot || string(after.body) != "b" {
			t.Errorf("%q from boot %d, then %q from boot %d", before.body, before.from.Boot, after.body, after.from.Boot)
		}
	})
}

// What a lost link has brought is handled before anything of the next one.
func TestLinksOfAPeerDeliverInTurns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		network := meshtest.New()
		c := newCluster(t, network)
		hold, got := make(chan struct{}), make(chan received, 16)
		c.linked(2, func(_ uint64, m *mesh.Mesh) {
			m.Handle(kindNumber, func(from mesh.Identity, body []byte) {
				body = bytes.Clone(body)
				<-hold
				got <- received{from, body}
			})
		})
		for i, text := range []string{"a", "b", "c"} {
			if i > 0 {
				network.Reset("node1", "node2")
				c.nodes[1].next(t)
				c.nodes[1].next(t)
			}
			if !c.nodes[1].Send(2, kindNumber, []byte(text)) {
				t.Fatal("refused")
			}
			synctest.Wait()
		}
		for _, text := range []string{"a", "c"} { // b's link was gone before it was read
			hold <- struct{}{}
			if r := expect(t, got); string(r.body) != text {
				t.Errorf("%q instead of %q", r.body, text)
			}
			synctest.Wait()
		}
		close(hold)
	})
}

func TestPeersThatAreNoneAnyMore(t *testing.T) {
	both(t, func(t *testing.T, c *cluster) {
		c.linked(2, nil)
		for range 20 {
			c.nodes[1].SetPeers(nil)
			c.nodes[1].SetPeers([]uint64{2})
			c.nodes[1].SetPeers([]uint64{2, 2, 1})
			if e := c.nodes[1].next(t); e.up {
				t.Fatal("up twice")
			}
			if e := c.nodes[1].next(t); !e.up {
				t.Fatal("down twice")
			}
		}
		c.nodes[1].SetPeers(nil)
		if e := c.nodes[1].next(t); e.up || c.nodes[1].Linked(2) {
			t.Fatal("still linked")
		}
	})
}
