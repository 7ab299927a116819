package integration

import (
	"context"
	"fmt"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
)

// DEBUG is off, and says so before it asks for a password; what is wrong with the
// shape of the command comes first.
func TestDebugIsOffByDefault(t *testing.T) {
	const refused = "-ERR DEBUG command not allowed. If the enable-debug-command option is set to \"local\", you can run it from a local connection, " +
		"otherwise you need to set this option in the configuration file, and then restart the server.\r\n"
	onBoth(t, []string{"--requirepass", "pw"}, func(t *testing.T, p *process) {
		c := dialRaw(t, p.Addr)
		c.write("DEBUG SLEEP 0\r\nDEBUG\r\nAUTH pw\r\nDEBUG FOO\r\nCONFIG GET enable-debug-command\r\nCONFIG SET enable-debug-command yes\r\n")
		c.expect(refused+"-ERR wrong number of arguments for 'debug' command\r\n+OK\r\n"+refused+
			"*2\r\n$20\r\nenable-debug-command\r\n$2\r\nno\r\n"+
			"-ERR CONFIG SET failed (possibly related to argument 'enable-debug-command') - can't set immutable config\r\n", false, false)
	})
}

func TestDebugForThisMachineOnly(t *testing.T) {
	own := otherAddress(t)
	p := serve(t, t.TempDir(), "--addr", "0.0.0.0:0", "--protected-mode", "no", "--enable-debug-command", "local")
	_, port, err := net.SplitHostPort(p.Addr)
	if err != nil {
		t.Fatal(err)
	}
	near := dialRaw(t, net.JoinHostPort("127.0.0.1", port))
	near.write("DEBUG SLEEP 0\r\n")
	near.expect("+OK\r\n", false, false)
	far := redis.NewClient(&redis.Options{Addr: net.JoinHostPort(own, port)})
	defer far.Close()
	if err := far.Do(t.Context(), "DEBUG", "SLEEP", "0").Err(); err == nil || !strings.HasPrefix(err.Error(), "ERR DEBUG command not allowed") {
		t.Errorf("from another address: %v", err)
	}
}

// What is built again from snapshot and log is what was there, and life goes on:
// versions for WATCH, those who wait, and the next ID.
func TestDebugReload(t *testing.T) {
	for _, command := range []string{"LOADAOF", "RELOAD", "RELOAD NOSAVE"} {
		t.Run(command, func(t *testing.T) {
			onBoth(t, []string{"--enable-debug-command", "yes"}, func(t *testing.T, p *process) {
				c := p.client()
				fillForReload(t, c, 0)
				mustDo(t, c, "SAVE")
				fillForReload(t, c, 1)
				digest := do(t, c, "DEBUG", "DIGEST")

				watcher := dialRaw(t, p.Addr)
				watcher.write("WATCH string1\r\nMULTI\r\n")
				watcher.expect("+OK\r\n+OK\r\n", false, false)
				waiter := dialRaw(t, p.Addr)
				waiter.write("XREAD BLOCK 0 STREAMS other $\r\n")
				p.blocked(c, 1)

				for range 2 {
					var args []any
					for _, word := range strings.Fields("DEBUG " + command) {
						args = append(args, word)
					}
					mustDo(t, c, args...)
					if got := do(t, c, "DEBUG", "DIGEST"); got != digest {
						t.Errorf("digest %v, before %v", got, digest)
					}
				}
				watcher.write("EXEC\r\n")
				watcher.expect("*0\r\n", false, false)
				mustDo(t, c, "XADD", "other", "5-5", "f", "v")
				waiter.expect("*1\r\n*2\r\n$5\r\nother\r\n*1\r\n*2\r\n$3\r\n5-5\r\n*2\r\n$1\r\nf\r\n$1\r\nv\r\n", false, false)
				if got := do(t, c, "DEBUG", "DIGEST"); got == digest {
					t.Error("the digest is the same with one more stream")
				}
			})
		})
	}
}

func fillForReload(t *testing.T, c *redis.Client, n int) {
	t.Helper()
	s := fmt.Sprint("stream", n)
	mustDo(t, c, "SET", fmt.Sprint("string", n), "v", "EX", 1000)
	mustDo(t, c, "APPEND", "edited", "x")
	for i := range 300 {
		mustDo(t, c, "XADD", s, "*", "f", i)
	}
	mustDo(t, c, "XGROUP", "CREATE", s, "g", "0")
	mustDo(t, c, "XREADGROUP", "GROUP", "g", "ann", "COUNT", 50, "STREAMS", s, ">")
	mustDo(t, c, "XTRIM", s, "MAXLEN", 270)
}

func do(t *testing.T, c *redis.Client, args ...any) any {
	t.Helper()
	v, err := c.Do(t.Context(), args...).Result()
	if err != nil {
		t.Fatalf("%v: %v", args, err)
	}
	return v
}

// DEBUG SLEEP holds up commands on keys, its own client, and nobody's connection;
// and it does not keep the node from stopping.
func TestDebugSleep(t *testing.T) {
	onBoth(t, []string{"--enable-debug-command", "yes"}, func(t *testing.T, p *process) {
		sleeper, other := dialRaw(t, p.Addr), dialRaw(t, p.Addr)
		started := time.Now()
		sleeper.write("DEBUG SLEEP 0.3\r\nPING\r\n")
		sleeper.expect("+OK\r\n+PONG\r\n", false, false)
		if took := time.Since(started); took < 300*time.Millisecond {
			t.Errorf("took %v", took)
		}
		sleeper.write("DEBUG SLEEP 3600\r\n")
		eventually(t, "it sleeps", func() bool {
			c := redis.NewClient(&redis.Options{Addr: p.Addr, MaxRetries: -1, ReadTimeout: 100 * time.Millisecond})
			defer c.Close()
			return c.Get(context.Background(), "k").Err() != redis.Nil
		})
		other.write("PING\r\n")
		other.expect("+PONG\r\n", false, false)
		p.stop()
	})
}

func TestDebugAttribute(t *testing.T) {
	p := serve(t, t.TempDir(), "--enable-debug-command", "yes")
	c := dialRaw(t, p.Addr)
	const reply = "$39\r\nSome real reply following the attribute\r\n"
	c.write("DEBUG PROTOCOL attrib\r\nDEBUG PROTOCOL push\r\n")
	c.expect(reply+"-ERR RESP2 is not supported by this command\r\n", false, false)
}
