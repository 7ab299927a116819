package integration

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/millrace-io/millrace/resp/wire"
)

// onBoth runs a test against a server of each listener.
func onBoth(t *testing.T, args []string, test func(t *testing.T, p *process)) {
	t.Helper()
	for _, listener := range listeners {
		t.Run(listener, func(t *testing.T) {
			p := serve(t, t.TempDir(), append([]string{"--listener", listener}, args...)...)
			test(t, p)
			p.stop()
		})
	}
}

// As printf ... | nc does: send, shut down, and read.
func TestHalfClosedClientGetsAllReplies(t *testing.T) {
	onBoth(t, nil, func(t *testing.T, p *process) {
		const n = 20000
		var send, want strings.Builder
		for i := range n {
			fmt.Fprintf(&send, "XADD k 1-%d f v\r\nECHO %d\r\n", i+1, i)
			id := fmt.Sprint("1-", i+1)
			fmt.Fprintf(&want, "$%d\r\n%s\r\n$%d\r\n%d\r\n", len(id), id, len(fmt.Sprint(i)), i)
		}
		c := dialRaw(t, p.Addr)
		go func() {
			io.WriteString(c, send.String())
			c.CloseWrite()
		}()
		c.expect(want.String(), true, false)
	})
}

// The end of a blocked client ends its wait as a deadline does, since it may still
// read; what it had asked for before is answered, and what it would have got stays.
func TestHalfClosedWhileBlocked(t *testing.T) {
	onBoth(t, nil, func(t *testing.T, p *process) {
		c := p.client()
		mustDo(t, c, "XGROUP", "CREATE", "k", "g", "$", "MKSTREAM")
		raw := dialRaw(t, p.Addr)
		raw.write("PING\r\nXREADGROUP GROUP g ann BLOCK 0 STREAMS k >\r\nECHO behind\r\n")
		p.blocked(c, 1)
		raw.CloseWrite()
		raw.expect("+PONG\r\n*-1\r\n$6\r\nbehind\r\n", true, false)
		p.blocked(c, 0)
		mustDo(t, c, "XADD", "k", "1-1", "f", "v")
		if n := c.XPending(t.Context(), "k", "g").Val().Count; n != 0 {
			t.Errorf("%d entries are pending for a client that has gone", n)
		}
		if got := c.XReadGroup(t.Context(), &redis.XReadGroupArgs{Group: "g", Consumer: "bob", Streams: []string{"k", ">"}}).Val(); len(got) != 1 {
			t.Errorf("the next reader gets %v", got)
		}
	})
}

// Whoever goes while blocked is not given anything.
func TestDisconnectWhileBlocked(t *testing.T) {
	onBoth(t, nil, func(t *testing.T, p *process) {
		c := p.client()
		mustDo(t, c, "XGROUP", "CREATE", "k", "g", "$", "MKSTREAM")
		for _, linger := range []int{-1, 0} { // FIN, RST
			mustDo(t, c, "XGROUP", "SETID", "k", "g", "$")
			raw := dialRaw(t, p.Addr)
			raw.write("XREADGROUP GROUP g ann BLOCK 0 STREAMS k >\r\n")
			p.blocked(c, 1)
			raw.SetLinger(linger)
			raw.Close()
			p.blocked(c, 0)
			mustDo(t, c, "XADD", "k", "*", "f", "v")
			other := dialRaw(t, p.Addr)
			other.write("XPENDING k g\r\n")
			other.expect("*4\r\n:0\r\n$-1\r\n$-1\r\n*-1\r\n", false, false)
		}
	})
}

// B25 and B26.
func TestClientUnblock(t *testing.T) {
	onBoth(t, nil, func(t *testing.T, p *process) {
		c := p.client()
		for _, row := range []struct{ hello, how, want string }{
			{"2", "", "*-1\r\n"},
			{"3", "TIMEOUT", "_\r\n"},
			{"2", "ERROR", "-UNBLOCKED client unblocked via CLIENT UNBLOCK\r\n"},
		} {
			for _, read := range []string{"XREAD BLOCK 0 STREAMS k $", "XREADGROUP GROUP g ann BLOCK 0 STREAMS k >"} {
				mustDo(t, c, "FLUSHALL")
				mustDo(t, c, "XGROUP", "CREATE", "k", "g", "$", "MKSTREAM")
				raw := dialRaw(t, p.Addr)
				raw.write("CLIENT REPLY SKIP\r\nHELLO " + row.hello + "\r\nCLIENT SETNAME sleeper\r\n")
				raw.expect("+OK\r\n", false, false)
				raw.write(read + "\r\nPING\r\n")
				p.blocked(c, 1)
				args := []any{"CLIENT", "UNBLOCK", clientField(t, c, "sleeper", "id")}
				if row.how != "" {
					args = append(args, row.how)
				}
				if n := mustDo(t, c, args...); n != int64(1) {
					t.Errorf("CLIENT UNBLOCK says %v", n)
				}
				raw.expect(row.want+"+PONG\r\n", false, false)
				if n := mustDo(t, c, args...); n != int64(0) {
					t.Errorf("a second CLIENT UNBLOCK says %v", n)
				}
				raw.Close()
			}
		}
	})
}

// XADD whose connection closes before the reply still wakes the blocked reader.
func TestXAddOfAClientThatGoesWakesReaders(t *testing.T) {
	onBoth(t, nil, func(t *testing.T, p *process) {
		c := p.client()
		for i := range 20 {
			reader, writer := dialRaw(t, p.Addr), dialRaw(t, p.Addr)
			reader.write("XREAD BLOCK 0 STREAMS k $\r\n")
			p.blocked(c, 1)
			writer.write(fmt.Sprintf("XADD k %d-1 f v\r\n", i+1))
			writer.Close()
			id := fmt.Sprint(i+1, "-1")
			reader.expect(fmt.Sprintf("*1\r\n*2\r\n$1\r\nk\r\n*1\r\n*2\r\n$%d\r\n%s\r\n*2\r\n$1\r\nf\r\n$1\r\nv\r\n", len(id), id), false, false)
			reader.Close()
		}
	})
}

func TestReaderBlockedOnAKeyThatExpires(t *testing.T) {
	onBoth(t, nil, func(t *testing.T, p *process) {
		c := p.client()
		mustDo(t, c, "XGROUP", "CREATE", "k", "g", "$", "MKSTREAM")
		raw := dialRaw(t, p.Addr)
		raw.write("XREADGROUP GROUP g ann BLOCK 0 STREAMS k >\r\n")
		p.blocked(c, 1)
		mustDo(t, c, "PEXPIRE", "k", "30")
		raw.expect("-NOGROUP No such key 'k' or consumer group 'g' in XREADGROUP with GROUP option\r\n", false, false)
	})
}

// A client that never reads is held back: the server's memory stays, others are
// answered, and a stop does not wait for it for ever.
func TestClientThatNeverReadsIsHeldBack(t *testing.T) {
	const size = 100 << 10
	for _, command := range []string{"ECHO " + strings.Repeat("x", 1000) + "\r\n", "XRANGE k - +\r\n"} {
		name, _, _ := strings.Cut(command, " ")
		t.Run(name, func(t *testing.T) {
			onBoth(t, nil, func(t *testing.T, p *process) {
				c := p.client()
				mustDo(t, c, "XADD", "k", "1-1", "f", strings.Repeat("x", size))
				before := memory(t, p.pid(), "VmRSS")
				raw := dialRaw(t, p.Addr)
				raw.write("CLIENT SETNAME deaf\r\n")
				raw.expectOne("+OK\r\n")
				sent := writeUntilHeld(t, raw, command, 200_000)
				eventually(t, "replies wait for the client to read", func() bool { return unsent(t, c, "deaf") > 0 })
				if events := clientField(t, c, "deaf", "events"); events != "rw" {
					t.Errorf("a client that has replies to come waits for %s", events)
				}
				for range 20 {
					mustDo(t, c, "PING") // the other never reads: who waited for it would wait for ever
				}
				grown := memory(t, p.pid(), "VmHWM") - before
				t.Logf("TCP took %d of 200000 requests, memory has grown by %d KiB", sent, grown>>10)
				if grown > 100*mib {
					t.Errorf("memory has grown by %d MiB", grown/mib)
				}
				raw.Close()
			})
		})
	}
}

// writeUntilHeld writes commands until all are sent or TCP takes no more, which a busy
// server seems to do, too, for a while.
func writeUntilHeld(t *testing.T, c rawConn, command string, n int) (sent int) {
	t.Helper()
	const together = 100
	batch := strings.Repeat(command, together)
	for sent < n {
		c.SetWriteDeadline(time.Now().Add(2 * time.Second))
		if _, err := io.WriteString(c, batch); err != nil {
			break
		}
		sent += together
	}
	return sent
}

// What one reply brings beyond the hard limit ends the connection at once.
func TestOutputBeyondTheHardLimit(t *testing.T) {
	onBoth(t, []string{"--client-output-buffer-limit", "normal 1mb 0 0"}, func(t *testing.T, p *process) {
		c := p.client()
		for i := range 30 {
			mustDo(t, c, "XADD", "k", fmt.Sprint(i+1, "-1"), "f", strings.Repeat("x", 1<<20))
		}
		raw := dialRaw(t, p.Addr)
		raw.SetReadBuffer(4096)
		raw.write("XRANGE k - +\r\n")
		p.cutOff(c, raw)
	})
}

// What stays beyond the soft limit for its time ends the connection then.
func TestOutputBeyondTheSoftLimit(t *testing.T) {
	onBoth(t, []string{"--client-output-buffer-limit", "normal 0 64kb 1"}, func(t *testing.T, p *process) {
		raw := dialRaw(t, p.Addr)
		raw.SetReadBuffer(4096)
		big := command("ECHO", strings.Repeat("x", 10*mib)) // more than the kernel takes for the client
		raw.write(big + big)
		p.cutOff(p.client(), raw)
	})
}

// With a limit many small replies end the connection, too: it is not held back below
// the limit. redcon's connections are, as they wait in a write.
func TestSmallRepliesBeyondTheLimit(t *testing.T) {
	for _, limit := range []string{"normal 4mb 0 0", "normal 0 4mb 1"} {
		t.Run(limit, func(t *testing.T) {
			p := serve(t, t.TempDir(), "--listener", "epoll", "--client-output-buffer-limit", limit)
			raw := dialRaw(t, p.Addr)
			raw.SetReadBuffer(4096)
			c := p.client()
			mustDo(t, c, "PING")
			// However slow the server is: either it takes all, or it ends the connection.
			raw.SetWriteDeadline(time.Now().Add(patience))
			_, err := io.WriteString(raw, strings.Repeat("ECHO "+strings.Repeat("x", 1000)+"\r\n", 20_000))
			if errors.Is(err, os.ErrDeadlineExceeded) {
				t.Fatal("the client is held back, not cut off")
			}
			p.cutOff(c, raw)
			p.stop()
		})
	}
}

// cutOff waits until a client was cut off for what it did not read.
func (p *process) cutOff(c *redis.Client, raw rawConn) {
	p.t.Helper()
	eventually(p.t, "the client is cut off", func() bool {
		info, err := c.InfoMap(context.Background(), "stats", "clients").Result()
		return err == nil && info["Stats"]["client_output_buffer_limit_disconnections"] == "1" && info["Clients"]["connected_clients"] == "1"
	})
	if _, err := io.Copy(io.Discard, raw); err == nil {
		// An end without a reset is as good: the server had read all that came.
		p.t.Log("cut off without a reset")
	}
}

// mustDo runs a command that must not fail.
func mustDo(t *testing.T, c redis.UniversalClient, args ...any) any {
	t.Helper()
	reply, err := c.Do(t.Context(), args...).Result()
	if err != nil {
		t.Fatalf("%v: %v", args, err)
	}
	return reply
}

// clientField looks a connection up by its name in CLIENT LIST, and a field of it.
func clientField(t *testing.T, c *redis.Client, name, field string) string {
	t.Helper()
	list, err := c.ClientList(t.Context()).Result()
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(list) {
		if _, rest, ok := strings.Cut(" "+line, " "+field+"="); ok && strings.Contains(line, " name="+name+" ") {
			value, _, _ := strings.Cut(rest, " ")
			return value
		}
	}
	t.Fatalf("no %s of client %s in %s", field, name, list)
	return ""
}

// unsent is how many bytes of replies the server keeps for a client.
func unsent(t *testing.T, c *redis.Client, name string) int {
	t.Helper()
	n, err := strconv.Atoi(clientField(t, c, name, "omem"))
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// command is words as a RESP array.
func command(words ...string) string {
	b := wire.AppendArray(nil, len(words))
	for _, w := range words {
		b = wire.AppendBulkString(b, w)
	}
	return string(b)
}
