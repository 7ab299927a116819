package resp_test

import (
	"context"
	"fmt"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/millrace-io/millrace/resp"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// patience is how long a test waits for what must come.
const patience = time.Minute

type fixture struct {
	t      testing.TB
	server *resp.Server
	node   *fakeNode
	router *fakeRouter
	addr   string
}

// start runs a server for the test.
func start(t testing.TB, o resp.Options, password string) *fixture {
	t.Helper()
	f := &fixture{t: t, node: &fakeNode{password: password}}
	f.router = newFakeRouter(f.node)
	srv, err := resp.NewServer(o, testTable(), f.node, f.router, nil)
	if err != nil {
		t.Fatal(err)
	}
	f.server, f.node.front = srv, srv
	addr, err := srv.Listen("127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	f.addr = addr.String()
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- srv.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
		f.router.close()
	})
	return f
}

// onBoth runs a test over both listeners.
func onBoth(t *testing.T, o resp.Options, password string, test func(t *testing.T, f *fixture)) {
	for _, kind := range []resp.ListenerKind{resp.ListenerEpoll, resp.ListenerRedcon} {
		t.Run(string(kind), func(t *testing.T) {
			o := o
			o.Listener = kind
			test(t, start(t, o, password))
		})
	}
}

// client is a raw connection.
type client struct {
	*net.TCPConn
	t testing.TB
}

func (f *fixture) dial() *client {
	f.t.Helper()
	nc, err := net.Dial("tcp", f.addr)
	if err != nil {
		f.t.Fatal(err)
	}
	nc.SetDeadline(time.Now().Add(patience))
	f.t.Cleanup(func() { nc.Close() })
	return &client{nc.(*net.TCPConn), f.t}
}

func (c *client) send(format string, args ...any) {
	c.t.Helper()
	if _, err := fmt.Fprintf(c.TCPConn, format, args...); err != nil {
		c.t.Fatal(err)
	}
}

// expect reads exactly want.
func (c *client) expect(want string) {
	c.t.Helper()
	got := make([]byte, len(want))
	n, err := io.ReadFull(c, got)
	if string(got[:n]) != want {
		c.t.Fatalf("got %q (%v), want %q", got[:n], err, want)
	}
}

// expectClose reads to the end, which must be an orderly one.
func (c *client) expectClose(want string) {
	c.t.Helper()
	got, err := io.ReadAll(c)
	if err != nil || string(got) != want {
		c.t.Fatalf("got %q (%v), want %q and the end", got, err, want)
	}
}

// command is words as a RESP array.
func command(words ...string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "*%d\r\n", len(words))
	for _, w := range words {
		fmt.Fprintf(&b, "$%d\r\n%s\r\n", len(w), w)
	}
	return b.String()
}

func TestRequestReading(t *testing.T) {
	long := strings.Repeat("x", 70000)
	const stillThere = "+PONG\r\n"
	rows := []struct{ name, send, want string }{
		{"inline", "PING\r\n", "+PONG\r\n"},
		{"inline without CR", "PING\n", "+PONG\r\n"},
		{"inline quotes", `echo "a\x41\n\"b"` + "\r\n", "$5\r\naA\n\"b\r\n"},
		{"blank lines", "\r\n   \r\n\nPING\r\n", "+PONG\r\n"},
		{"array 0", "*0\r\nPING\r\n", "+PONG\r\n"},
		{"array -1", "*-1\r\n*-10\r\nPING\r\n", "+PONG\r\n"},
		{"bytes behind a bulk are skipped", "*1\r\n$4\r\nPINGxx", "+PONG\r\n"},
		{"empty name", "*1\r\n$0\r\n\r\n", "-ERR unknown command '', with args beginning with: \r\n"},
		{"error in the middle", "PING\r\nFOO\r\nPING\r\n", "+PONG\r\n-ERR unknown command 'FOO', with args beginning with: \r\n+PONG\r\n"},
		{"unknown with arguments", "FOO a b\r\n", "-ERR unknown command 'FOO', with args beginning with: 'a' 'b' \r\n"},
		{"unknown subcommand", "CLIENT FOO\r\n", "-ERR unknown subcommand 'FOO'. Try CLIENT HELP.\r\n"},
		{"arity", "echo\r\n", "-ERR wrong number of arguments for 'echo' command\r\n"},
		{"arity of a container", "client\r\n", "-ERR wrong number of arguments for 'client' command\r\n"},
		{"syntax", "picky bad\r\npicky good\r\n", "-ERR syntax error\r\n+OK\r\n"},
		{"NUL is a byte", "echo a\x00b\r\n", "$3\r\na\x00b\r\n"},
		{"a panic fails one command", "panic\r\nPING\r\n", "-ERR internal error\r\n+PONG\r\n"},
	}
	closes := []struct{ name, send, want string }{
		{"no dollar", "*1\r\nPING\r\n", "-ERR Protocol error: expected '$', got 'P'\r\n"},
		{"colon", "*1\r\n:4\r\n", "-ERR Protocol error: expected '$', got ':'\r\n"},
		{"CR for a dollar", "*1\r\n\r\n\r\n", "-ERR Protocol error: expected '$', got ' '\r\n"},
		{"bulk -1", "*1\r\n$-1\r\n", "-ERR Protocol error: invalid bulk length\r\n"},
		{"bulk -2", "*1\r\n$-2\r\n", "-ERR Protocol error: invalid bulk length\r\n"},
		{"bulk 01", "*2\r\n$4\r\nECHO\r\n$01\r\na\r\n", "-ERR Protocol error: invalid bulk length\r\n"},
		{"bulk too long", "*1\r\n$536870913\r\n", "-ERR Protocol error: invalid bulk length\r\n"},
		{"bulk blank", "*1\r\n$ 1\r\n", "-ERR Protocol error: invalid bulk length\r\n"},
		{"array x", "*x\r\n", "-ERR Protocol error: invalid multibulk length\r\n"},
		{"array +1", "*+1\r\n", "-ERR Protocol error: invalid multibulk length\r\n"},
		{"array 01", "*01\r\n", "-ERR Protocol error: invalid multibulk length\r\n"},
		{"array blank", "* 1\r\n", "-ERR Protocol error: invalid multibulk length\r\n"},
		{"array empty", "*\r\n", "-ERR Protocol error: invalid multibulk length\r\n"},
		{"array too long", "*2147483648\r\n", "-ERR Protocol error: invalid multibulk length\r\n"},
		{"array far too long", "*99999999999999999999999\r\n", "-ERR Protocol error: invalid multibulk length\r\n"},
		{"unbalanced", "SET a \"x\r\n", "-ERR Protocol error: unbalanced quotes in request\r\n"},
		{"closing quote inside", "SET a \"x\"y\r\n", "-ERR Protocol error: unbalanced quotes in request\r\n"},
		{"long inline", long, "-ERR Protocol error: too big inline request\r\n"},
		{"long array header", "*" + long, "-ERR Protocol error: too big mbulk count string\r\n"},
		{"long bulk header", "*1\r\n$" + long, "-ERR Protocol error: too big bulk count string\r\n"},
		{"POST", "POST / HTTP/1.1\r\nHost: x\r\n\r\n", ""},
		{"Host:", "host: x\r\n", ""},
		{"quit", "QUIT\r\nPING\r\n", "+OK\r\n"},
		{"quit with words", "quit foo\r\n", "+OK\r\n"},
		{"replies before the error", "PING\r\nset a\r\nget b\r\n*x\r\nPING\r\n", "+PONG\r\n+OK\r\n$3\r\n0:b\r\n-ERR Protocol error: invalid multibulk length\r\n"},
		{"refused by the partition", "PING\r\nrefuse\r\nPING\r\n", "+PONG\r\n"},
	}
	onBoth(t, resp.Options{}, "", func(t *testing.T, f *fixture) {
		for _, row := range rows {
			t.Run(row.name, func(t *testing.T) {
				c := f.dial()
				c.t = t
				c.send("%s", row.send)
				c.expect(row.want)
				c.send("PING\r\n")
				c.expect(stillThere)
			})
		}
		for _, row := range closes {
			t.Run(row.name, func(t *testing.T) {
				c := f.dial()
				c.t = t
				c.send("%s", row.send)
				c.expectClose(row.want)
			})
		}
	})
}

func TestBeforeLogin(t *testing.T) {
	rows := []struct {
		name, send, want string
		closes           bool
	}{
		{"unknown comes first", "FOO\r\n", "-ERR unknown command 'FOO', with args beginning with: \r\n", false},
		{"arity comes first", "ECHO\r\n", "-ERR wrong number of arguments for 'echo' command\r\n", false},
		{"no login", "PING\r\n", "-NOAUTH Authentication required.\r\n", false},
		{"login comes before syntax", "picky bad\r\n", "-NOAUTH Authentication required.\r\n", false},
		{"quit", "QUIT\r\n", "+OK\r\n", true},
		{"login", "AUTH bad\r\nAUTH pw\r\nPING\r\n", "-WRONGPASS invalid username-password pair or user is disabled.\r\n+OK\r\n+PONG\r\n", false},
		{"ten elements", command("set", "2", "3", "4", "5", "6", "7", "8", "9", "10"), "-NOAUTH Authentication required.\r\n", false},
		{"eleven elements", "*11\r\n", "-ERR Protocol error: unauthenticated multibulk length\r\n", true},
		{"long argument", "*1\r\n$16385\r\n", "-ERR Protocol error: unauthenticated bulk length\r\n", true},
		{"limits end with the login", command("AUTH", "pw") + command("echo", strings.Repeat("a", 20000)), "+OK\r\n$20000\r\n" + strings.Repeat("a", 20000) + "\r\n", false},
		{"limits come back with a reset", "AUTH pw\r\nRESET\r\n*11\r\n", "+OK\r\n+RESET\r\n-ERR Protocol error: unauthenticated multibulk length\r\n", true},
		{"bulk -2", "*1\r\n$-2\r\n", "-ERR Protocol error: invalid bulk length\r\n", true},
	}
	onBoth(t, resp.Options{}, "pw", func(t *testing.T, f *fixture) {
		for _, row := range rows {
			t.Run(row.name, func(t *testing.T) {
				c := f.dial()
				c.t = t
				c.send("%s", row.send)
				if row.closes {
					c.expectClose(row.want)
				} else {
					c.expect(row.want)
				}
			})
		}
	})
}
