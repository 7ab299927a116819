package integration

import (
	"fmt"
	"net"
	"os/exec"
	"testing"

	"github.com/millrace-io/millrace/commands/commandstest"
)

// transcripts are played here as commandstest's doc.go describes: every row, with
// all its connections, over TCP. Rows that need commands which are not there yet are
// left out by their '! needs' line.
const transcripts = "../commands/testdata"

// listeners are the two ways in which connections are served.
var listeners = []string{"epoll", "redcon"}

func TestTranscriptsOverTCP(t *testing.T) {
	for _, listener := range listeners {
		t.Run(listener, func(t *testing.T) {
			p := serve(t, t.TempDir(), "--listener", listener, "--enable-debug-command", "yes")
			playAgainst(t, p.Addr)
			p.stop()
		})
	}
}

// The transcripts say what Redis answers: a real one has to agree.
func TestTranscriptsAgainstRedis(t *testing.T) {
	playAgainst(t, startRedis(t))
}

func playAgainst(t *testing.T, addr string) {
	target, err := commandstest.DialTarget(addr)
	if err != nil {
		t.Fatal(err)
	}
	defer target.Close()
	commandstest.PlayAll(t, transcripts, target)
}

// tool returns the path of a program, or skips the test.
func tool(t *testing.T, name string) string {
	t.Helper()
	path, err := exec.LookPath(name)
	if err != nil {
		t.Skipf("%s is not installed", name)
	}
	return path
}

// startRedis runs a real Redis that keeps nothing, and returns its address.
func startRedis(t *testing.T) string {
	t.Helper()
	path := tool(t, "redis-server")
	_, port, err := net.SplitHostPort(freeAddr(t))
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(path, "--port", port, "--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--enable-debug-command", "yes", "--dir", t.TempDir())
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	addr := net.JoinHostPort("127.0.0.1", port)
	eventually(t, fmt.Sprint("redis-server answers on ", addr), func() bool {
		c, err := net.Dial("tcp", addr)
		if err != nil {
			return false
		}
		return c.Close() == nil
	})
	return addr
}

// freeAddr is an address that nobody listens on.
func freeAddr(t *testing.T) string {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	return ln.Addr().String()
}
