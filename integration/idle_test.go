package integration

import (
	"fmt"
	"net"
	"os"
	"strings"
	"testing"
)

// Only clients that ask for nothing are closed after timeout: not those who wait for
// a key, for messages or for the lines of MONITOR.
func TestTimeoutClosesIdleClients(t *testing.T) {
	onBoth(t, []string{"--timeout", "1s"}, func(t *testing.T, p *process) {
		blocked, monitor, subscribed, idle := dialRaw(t, p.Addr), dialRaw(t, p.Addr), dialRaw(t, p.Addr), dialRaw(t, p.Addr)
		monitor.write("CLIENT SETNAME watcher\r\nMONITOR\r\n")
		monitor.expect("+OK\r\n+OK\r\n", false, false)
		subscribed.write("SUBSCRIBE c\r\n")
		subscribed.expect("*3\r\n$9\r\nsubscribe\r\n$1\r\nc\r\n:1\r\n", false, false)
		blocked.write("XREAD BLOCK 3000 STREAMS k $\r\n")
		idle.write("PING\r\n")
		idle.expect("+PONG\r\n", true, false)
		blocked.expect("*-1\r\n", true, false) // and then it is idle, too
		subscribed.write("PING\r\n")
		subscribed.expect("*2\r\n$4\r\npong\r\n$0\r\n\r\n", false, false)
		if flags := clientField(t, p.client(), "watcher", "flags"); flags != "O" {
			t.Errorf("flags of the monitor: %s", flags)
		}
	})
}

// The kernel shows a keep-alive timer for the connections that have one.
func TestTCPKeepalive(t *testing.T) {
	if _, err := os.Stat("/proc/net/tcp"); err != nil {
		t.Skip("this system does not show the timers of connections")
	}
	onBoth(t, nil, func(t *testing.T, p *process) {
		with := dialRaw(t, p.Addr)
		with.write("CONFIG SET tcp-keepalive 0\r\n")
		with.expect("+OK\r\n", false, false)
		without := dialRaw(t, p.Addr)
		without.write("PING\r\n")
		without.expect("+PONG\r\n", false, false)
		eventually(t, "a keep-alive timer, and none", func() bool {
			return timerOf(t, with) == "02" && timerOf(t, without) == "00"
		})
	})
}

// timerOf is the timer that the kernel runs at the server's end of a connection: 02
// is keep-alive, 00 none.
func timerOf(t *testing.T, c rawConn) string {
	t.Helper()
	table, err := os.ReadFile("/proc/net/tcp")
	if err != nil {
		t.Fatal(err)
	}
	port := func(a net.Addr) string { return fmt.Sprintf(":%04X", a.(*net.TCPAddr).Port) }
	for line := range strings.Lines(string(table)) {
		f := strings.Fields(line)
		if len(f) > 5 && strings.HasSuffix(f[1], port(c.RemoteAddr())) && strings.HasSuffix(f[2], port(c.LocalAddr())) {
			timer, _, _ := strings.Cut(f[5], ":")
			return timer
		}
	}
	t.Fatal("the connection is not in the table")
	return ""
}
