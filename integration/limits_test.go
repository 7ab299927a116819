package integration

import (
	"fmt"
	"net"
	"strings"
	"testing"
)

func TestMaxClients(t *testing.T) {
	onBoth(t, []string{"--maxclients", "2"}, func(t *testing.T, p *process) {
		first, second := dialRaw(t, p.Addr), dialRaw(t, p.Addr)
		for _, c := range []rawConn{first, second} {
			c.write("PING\r\n")
			c.expect("+PONG\r\n", false, false)
		}
		dialRaw(t, p.Addr).expect("-ERR max number of clients reached\r\n", true, false)
		first.write("QUIT\r\n")
		first.expect("+OK\r\n", true, false)
		first.Close()
		eventually(t, "a place is free", func() bool {
			c := dialRaw(t, p.Addr)
			defer c.Close()
			c.write("PING\r\n")
			reply := make([]byte, 5)
			_, err := c.Read(reply)
			return err == nil && string(reply) == "+PONG"
		})
	})
}

// A request beyond client-query-buffer-limit ends the connection without a reply,
// and long before its bytes have come.
func TestClientQueryBufferLimit(t *testing.T) {
	onBoth(t, []string{"--client-query-buffer-limit", "1mb"}, func(t *testing.T, p *process) {
		for name, request := range map[string]string{
			"one argument":   "*2\r\n$4\r\nECHO\r\n$2000000\r\n",
			"many arguments": "*30\r\n" + strings.Repeat("$100000\r\n"+strings.Repeat("x", 100000)+"\r\n", 20),
		} {
			t.Run(name, func(t *testing.T) {
				c := dialRaw(t, p.Addr)
				c.write("PING\r\n" + request)
				c.expect("+PONG\r\n", true, true)
			})
		}
		c := dialRaw(t, p.Addr)
		c.write(strings.Repeat("PING\r\n", 300_000)) // more than the limit, but no request is
		c.expect(strings.Repeat("+PONG\r\n", 300_000), false, false)
	})
}

func TestProtoMaxBulkLen(t *testing.T) {
	onBoth(t, []string{"--proto-max-bulk-len", "1mb"}, func(t *testing.T, p *process) {
		c := dialRaw(t, p.Addr)
		value := strings.Repeat("x", mib)
		c.write(command("ECHO", value) + fmt.Sprintf("*2\r\n$4\r\nECHO\r\n$%d\r\n", mib+1))
		c.expect(fmt.Sprintf("$%d\r\n%s\r\n", mib, value)+errBulkLength, true, false)
	})
}

// Without a password only this machine is served; one may be set meanwhile.
func TestProtectedMode(t *testing.T) {
	own := otherAddress(t)
	onBoth(t, []string{"--addr", "0.0.0.0:0"}, func(t *testing.T, p *process) {
		_, port, err := net.SplitHostPort(p.Addr)
		if err != nil {
			t.Fatal(err)
		}
		near, far := net.JoinHostPort("127.0.0.1", port), net.JoinHostPort(own, port)
		denied := dialRaw(t, far)
		got := make([]byte, 8)
		if _, err := denied.Read(got); err != nil || string(got) != "-DENIED " {
			t.Errorf("got %q, %v", got, err)
		}
		c := dialRaw(t, near)
		c.write("CONFIG SET requirepass pw\r\nPING\r\n")
		c.expect("+OK\r\n+PONG\r\n", false, false)
		remote := dialRaw(t, far)
		remote.write("PING\r\nAUTH pw\r\nPING\r\n")
		remote.expect(errNoAuth+"+OK\r\n+PONG\r\n", false, false)
		c.write("CONFIG SET requirepass \"\" protected-mode no\r\n")
		c.expect("+OK\r\n", false, false)
		open := dialRaw(t, far)
		open.write("PING\r\n")
		open.expect("+PONG\r\n", false, false)
	})
}

// otherAddress is an address of this machine that is not its loopback.
func otherAddress(t *testing.T) string {
	t.Helper()
	addrs, err := net.InterfaceAddrs()
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range addrs {
		if ip, ok := a.(*net.IPNet); ok && !ip.IP.IsLoopback() && ip.IP.To4() != nil {
			return ip.IP.String()
		}
	}
	t.Skip("this machine has no address besides its loopback")
	return ""
}
