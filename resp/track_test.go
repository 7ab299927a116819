package resp_test

import (
	"testing"
	"time"

	"github.com/millrace-io/millrace/replication"
	"github.com/millrace-io/millrace/resp"
	"github.com/millrace-io/millrace/tracking"
)

const invalidK = ">2\r\n$10\r\ninvalidate\r\n*1\r\n$1\r\nk\r\n"

// tracking is a client that speaks RESP3 and tracks what it reads.
func (f *fixture) tracking(mode ...string) *client {
	f.t.Helper()
	c := f.subscribed() // to begin at a known place
	c.send("%s", command("SUNSUBSCRIBE", "c")+command(append([]string{"CLIENT", "TRACKING", "ON"}, mode...)...))
	c.expect(">3\r\n$12\r\nsunsubscribe\r\n$1\r\nc\r\n:0\r\n+OK\r\n")
	return c
}

// look does for a request what the partition does when it reads for it.
func (f *fixture) look(r *replication.Request) {
	f.t.Helper()
	reader, ok := r.Client.(tracking.Reader)
	if !ok || !r.Tracks {
		f.t.Fatalf("the request tracks: %v, for %v", r.Tracks, r.Client)
	}
	reader.Looked()
	f.server.Tracked().Remember(reader.Tracker(), r.Args[1:])
}

// invalidate does what the partition does when a key has changed.
func (f *fixture) invalidate(key string) {
	f.server.Tracked().Invalidate([]string{key}, nil)
	f.server.Flush()
}

// A read has looked at the state, and its reply is on its way when the key changes:
// the client must be told behind it, in whatever mode.
func TestInvalidationBehindAReplyOnItsWay(t *testing.T) {
	onBoth(t, resp.Options{}, "", func(t *testing.T, f *fixture) {
		for _, mode := range [][]string{nil, {"BCAST"}} {
			c := f.tracking(mode...)
			f.router.set(func() { f.router.holding, f.router.held = true, nil })
			c.send("%s", command("set", "a")+command("get", "k")+command("set", "b"))
			f.router.await(func() bool { return len(f.router.held) == 3 })
			held := f.router.held
			f.look(held[1])
			f.invalidate("k")
			held[1].To.Fill([]byte("$3\r\nold\r\n"))
			f.server.Flush()
			held[0].To.Fill([]byte("+A\r\n"))
			f.server.Flush()
			c.expect("+A\r\n$3\r\nold\r\n" + invalidK)
			held[2].To.Fill([]byte("+B\r\n"))
			f.server.Flush()
			c.expect("+B\r\n")
			f.router.set(func() { f.router.holding = false })
			c.Close()
		}
	})
}

// What was read before is told at once, before the reply of the write that changes it.
func TestInvalidationBeforeTheOwnReply(t *testing.T) {
	onBoth(t, resp.Options{}, "", func(t *testing.T, f *fixture) {
		c := f.tracking()
		f.router.set(func() { f.router.holding = true })
		c.send("%s", command("get", "k")+command("set", "k"))
		f.router.await(func() bool { return len(f.router.held) == 2 })
		held := f.router.held
		f.look(held[0])
		held[0].To.Fill([]byte("$3\r\nold\r\n"))
		f.invalidate("k")
		c.expect("$3\r\nold\r\n" + invalidK)
		held[1].To.Fill([]byte("+OK\r\n"))
		f.server.Flush()
		c.expect("+OK\r\n")
	})
}

// A silent reply lets the message behind it pass.
func TestInvalidationBehindASilentReply(t *testing.T) {
	onBoth(t, resp.Options{}, "", func(t *testing.T, f *fixture) {
		c := f.tracking()
		f.router.set(func() { f.router.holding = true })
		c.send("%s", command("CLIENT", "REPLY", "OFF")+command("get", "k"))
		f.router.await(func() bool { return len(f.router.held) == 1 })
		f.look(f.router.held[0])
		f.invalidate("k")
		f.router.held[0].To.Fill([]byte("$3\r\nold\r\n"))
		f.server.Flush()
		c.expect(invalidK)
	})
}

// A client that goes leaves nothing behind in the table, whatever is on its way.
func TestTrackingEndsWithTheConnection(t *testing.T) {
	onBoth(t, resp.Options{}, "", func(t *testing.T, f *fixture) {
		c := f.tracking()
		f.router.set(func() { f.router.holding = true })
		c.send("%s", command("get", "k"))
		f.router.await(func() bool { return len(f.router.held) == 1 })
		c.SetLinger(0)
		c.Close()
		for end := time.After(patience); f.server.Tracked().Active(); {
			select {
			case <-end:
				t.Fatal("still tracked")
			case <-time.After(time.Millisecond):
			}
		}
		f.look(f.router.held[0])
		f.invalidate("k")
		if got := f.server.Tracked().Census(); got != (tracking.Census{}) {
			t.Errorf("census %+v", got)
		}
		f.router.held[0].To.Fill([]byte("$3\r\nold\r\n"))
		f.server.Flush()
	})
}

// When a pause begins, what is handed over later waits for its end.
func TestPauseHoldsRequestsBackInOrder(t *testing.T) {
	onBoth(t, resp.Options{}, "", func(t *testing.T, f *fixture) {
		c, other := f.dial(), f.dial()
		f.server.Pause(time.Now().Add(time.Hour), true)
		c.send("%s", command("PING")+command("publish", "1")+command("set", "2")+command("PING"))
		c.expect("+PONG\r\n")
		other.send("%s", command("get", "k"))
		other.expect("$3\r\n0:k\r\n")
		if ran := f.node.ran(); len(ran) != 0 {
			t.Errorf("ran %q", ran)
		}
		f.server.Pause(time.Now(), false) // later and stricter hold
		other.send("%s", command("PING")+command("quit"))
		if until, paused := f.server.Paused(); !paused || time.Until(until) < time.Minute {
			t.Errorf("paused %v until %v", paused, until)
		}
		f.server.Unpause()
		c.expect(":0\r\n+OK\r\n+PONG\r\n")
		other.expect("+PONG\r\n+OK\r\n")
		if n := f.server.Postponed(); n != 0 {
			t.Errorf("%d still postponed", n)
		}
	})
}
