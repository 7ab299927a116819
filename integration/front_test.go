package integration

import (
	"errors"
	"io"
	"net"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"
)

// row is what a client writes, as it goes over the wire, and all that it gets.
type row struct {
	name, send string
	want       string // <int> stands for any number
	old        string // the reply of Redis 7.0 where it differs; "-" for a row it can't play
	closes     bool   // the connection ends behind the reply; else it lives on
}

func TestFrontRows(t *testing.T) {
	for _, listener := range listeners {
		t.Run(listener, func(t *testing.T) {
			open := serve(t, t.TempDir(), "--listener", listener)
			playRows(t, open.Addr, "", openRows)
			playRows(t, open.Addr, "", protocolRows)
			locked := serve(t, t.TempDir(), "--listener", listener, "--requirepass", "pw")
			playRows(t, locked.Addr, "", lockedRows)
			playRows(t, locked.Addr, "AUTH pw\r\n", protocolRows)
			open.stop()
			locked.stop()
		})
	}
}

// Errors of the protocol come before the login is asked for.
func TestFrontProtocolErrorsBeforeLogin(t *testing.T) {
	for _, listener := range listeners {
		t.Run(listener, func(t *testing.T) {
			p := serve(t, t.TempDir(), "--listener", listener, "--requirepass", "pw")
			for _, r := range protocolRows {
				if strings.HasPrefix(r.want, "-ERR Protocol error") {
					t.Run(r.name, func(t *testing.T) { r.play(t, p.Addr, "", false) })
				}
			}
			p.stop()
		})
	}
}

func TestFrontRowsAgainstRedis(t *testing.T) {
	addr := startRedis(t)
	for _, r := range append(append([]row{}, openRows...), protocolRows...) {
		t.Run(r.name, func(t *testing.T) {
			switch r.old {
			case "":
			case "-":
				t.Skip("Redis 7.0 does otherwise")
			default:
				r.want = r.old
			}
			r.play(t, addr, "", true)
		})
	}
}

func playRows(t *testing.T, addr, login string, rows []row) {
	t.Helper()
	for _, r := range rows {
		t.Run(r.name, func(t *testing.T) { r.play(t, addr, login, false) })
		if len(r.send) < 200 {
			t.Run(r.name+", byte by byte", func(t *testing.T) { r.playSplit(t, addr, login) })
		}
	}
}

// sentinel is an exchange behind a row that shows that nothing more came, and that
// the connection lives.
const (
	sentinelSend = "ECHO the-end\r\n"
	sentinelWant = "$7\r\nthe-end\r\n"
)

func (r row) play(t *testing.T, addr, login string, resetIsEnd bool) {
	c := dialRaw(t, addr)
	c.login(login)
	send, want := r.send, r.want
	if !r.closes && !strings.Contains(r.name, "before login") {
		send, want = send+sentinelSend, want+sentinelWant
	}
	c.write(send)
	c.expect(want, r.closes, resetIsEnd)
}

func (r row) playSplit(t *testing.T, addr, login string) {
	c := dialRaw(t, addr)
	c.login(login)
	for i := range len(r.send) {
		if _, err := c.Write([]byte{r.send[i]}); err != nil {
			break // closed before all was sent; what came tells
		}
	}
	c.expect(r.want, r.closes, true)
}

// rawConn is a connection that speaks bytes.
type rawConn struct {
	*net.TCPConn
	t *testing.T
}

func dialRaw(t *testing.T, addr string) rawConn {
	t.Helper()
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	if err := conn.SetDeadline(time.Now().Add(3 * patience)); err != nil {
		t.Fatal(err)
	}
	return rawConn{conn.(*net.TCPConn), t}
}

func (c rawConn) login(with string) {
	c.t.Helper()
	if with != "" {
		c.write(with)
		c.expect("+OK\r\n", false, false)
	}
}

func (c rawConn) write(text string) {
	c.t.Helper()
	if _, err := io.WriteString(c, text); err != nil && !errors.Is(err, syscall.EPIPE) && !errors.Is(err, syscall.ECONNRESET) {
		c.t.Fatal(err)
	}
}

// expect reads as much as is expected, and the end of the connection when it closes.
// resetIsEnd: the other side may close with bytes unread, which ends in a reset.
func (c rawConn) expect(want string, closes, resetIsEnd bool) {
	c.t.Helper()
	if err := c.SetReadDeadline(time.Now().Add(patience)); err != nil {
		c.t.Fatal(err)
	}
	matches := func(got []byte) bool { return string(got) == want }
	hopeless := func(got []byte) bool { return !strings.HasPrefix(want, string(got)) }
	if strings.Contains(want, "<int>") {
		matches = regexp.MustCompile("^" + strings.ReplaceAll(regexp.QuoteMeta(want), "<int>", `\d+`) + "$").Match
		hopeless = func(got []byte) bool { return !closes && len(got) > len(want)+100 }
	}
	var got []byte
	b := make([]byte, 64<<10)
	for closes || !matches(got) {
		n, err := c.Read(b)
		got = append(got, b[:n]...)
		if err == nil {
			if hopeless(got) {
				break
			}
			continue
		}
		ended := err == io.EOF || resetIsEnd && errors.Is(err, syscall.ECONNRESET)
		if !ended || !closes {
			c.t.Fatalf("got %s, want %s, then %v", shown(got), shown([]byte(want)), err)
		}
		break
	}
	if !matches(got) {
		c.t.Fatalf("got %s, want %s", shown(got), shown([]byte(want)))
	}
}

// shown is a text that fits into a line of a test's output.
func shown(b []byte) string {
	if len(b) > 600 {
		return regexp.MustCompile(`\s+`).ReplaceAllString(string(b[:300]), " ") + " ... " + string(b[len(b)-300:])
	}
	return strings.ReplaceAll(string(b), "\r\n", `\r\n`)
}
