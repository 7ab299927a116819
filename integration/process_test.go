package integration

import (
	"context"
	"flag"
	"fmt"
	"os"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/millrace-io/millrace/integration/node"
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
		binary, err = node.Build(dir)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	code := m.Run()
	os.RemoveAll(dir)
	os.Exit(code)
}

// process is a running millrace of a test.
type process struct {
	*node.Process
	t *testing.T
}

// serve starts a millrace on dir and waits until it is ready.
func serve(t *testing.T, dir string, args ...string) *process {
	t.Helper()
	p, err := node.Serve(binary, dir, args...)
	return owned(t, p, err)
}

// owned makes a process the test's own.
func owned(t *testing.T, p *node.Process, err error) *process {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.Kill)
	return &process{p, t}
}

// log is what the process logged last.
func (p *process) log() string { return p.Log() }

// kill ends the process with SIGKILL.
func (p *process) kill() { p.Kill() }

// stop ends the process with SIGTERM and checks that it stopped cleanly.
func (p *process) stop() {
	p.t.Helper()
	if err := p.Stop(); err != nil {
		p.t.Fatal(err)
	}
}

// ended waits until the process has ended, and checks that it did so cleanly.
func (p *process) ended() {
	p.t.Helper()
	if err := p.Ended(); err != nil {
		p.t.Fatal(err)
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
