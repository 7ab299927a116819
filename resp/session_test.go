package resp_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/millrace-io/millrace/commands"
	"github.com/millrace-io/millrace/resp"
)

func TestRepliesKeepTheOrderOfRequests(t *testing.T) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	onBoth(t, resp.Options{}, "", func(t *testing.T, f *fixture) {
		rnd := rand.New(rand.NewPCG(seed, 1))
		f.router.set(func() { f.router.holding = true })
		c := f.dial()
		var send, want strings.Builder
		const n = 200
		partition := 0
		for i := range n {
			switch rnd.IntN(3) {
			case 0:
				fmt.Fprintf(&send, "echo %d\r\n", i)
				fmt.Fprintf(&want, "$%d\r\n%d\r\n", len(fmt.Sprint(i)), i)
			case 1:
				fmt.Fprintf(&send, "get %d\r\n", i)
				fmt.Fprintf(&want, "$%d\r\n0:%d\r\n", len(fmt.Sprint(i))+2, i)
				partition++
			default:
				fmt.Fprintf(&send, "set %d\r\n", i)
				want.WriteString("+OK\r\n")
				partition++
			}
		}
		c.send("%s", send.String())
		f.router.await(func() bool { return len(f.router.held) == partition })
		f.router.mu.Lock()
		held := f.router.held
		f.router.mu.Unlock()
		rnd.Shuffle(len(held), func(i, j int) { held[i], held[j] = held[j], held[i] })
		var wg sync.WaitGroup
		for k := range 2 { // two goroutines fill at the same time
			wg.Go(func() {
				for i := k; i < len(held); i += 2 {
					f.router.apply(held[i])
				}
			})
		}
		wg.Wait()
		f.server.Flush()
		c.expect(want.String())
	})
}

func TestFillWithoutFlushIsNotLost(t *testing.T) {
	onBoth(t, resp.Options{}, "", func(t *testing.T, f *fixture) {
		f.router.set(func() { f.router.holding = true })
		c := f.dial()
		c.send("set a\r\n")
		f.router.await(func() bool { return len(f.router.held) == 1 })
		f.router.apply(f.router.held[0])
		c.expect("+OK\r\n")
	})
}

func TestBlockedCommandHoldsWhatFollows(t *testing.T) {
	onBoth(t, resp.Options{}, "", func(t *testing.T, f *fixture) {
		c, other := f.dial(), f.dial()
		c.send("CLIENT ID\r\nblock 1\r\nPING\r\nset later\r\n")
		id := c.readInt()
		f.router.await(func() bool { return len(f.router.waiting) == 1 })
		other.send("set other\r\nCLIENT UNBLOCK %d\r\n", id)
		other.expect("+OK\r\n:1\r\n")
		c.expect("*-1\r\n+PONG\r\n+OK\r\n")
		c.send("block\r\n")
		f.router.await(func() bool { return len(f.router.waiting) == 1 })
		other.send("CLIENT UNBLOCK %d ERROR\r\nCLIENT UNBLOCK %d\r\nCLIENT UNBLOCK 99999\r\n", id, id)
		other.expect(":1\r\n:0\r\n:0\r\n")
		c.expect("-UNBLOCKED client unblocked via CLIENT UNBLOCK\r\n")
		if got := strings.Join(f.node.ran(), " "); got != "other later" {
			t.Errorf("ran %q", got)
		}
	})
}

// readInt reads an integer reply.
func (c *client) readInt() int {
	c.t.Helper()
	var n int
	if _, err := fmt.Fscanf(c, ":%d\r\n", &n); err != nil {
		c.t.Fatal(err)
	}
	return n
}

func TestDisconnectEndsTheWait(t *testing.T) {
	for _, how := range []string{"close", "half-close", "reset"} {
		t.Run(how, func(t *testing.T) {
			onBoth(t, resp.Options{}, "", func(t *testing.T, f *fixture) {
				c := f.dial()
				c.send("PING\r\nblock\r\nset x\r\n")
				c.expect("+PONG\r\n")
				f.router.await(func() bool { return len(f.router.waiting) == 1 })
				switch how {
				case "half-close":
					c.CloseWrite()
				case "reset":
					c.SetLinger(0)
					c.Close()
				default:
					c.Close()
				}
				f.router.await(func() bool { return f.router.cancels == 1 })
				if how == "half-close" {
					c.expectClose("*-1\r\n+OK\r\n")
				}
				f.awaitClients(0)
			})
		})
	}
}

// awaitClients waits until the server has n connections.
func (f *fixture) awaitClients(n int) {
	f.t.Helper()
	f.await(func() bool { return f.server.Clients() == n })
}

// await polls: what it waits for tells nobody.
func (f *fixture) await(cond func() bool) {
	f.t.Helper()
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for give := time.Now().Add(patience); !cond(); <-tick.C {
		if time.Now().After(give) {
			f.t.Fatalf("waited in vain: %+v", f.server.Stats())
		}
	}
}

func TestHalfClosedClientGetsAllItsReplies(t *testing.T) {
	onBoth(t, resp.Options{MaxUnfinished: 4}, "", func(t *testing.T, f *fixture) {
		c := f.dial()
		f.router.set(func() { f.router.holding = true })
		const n = 20000 // more than a read takes, and more than may be unfinished
		c.send("%s", strings.Repeat("set abcdefghijklmnopqrstuvwxyz\r\n", n)+"PING\r\nECHO unfinis")
		c.CloseWrite()
		f.router.release()
		c.expectClose(strings.Repeat("+OK\r\n", n) + "+PONG\r\n")
	})
}

// release answers what was held, and no longer holds.
func (r *fakeRouter) release() {
	r.set(func() {
		r.holding = false
		r.queue = append(r.queue, r.held...)
		r.held = nil
	})
}

func TestReplyModes(t *testing.T) {
	onBoth(t, resp.Options{}, "", func(t *testing.T, f *fixture) {
		c := f.dial()
		for _, row := range []struct{ send, want string }{
			{"CLIENT REPLY SKIP\r\nPING\r\nPING\r\n", "+PONG\r\n"},
			{"CLIENT REPLY SKIP\r\nset a\r\nset b\r\n", "+OK\r\n"},
			{"CLIENT REPLY SKIP\r\nFOO\r\nPING\r\n", "+PONG\r\n"},
			{"CLIENT REPLY OFF\r\nPING\r\nset a\r\nget a\r\nFOO\r\nCLIENT REPLY ON\r\nPING\r\n", "+OK\r\n+PONG\r\n"},
			{"CLIENT REPLY OFF\r\nCLIENT REPLY SKIP\r\nCLIENT REPLY ON\r\nset a\r\n", "+OK\r\n+OK\r\n"},
			{"CLIENT REPLY OFF\r\nRESET\r\nPING\r\n", "+RESET\r\n+PONG\r\n"},
			{"CLIENT REPLY OFF\r\nCLIENT LIST\r\npublish x\r\nCLIENT REPLY ON\r\n", "+OK\r\n"},
		} {
			c.send("%s", row.send)
			c.expect(row.want)
		}
	})
}

func TestSelectHoldsForWhatFollows(t *testing.T) {
	onBoth(t, resp.Options{}, "", func(t *testing.T, f *fixture) {
		c := f.dial()
		c.send("get a\r\nSELECT 3\r\nset x\r\nget a\r\nSELECT 0\r\nget a\r\n")
		c.expect("$3\r\n0:a\r\n+OK\r\n+OK\r\n$3\r\n3:a\r\n+OK\r\n$3\r\n0:a\r\n")
	})
}

func TestDeferredAndBarrierRunInTheirPlace(t *testing.T) {
	onBoth(t, resp.Options{}, "", func(t *testing.T, f *fixture) {
		f.router.set(func() { f.router.holding = true })
		c := f.dial()
		c.send("set a\r\npublish b\r\npublish c\r\nset d\r\nbarrier e\r\nset f\r\npublish g\r\n")
		f.router.await(func() bool { return len(f.router.held) == 2 }) // a and d: the session goes on behind a deferred one
		if ran := f.node.ran(); len(ran) != 0 {
			t.Fatalf("ran %q before the slots ahead were filled", ran)
		}
		f.router.release()
		c.expect("+OK\r\n:0\r\n:0\r\n+OK\r\n+OK\r\n+OK\r\n:0\r\n")
		got := strings.Join(f.node.ran(), "")
		// b and c run on the loop while the router applies d.
		if i := strings.Index(got, "a"); i != 0 || strings.Index(got, "b") > strings.Index(got, "c") ||
			!strings.HasSuffix(got, "efg") {
			t.Errorf("ran %q", got)
		}
	})
}

func TestFullRouterHoldsSessionsBack(t *testing.T) {
	onBoth(t, resp.Options{}, "", func(t *testing.T, f *fixture) {
		c := f.dial()
		c.send("PING\r\n")
		c.expect("+PONG\r\n")
		f.router.set(func() { f.router.full = true })
		c.send("set a\r\nset b\r\n")
		f.await(func() bool { return f.server.Stats().QueryBytesMax > 0 })
		if ran := f.node.ran(); len(ran) != 0 {
			t.Fatalf("ran %q", ran)
		}
		f.router.set(func() { f.router.full = false })
		f.server.Resumed()
		c.expect("+OK\r\n+OK\r\n")
	})
}

func TestUnfinishedCommandsAreBounded(t *testing.T) {
	onBoth(t, resp.Options{MaxUnfinished: 8}, "", func(t *testing.T, f *fixture) {
		f.router.set(func() { f.router.holding = true })
		c := f.dial()
		c.send("%s", strings.Repeat("set a\r\n", 100))
		f.router.await(func() bool { return len(f.router.held) == 8 })
		f.router.release()
		c.expect(strings.Repeat("+OK\r\n", 100))
	})
}

func TestClientThatNeverReads(t *testing.T) {
	l := resp.DefaultLimits()
	l.Output.Hard = 8 << 20
	onBoth(t, resp.Options{Limits: l}, "", func(t *testing.T, f *fixture) {
		c := f.dial()
		c.SetReadBuffer(4096)
		// All are read and handed over before the first is answered, so that holding
		// back does not save the client.
		f.router.set(func() { f.router.holding = true })
		c.send("%s", strings.Repeat("big 1000000\r\n", 60))
		f.router.await(func() bool { return len(f.router.held) == 60 })
		f.router.release()
		f.await(func() bool { return f.server.Stats().OutputLimitDisconnections == 1 })
		f.awaitClients(0)
	})
}

func TestClientThatReadsSlowlyIsHeldBack(t *testing.T) {
	onBoth(t, resp.Options{MaxUnsent: 1 << 20}, "", func(t *testing.T, f *fixture) {
		c := f.dial()
		const n, size = 300, 100000
		go c.TCPConn.Write([]byte(strings.Repeat(fmt.Sprintf("big %d\r\n", size), n)))
		// It stops by itself: the sockets are full, and so is the output.
		f.await(func() bool { return f.server.Stats().ReplyBytesMax > 1<<20-size })
		other := f.dial()
		for range 3 { // the loop is past the pass that read the commands
			other.send("PING\r\n")
			other.expect("+PONG\r\n")
		}
		if got := f.server.Stats().ReplyBytesMax; got > 2<<20 {
			t.Errorf("%d bytes unsent", got)
		}
		got, err := io.CopyN(io.Discard, c, int64(n*(size+len("$100000\r\n\r\n"))))
		if err != nil {
			t.Fatalf("%d bytes: %v", got, err)
		}
	})
}

// TestLastReplySurvivesUnreadBytes: a close with unread bytes sends a reset, which
// makes the client's kernel throw away what it had received.
func TestLastReplySurvivesUnreadBytes(t *testing.T) {
	onBoth(t, resp.Options{}, "", func(t *testing.T, f *fixture) {
		for range 5 {
			c := f.dial()
			c.send("%s", "QUIT\r\n"+strings.Repeat("set a\r\n", 100000))
			c.expectClose("+OK\r\n")
		}
	})
}

func TestSoftOutputLimit(t *testing.T) {
	l := resp.DefaultLimits()
	l.Output = resp.OutputLimit{Soft: 1 << 20, SoftFor: time.Millisecond}
	onBoth(t, resp.Options{Limits: l}, "", func(t *testing.T, f *fixture) {
		c := f.dial()
		c.send("big 20000000\r\n")
		f.await(func() bool { return f.server.Stats().OutputLimitDisconnections == 1 })
		f.awaitClients(0)
	})
}

func TestMaxClients(t *testing.T) {
	l := resp.DefaultLimits()
	l.MaxClients = 2
	onBoth(t, resp.Options{Limits: l}, "", func(t *testing.T, f *fixture) {
		a, b := f.dial(), f.dial()
		for _, c := range []*client{a, b} {
			c.send("PING\r\n")
			c.expect("+PONG\r\n")
		}
		f.dial().expectClose("-ERR max number of clients reached\r\n")
		a.Close()
		f.awaitClients(1)
		c := f.dial()
		c.send("PING\r\n")
		c.expect("+PONG\r\n")
		if st := f.server.Stats(); st.ConnectionsRejected != 1 || st.ConnectionsReceived != 4 {
			t.Errorf("%+v", st)
		}
	})
}

func TestIdleTimeout(t *testing.T) {
	l := resp.DefaultLimits()
	l.Timeout = time.Millisecond
	onBoth(t, resp.Options{Limits: l}, "", func(t *testing.T, f *fixture) {
		blocked := f.dial()
		blocked.send("block\r\n")
		f.router.await(func() bool { return len(f.router.waiting) == 1 })
		f.dial().expectClose("")
		f.awaitClients(1) // a blocked client is not idle
	})
}

func TestQueryBufferLimit(t *testing.T) {
	l := resp.DefaultLimits()
	l.ClientQueryBuffer = 1 << 20
	onBoth(t, resp.Options{Limits: l}, "", func(t *testing.T, f *fixture) {
		c := f.dial()
		c.send("*3\r\n$3\r\nset\r\n$2000000\r\n")
		c.expectClose("")
		many := f.dial()
		many.send("*1000000\r\n")
		for range 100 {
			if _, err := many.Write([]byte(strings.Repeat("$1\r\na\r\n", 1000))); err != nil {
				break
			}
		}
		f.await(func() bool { return f.server.Stats().QueryBufferDisconnections == 2 })
	})
}

func TestKillAndInfo(t *testing.T) {
	onBoth(t, resp.Options{}, "", func(t *testing.T, f *fixture) {
		c := f.dial()
		c.send("CLIENT SETNAME ann\r\nSELECT 2\r\nCLIENT ID\r\n")
		c.expect("+OK\r\n+OK\r\n")
		id := c.readInt()
		var all []commands.ClientInfo
		f.server.EachClient(func(i commands.ClientInfo) { all = append(all, i) })
		if len(all) != 1 || all[0].ID != uint64(id) || all[0].Name != "ann" || all[0].DB != 2 ||
			all[0].Command != "client|id" || all[0].Addr != c.LocalAddr().String() || all[0].LocalAddr != f.addr || all[0].Commands != 3 {
			t.Errorf("%+v", all)
		}
		if f.server.Kill(99999) {
			t.Error("killed nobody")
		}
		if !f.server.Kill(uint64(id)) {
			t.Error("not killed")
		}
		f.awaitClients(0)
		if n, err := c.Read(make([]byte, 1)); err == nil {
			t.Errorf("read %d bytes from a killed connection", n)
		}
	})
}

func TestCommandCounts(t *testing.T) {
	onBoth(t, resp.Options{}, "", func(t *testing.T, f *fixture) {
		c := f.dial()
		c.send("set a\r\nset fail\r\nset\r\npicky bad\r\nPING\r\n")
		c.expect("+OK\r\n-ERR failed\r\n-ERR wrong number of arguments for 'set' command\r\n-ERR syntax error\r\n+PONG\r\n")
		got := map[string]resp.CommandCounts{}
		f.server.EachCommand(func(c *commands.Command, n resp.CommandCounts) {
			n.Took = 0
			got[c.FullName()] = n
		})
		if got["set"] != (resp.CommandCounts{Calls: 2, Failed: 1, Rejected: 1}) || got["ping"] != (resp.CommandCounts{Calls: 1}) ||
			got["picky"] != (resp.CommandCounts{Calls: 1, Failed: 1}) {
			t.Errorf("%+v", got)
		}
		f.server.ResetStats()
		f.server.EachCommand(func(c *commands.Command, n resp.CommandCounts) { t.Errorf("%s: %+v", c.FullName(), n) })
	})
}

func TestPortInUse(t *testing.T) {
	f := start(t, resp.Options{}, "")
	srv, err := resp.NewServer(resp.Options{}, testTable(), f.node, f.router, nil)
	if err != nil {
		t.Fatal(err)
	}
	_, err = srv.Listen(f.addr)
	if !errors.Is(err, syscall.EADDRINUSE) || !strings.Contains(err.Error(), "in use") || !strings.Contains(err.Error(), f.addr) {
		t.Errorf("got %v", err)
	}
	if err := srv.Shutdown(context.Background()); err != nil {
		t.Error(err)
	}
	if _, err := srv.Listen("127.0.0.1:0"); !errors.Is(err, resp.ErrClosed) {
		t.Errorf("got %v", err)
	}
	if err := srv.Run(context.Background()); !errors.Is(err, resp.ErrClosed) {
		t.Errorf("got %v", err)
	}
}

func TestShutdownAnswersWhatWasRead(t *testing.T) {
	onBoth(t, resp.Options{}, "", func(t *testing.T, f *fixture) {
		idle, busy, blocked := f.dial(), f.dial(), f.dial()
		idle.send("PING\r\n")
		idle.expect("+PONG\r\n")
		blocked.send("block\r\n")
		f.router.await(func() bool { return len(f.router.waiting) == 1 })
		f.router.set(func() { f.router.holding = true })
		busy.send("set a\r\n")
		f.router.await(func() bool { return len(f.router.held) == 1 })
		done := make(chan error, 1)
		go func() { done <- f.server.Shutdown(context.Background()) }()
		idle.expectClose("")
		f.awaitClients(1)
		f.router.release()
		busy.expectClose("+OK\r\n")
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
}
