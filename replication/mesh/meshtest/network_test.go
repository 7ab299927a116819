package meshtest_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"os"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/millrace-io/millrace/replication/mesh/meshtest"
)

// pair is a connection from a to b.
func pair(t *testing.T, n *meshtest.Network) (near, far net.Conn) {
	t.Helper()
	l, err := n.Listen("b")
	if err != nil {
		t.Fatal(err)
	}
	if near, err = n.Dial("a")(context.Background(), "b"); err != nil {
		t.Fatal(err)
	}
	if far, err = l.Accept(); err != nil {
		t.Fatal(err)
	}
	return near, far
}

func read(t *testing.T, c net.Conn, want string) {
	t.Helper()
	got := make([]byte, len(want))
	if _, err := io.ReadFull(c, got); err != nil || string(got) != want {
		t.Errorf("read %q, %v; want %q", got, err, want)
	}
}

func TestDelayRateAndCut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := meshtest.New()
		near, far := pair(t, n)
		took := func(want time.Duration, text string) {
			t.Helper()
			began := time.Now()
			near.Write([]byte(text))
			read(t, far, text)
			if d := time.Since(began); d != want {
				t.Errorf("took %v instead of %v", d, want)
			}
		}
		took(0, "at once")
		n.Delay("a", "b", time.Second)
		took(time.Second, "later")
		n.Delay("a", "b", 0)
		n.Rate("a", "b", 10)
		took(2*time.Second, "01234567890123456789")
		n.Rate("a", "b", 0)

		n.Cut("a", "b")
		near.Write([]byte("kept"))
		near.Close()
		far.SetReadDeadline(time.Now().Add(time.Minute))
		if _, err := far.Read(make([]byte, 1)); !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("cut: %v", err)
		}
		far.SetReadDeadline(time.Time{})
		n.Heal("a", "b")
		read(t, far, "kept")
		if _, err := far.Read(make([]byte, 1)); err != io.EOF {
			t.Errorf("closed: %v", err)
		}
	})
}

func TestOneWay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := meshtest.New()
		near, far := pair(t, n)
		n.OneWay("a", "b")
		near.Write([]byte("held"))
		far.Write([]byte("passes"))
		read(t, near, "passes")
		far.SetDeadline(time.Now().Add(time.Second))
		if _, err := far.Read(make([]byte, 1)); !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("got %v", err)
		}
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		if _, err := n.Dial("b")(ctx, "b"); err != nil {
			t.Errorf("dial where nothing is cut: %v", err)
		}
		if _, err := n.Dial("a")(ctx, "b"); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("dial over a cut: %v", err)
		}
	})
}

func TestBufferIsBoundedAndKeepsBytes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := meshtest.New()
		near, far := pair(t, n)
		near.SetWriteDeadline(time.Now().Add(time.Second))
		data := bytes.Repeat([]byte("0123456789"), 100_000)
		wrote, err := near.Write(data)
		if !errors.Is(err, os.ErrDeadlineExceeded) || wrote == 0 || wrote > 512<<10 {
			t.Errorf("wrote %d, %v", wrote, err)
		}
		near.SetWriteDeadline(time.Time{})
		go func() {
			near.Write(data[wrote:])
			near.Close()
		}()
		if got, err := io.ReadAll(far); err != nil || !bytes.Equal(got, data) {
			t.Errorf("%d bytes arrive, %v", len(got), err)
		}
	})
}

func TestResetAndCrash(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := meshtest.New()
		near, far := pair(t, n)
		n.Reset("b", "a")
		for _, c := range []net.Conn{near, far} {
			if _, err := c.Read(make([]byte, 1)); !errors.Is(err, syscall.ECONNRESET) {
				t.Errorf("read: %v", err)
			}
			if _, err := c.Write([]byte("x")); !errors.Is(err, syscall.ECONNRESET) {
				t.Errorf("write: %v", err)
			}
		}
		n.Crash("b")
		if _, err := n.Dial("a")(context.Background(), "b"); !errors.Is(err, syscall.ECONNREFUSED) {
			t.Errorf("dial: %v", err)
		}
		near, _ = pair(t, n) // another process listens
		if _, err := n.Listen("b"); !errors.Is(err, syscall.EADDRINUSE) {
			t.Errorf("listen: %v", err)
		}
		near.Close()
		if _, err := near.Write([]byte("x")); !errors.Is(err, net.ErrClosed) {
			t.Errorf("closed: %v", err)
		}
	})
}
