package faultnet_test

import (
	"encoding/binary"
	"errors"
	"io"
	"net"
	"os"
	"testing"
	"time"

	"go.uber.org/goleak"

	. "github.com/millrace-io/millrace/integration/chaos/faultnet"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	ann = 0xa11
	bob = 0xb0b
)

// short is how long a test waits for what must not happen, or makes a delay.
const short = 50 * time.Millisecond

// town is a network in which bob is reached through a proxy, and echoes what he hears.
type town struct {
	t     *testing.T
	net   *Network
	proxy *Proxy
}

func newTown(t *testing.T) *town {
	bobs, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	n := New()
	p, err := n.Listen(bobs.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	p.Know(bob)
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			c, err := bobs.Accept()
			if err != nil {
				return
			}
			go func() {
				defer c.Close()
				io.Copy(c, c)
			}()
		}
	}()
	t.Cleanup(func() {
		n.Close()
		bobs.Close()
		<-done
	})
	return &town{t, n, p}
}

func hello(node uint64) []byte {
	b := append([]byte("millrace"), 1, 0, 0, 0)
	return binary.LittleEndian.AppendUint64(b, node)
}

// dial connects as a node and says hello, which bob echoes.
func (tn *town) dial(node uint64) net.Conn {
	tn.t.Helper()
	c, err := net.Dial("tcp", tn.proxy.Addr())
	if err != nil {
		tn.t.Fatal(err)
	}
	tn.t.Cleanup(func() { c.Close() })
	if _, err := c.Write(hello(node)); err != nil {
		tn.t.Fatal(err)
	}
	return c
}

func (tn *town) says(c net.Conn, text string) {
	tn.t.Helper()
	if _, err := io.WriteString(c, text); err != nil {
		tn.t.Fatal(err)
	}
}

// hears expects these bytes next.
func (tn *town) hears(c net.Conn, want string) {
	tn.t.Helper()
	b := make([]byte, len(want))
	c.SetReadDeadline(time.Now().Add(10 * time.Second))
	if _, err := io.ReadFull(c, b); err != nil || string(b) != want {
		tn.t.Fatalf("heard %q, %v, want %q", b, err, want)
	}
}

// silent expects nothing for a short time.
func (tn *town) silent(c net.Conn) {
	tn.t.Helper()
	c.SetReadDeadline(time.Now().Add(short))
	if n, err := c.Read(make([]byte, 1)); n > 0 || !errors.Is(err, os.ErrDeadlineExceeded) {
		tn.t.Fatalf("%d bytes, %v, want silence", n, err)
	}
}

func (tn *town) ended(c net.Conn) {
	tn.t.Helper()
	c.SetReadDeadline(time.Now().Add(10 * time.Second))
	if _, err := io.Copy(io.Discard, c); errors.Is(err, os.ErrDeadlineExceeded) {
		tn.t.Fatal("the connection has not ended")
	}
}

func TestPassesBytes(t *testing.T) {
	tn := newTown(t)
	c := tn.dial(ann)
	tn.hears(c, string(hello(ann)))
	tn.says(c, "one")
	tn.hears(c, "one")
}

// Each direction is held by itself, and what was held arrives, complete and in order.
func TestHoldsOneDirection(t *testing.T) {
	for _, row := range []struct {
		name     string
		from, to uint64
	}{{"forth", ann, bob}, {"back", bob, ann}} {
		t.Run(row.name, func(t *testing.T) {
			tn := newTown(t)
			c := tn.dial(ann)
			tn.hears(c, string(hello(ann)))
			tn.net.Set(row.from, row.to, Faults{Hold: true})
			tn.says(c, "one")
			tn.silent(c)
			fresh := tn.dial(ann)
			tn.silent(fresh)
			other := tn.dial(0xcee) // someone else is not concerned
			tn.hears(other, string(hello(0xcee)))
			tn.says(c, "two")
			tn.net.Heal()
			tn.hears(c, "onetwo")
			tn.hears(fresh, string(hello(ann)))
		})
	}
}

// The way from bob to ann is held, and still bob hears ann.
func TestHeldDirectionLeavesTheOther(t *testing.T) {
	bobs, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer bobs.Close()
	n := New()
	defer n.Close()
	p, err := n.Listen(bobs.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	p.Know(bob)
	tn := &town{t, n, p}
	n.Set(bob, ann, Faults{Hold: true})
	c := tn.dial(ann)
	tn.says(c, "one")
	heard, err := bobs.Accept()
	if err != nil {
		t.Fatal(err)
	}
	defer heard.Close()
	tn.hears(heard, string(hello(ann))+"one")
	tn.says(heard, "two")
	tn.silent(c)
	n.Set(bob, ann, Faults{})
	tn.hears(c, "two")
}

func TestResetEndsOldAndNewConnections(t *testing.T) {
	tn := newTown(t)
	c := tn.dial(ann)
	tn.hears(c, string(hello(ann)))
	tn.net.Set(ann, bob, Faults{Reset: true})
	tn.ended(c)
	tn.ended(tn.dial(ann))
	tn.net.Heal()
	tn.hears(tn.dial(ann), string(hello(ann)))
}

func TestDelays(t *testing.T) {
	tn := newTown(t)
	c := tn.dial(ann)
	tn.hears(c, string(hello(ann)))
	tn.net.Set(ann, bob, Faults{Delay: short})
	tn.net.Set(bob, ann, Faults{Delay: short})
	began := time.Now()
	tn.says(c, "one")
	tn.hears(c, "one")
	if took := time.Since(began); took < 2*short {
		t.Errorf("there and back in %v", took)
	}
}

// The rate is that of the link, whatever the number of connections.
func TestLimitsTheRate(t *testing.T) {
	tn := newTown(t)
	a, b := tn.dial(ann), tn.dial(ann)
	tn.hears(a, string(hello(ann)))
	tn.hears(b, string(hello(ann)))
	const size = 50_000
	text := string(make([]byte, size))
	tn.net.Set(ann, bob, Faults{Rate: size / 2 * 10}) // both in 400 ms
	began := time.Now()
	tn.says(a, text)
	tn.says(b, text)
	tn.hears(a, text)
	tn.hears(b, text)
	if took := time.Since(began); took < 350*time.Millisecond {
		t.Errorf("%d bytes in %v", 2*size, took)
	}
}

// Whoever does not say who it is gets through, whatever the faults: they are of nodes.
func TestStrangersHaveNoFaults(t *testing.T) {
	tn := newTown(t)
	tn.net.Set(ann, bob, Faults{Hold: true})
	c, err := net.Dial("tcp", tn.proxy.Addr())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	const tls = "\x16\x03\x01 and so on, long enough"
	tn.says(c, tls)
	tn.hears(c, tls)
}

// A network that is closed leaves nothing behind, held bytes and half a hello
// included; goleak in TestMain looks.
func TestCloseEndsAll(t *testing.T) {
	tn := newTown(t)
	held := tn.dial(ann)
	tn.hears(held, string(hello(ann)))
	tn.net.Set(ann, bob, Faults{Hold: true})
	tn.says(held, "one")
	half, err := net.Dial("tcp", tn.proxy.Addr())
	if err != nil {
		t.Fatal(err)
	}
	defer half.Close()
	tn.says(half, "mill")
	tn.net.Close()
	tn.ended(held)
	if c, err := net.Dial("tcp", tn.proxy.Addr()); err == nil {
		c.Close()
		t.Error("the proxy still listens")
	}
}
