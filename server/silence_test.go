package server

import (
	"context"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/millrace-io/millrace/storage/vfs"
)

// A log full of waits and deliveries is replayed without a reply to anybody:
// whoever connects as soon as the node answers gets the reply to its own command
// and nothing before it.
func TestReplayIsSilent(t *testing.T) {
	disk := newDisk()
	p := start(t, disk)
	reader, writer := dial(t, p), dial(t, p)
	writer.must(t, "XGROUP CREATE s g 0 MKSTREAM")
	for range 20 {
		if err := reader.send("XREADGROUP GROUP g c BLOCK 0 STREAMS s >"); err != nil {
			t.Fatal(err)
		}
		p.blocked(t, 1)
		writer.must(t, "XADD s * f v")
		if v, err := reader.receive(); err != nil || v == nil {
			t.Fatalf("delivery %v, %v", v, err)
		}
	}
	if err := reader.send("XREADGROUP GROUP g c BLOCK 0 STREAMS s >"); err != nil {
		t.Fatal(err)
	}
	p.blocked(t, 1)
	image := disk.KillProcess()

	early := make(chan *client, 1)
	n, err := OpenFS(image, testConfig(), discard)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() {
		done <- n.Run(ctx, func(addr string) {
			conn, err := net.Dial("tcp", addr)
			if err != nil {
				t.Error(err)
			}
			early <- newClient(conn)
		})
	}()
	c := <-early
	if v := c.do(t, "PING"); v != "PONG" {
		t.Errorf("the first bytes after a restart are %v", v)
	}
	if blocked, _ := n.blocked(); blocked != 0 {
		t.Errorf("%d wait after a restart", blocked)
	}
	if v := c.do(t, "XPENDING s g").([]any)[0]; v != int64(20) {
		t.Errorf("%v pending after a restart, want 20", v)
	}
	c.Close()
	cancel()
	if err := <-done; err != nil {
		t.Error(err)
	}
	if err := n.Close(); err != nil {
		t.Error(err)
	}
}

// The key's expiry comes by the log, without any client, and ends the wait.
func TestExpiryEndsTheWait(t *testing.T) {
	disk := newDisk()
	p := start(t, disk)
	reader, c := dial(t, p), dial(t, p)
	c.must(t, "XGROUP CREATE s g 0 MKSTREAM")
	if err := reader.send("XREADGROUP GROUP g c BLOCK 0 STREAMS s >"); err != nil {
		t.Fatal(err)
	}
	p.blocked(t, 1)
	c.must(t, "EXPIRE s 1")
	before := p.applied()
	v, err := reader.receive()
	if text, ok := v.(errReply); err != nil || !ok || !strings.HasPrefix(string(text), "NOGROUP") {
		t.Errorf("the reader got %v, %v; want NOGROUP", v, err)
	}
	if after := p.applied(); after == before {
		t.Error("the key is gone without an entry in the log")
	}
	hash, _ := p.hash()
	sameAfterReplay(t, disk, hash)
}

// sameAfterReplay starts a node on a copy of the disk, which runs the log again on
// an empty state (no test that uses it takes snapshots), and compares the states.
func sameAfterReplay(t *testing.T, disk *vfs.Mem, hash uint64) {
	t.Helper()
	p := start(t, disk.KillProcess())
	if again, _ := p.hash(); again != hash {
		t.Errorf("hash %x after the log was run again, want %x", again, hash)
	}
	p.stop(t)
}

// What was sent runs, whether or not its client waits for the reply.
func TestXaddOfAClosedConnectionWakesTheReader(t *testing.T) {
	p := start(t, newDisk())
	reader, c := dial(t, p), dial(t, p)
	c.must(t, "XGROUP CREATE s g 0 MKSTREAM")
	for range 10 {
		if err := reader.send("XREADGROUP GROUP g c BLOCK 0 STREAMS s >"); err != nil {
			t.Fatal(err)
		}
		p.blocked(t, 1)
		w := dial(t, p)
		if err := w.send("XADD s * f v"); err != nil {
			t.Fatal(err)
		}
		w.Close()
		if v, err := reader.receive(); err != nil || v == nil {
			t.Fatalf("the reader got %v, %v", v, err)
		}
	}
}

// A wait that ends by its time leaves nothing in the log, and nobody is served in
// its place later.
func TestTimeoutIsNotLogged(t *testing.T) {
	p := start(t, newDisk())
	c := dial(t, p)
	c.must(t, "XGROUP CREATE s g 0 MKSTREAM")
	c.must(t, "XREADGROUP GROUP g c STREAMS s >")
	before := p.applied()
	began := time.Now()
	if v := c.do(t, "XREADGROUP GROUP g c BLOCK 20 STREAMS s >"); v != nil {
		t.Errorf("an empty stream gave %v", v)
	}
	if took := time.Since(began); took < 20*time.Millisecond {
		t.Errorf("waited %v of 20 ms", took)
	}
	if n := p.applied() - before; n != 0 {
		t.Errorf("a wait that timed out took %d entries", n)
	}
	c.must(t, "XADD s * f v")
	if v := c.must(t, "XPENDING s g").([]any)[0]; v != int64(0) {
		t.Errorf("%v pending", v)
	}
}

// A reader that was claimed for an XADD that then failed goes back to its place:
// the next entry is for it.
func TestClaimedReaderGoesBack(t *testing.T) {
	p := start(t, newDisk())
	reader, c := dial(t, p), dial(t, p)
	c.must(t, "XGROUP CREATE s g 0 MKSTREAM")
	c.must(t, "XSETID s 5-0")
	if err := reader.send("XREADGROUP GROUP g c BLOCK 0 STREAMS s >"); err != nil {
		t.Fatal(err)
	}
	p.blocked(t, 1)
	if _, refused := c.do(t, "XADD s 1-1 f v").(errReply); !refused {
		t.Fatal("XADD of an ID below the last was taken")
	}
	p.blocked(t, 1)
	c.must(t, "XADD s 6-0 f v")
	if v, err := reader.receive(); err != nil || v == nil {
		t.Errorf("the reader got %v, %v", v, err)
	}
}
