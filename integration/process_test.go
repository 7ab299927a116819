package integration

import (
	"bufio"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
)

var (
	seed   = flag.Uint64("seed", 0, "seed of the random tests, 0 for a new one")
	cycles = flag.Int("cycles", 5, "how often the kill -9 test kills")
	heavy  = flag.Bool("heavy", false, "run the tests that take minutes or gigabytes")
)

// binary is the millrace under test.
var binary string

func TestMain(m *testing.M) {
	flag.Parse()
	dir, err := os.MkdirTemp("", "millrace")
	if err == nil {
		binary = filepath.Join(dir, "millrace")
		build := exec.Command("go", "build", "-o", binary, "../cmd/millrace")
		build.Stderr = os.Stderr
		err = build.Run()
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "build millrace:", err)
		os.Exit(1)
	}
	code := m.Run()
	os.RemoveAll(dir)
	os.Exit(code)
}

// process is a running millrace.
type process struct {
	t    *testing.T
	cmd  *exec.Cmd
	Addr string
	done chan struct{} // closed when it has ended

	mu   sync.Mutex
	logs []string // its last log lines
}

// serve starts a millrace on dir and waits until it is ready.
func serve(t *testing.T, dir string, args ...string) *process {
	t.Helper()
	args = append([]string{"serve", "--dir", dir, "--addr", "127.0.0.1:0", "--log-format", "json"}, args...)
	p := &process{t: t, cmd: exec.Command(binary, args...), done: make(chan struct{})}
	stderr, err := p.cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ready := make(chan string, 1)
	go p.readLogs(stderr, ready)
	t.Cleanup(p.kill)
	select {
	case p.Addr = <-ready:
	case <-p.done:
		t.Fatalf("millrace ended before it was ready:\n%s", p.log())
	case <-time.After(time.Minute):
		t.Fatalf("millrace is not ready after a minute:\n%s", p.log())
	}
	return p
}

func (p *process) readLogs(r io.Reader, ready chan<- string) {
	defer close(p.done)
	lines := bufio.NewScanner(r)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		p.mu.Lock()
		p.logs = append(p.logs, lines.Text())
		if len(p.logs) > 200 {
			p.logs = p.logs[1:]
		}
		p.mu.Unlock()
		var record struct{ Msg, Addr string }
		if json.Unmarshal(lines.Bytes(), &record) == nil && record.Msg == "ready" {
			ready <- record.Addr
		}
	}
	p.cmd.Wait()
}

// log is what the process logged last.
func (p *process) log() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	text := ""
	for _, l := range p.logs {
		text += l + "\n"
	}
	return text
}

// kill ends the process with SIGKILL.
func (p *process) kill() {
	p.cmd.Process.Kill()
	<-p.done
}

// stop ends the process with SIGTERM and checks that it stopped cleanly.
func (p *process) stop() {
	p.t.Helper()
	p.cmd.Process.Signal(syscall.SIGTERM)
	p.ended()
}

// ended waits until the process has ended, and checks that it did so cleanly.
func (p *process) ended() {
	p.t.Helper()
	select {
	case <-p.done:
	case <-time.After(patience):
		p.t.Fatalf("millrace does not stop:\n%s", p.log())
	}
	if code := p.cmd.ProcessState.ExitCode(); code != 0 {
		p.t.Fatalf("millrace ended with code %d:\n%s", code, p.log())
	}
}

// client returns a go-redis client that never sends a command twice.
func (p *process) client() *redis.Client {
	c := redis.NewClient(&redis.Options{Addr: p.Addr, MaxRetries: -1, ReadTimeout: patience, PoolSize: 1})
	p.t.Cleanup(func() { c.Close() })
	return c
}

// eventually waits for a condition and fails with what it says.
func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(patience); !ok(); {
		if time.Now().After(end) {
			t.Fatalf("still not: %s", what)
		}
		select {
		case <-t.Context().Done():
			return
		case <-time.After(time.Millisecond):
		}
	}
}

// blocked waits until so many clients are blocked.
func (p *process) blocked(c *redis.Client, n int) {
	p.t.Helper()
	eventually(p.t, fmt.Sprint(n, " clients blocked"), func() bool {
		info, err := c.InfoMap(context.Background(), "clients").Result()
		return err == nil && info["Clients"]["blocked_clients"] == fmt.Sprint(n)
	})
}
