package integration

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"os/exec"
	"os/signal"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/millrace-io/millrace/integration/node"
	"github.com/millrace-io/millrace/server"
	"github.com/millrace-io/millrace/server/config"
	"github.com/millrace-io/millrace/storage/vfs"
)

const (
	slowEnv   = "INTEGRATION_SLOW_NODE" // makes the test binary a node on a slow disk: its folder
	slowBytes = 50 << 20                // a second
	slowValue = 1000
)

// A client sends far more than the disk takes, as redis-cli --pipe does. It is held
// back: the server's memory stays flat, and other clients do not notice.
func TestPipeThroughASlowDisk(t *testing.T) {
	total := 50 * mib
	if *heavy {
		total = 1 << 30
	}
	for _, listener := range listeners {
		t.Run(listener, func(t *testing.T) { pipeThroughASlowDisk(t, listener, total) })
	}
}

func pipeThroughASlowDisk(t *testing.T, listener string, total int) {
	p := serveSlow(t, t.TempDir(), listener)
	stop := make(chan struct{})
	watched := make(chan watch, 1)
	go func() { watched <- watchServer(t, p, stop) }()

	n := total / slowValue
	start := time.Now()
	errs, replies := pipeEntries(t, p.Addr, n)
	took := time.Since(start)
	close(stop)
	w := <-watched

	if errs != 0 || replies != n {
		t.Errorf("%d replies, %d of them errors; want %d and none", replies, errs, n)
	}
	if got := p.client().XLen(t.Context(), "k").Val(); got < 1000 || got > 1100 {
		t.Errorf("%d entries are left of MAXLEN ~ 1000", got)
	}
	slices.Sort(w.pings)
	most := memory(t, p.pid(), "VmHWM")
	t.Logf("%d MiB in %v (%.0f MB/s); the server had at most %d MiB (%d before), first half %d, second half %d",
		total/mib, took.Round(time.Millisecond), float64(total)/1e6/took.Seconds(), most/mib, w.before/mib, w.half(0)/mib, w.half(1)/mib)
	t.Logf("%d PINGs: median %v, 99 %% %v, worst %v", len(w.pings), w.ping(0.5), w.ping(0.99), w.ping(1))
	if most > 400*mib {
		t.Errorf("the server had %d MiB", most/mib)
	}
	if first, second := w.half(0), w.half(1); *heavy && second > first+first/2+32*mib {
		t.Errorf("memory grows: at most %d MiB in the first half, %d in the second", first/mib, second/mib)
	}
	if least := 10; len(w.pings) < least {
		t.Errorf("%d PINGs were answered meanwhile, want %d", len(w.pings), least)
	}
	p.stop()
}

// watch is what was seen of a server while it was busy.
type watch struct {
	before int64
	memory []int64
	pings  []time.Duration
}

func watchServer(t *testing.T, p *process, stop <-chan struct{}) watch {
	w := watch{before: memory(t, p.pid(), "VmRSS")}
	c := p.client()
	for each := time.NewTicker(20 * time.Millisecond); ; {
		start := time.Now()
		if err := c.Ping(t.Context()).Err(); err != nil {
			t.Error(err)
			return w
		}
		w.pings = append(w.pings, time.Since(start))
		w.memory = append(w.memory, memory(t, p.pid(), "VmRSS"))
		select {
		case <-stop:
			each.Stop()
			return w
		case <-each.C:
		}
	}
}

// half is the most memory of the first or the second half of the time.
func (w watch) half(n int) int64 {
	middle := len(w.memory) / 2
	return slices.Max([][]int64{w.memory[:max(1, middle)], w.memory[middle:]}[n])
}

// ping is the time that so much of the PINGs stayed within; they are sorted.
func (w watch) ping(part float64) time.Duration {
	return w.pings[int(part*float64(len(w.pings)-1))].Round(10 * time.Microsecond)
}

// pipeEntries sends n XADDs without waiting, with redis-cli --pipe or, where that
// is missing, in the same way.
func pipeEntries(t *testing.T, addr string, n int) (errs, replies int) {
	t.Helper()
	path, err := exec.LookPath("redis-cli")
	if err != nil {
		t.Log("redis-cli is not installed: the entries are sent from here")
		return pipeByHand(t, addr, n)
	}
	host, port, err := net.SplitHostPort(addr)
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), path, "-h", host, "-p", port, "--pipe", "--pipe-timeout", "0")
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	go writeEntries(in, n)
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("redis-cli --pipe: %v\n%s", err, out)
	}
	_, counts, _ := strings.Cut(string(out), "errors: ")
	if _, err := fmt.Sscanf(counts, "%d, replies: %d", &errs, &replies); err != nil {
		t.Fatalf("redis-cli --pipe says\n%s", out)
	}
	return errs, replies
}

func pipeByHand(t *testing.T, addr string, n int) (errs, replies int) {
	t.Helper()
	raw := dialRaw(t, addr)
	raw.SetDeadline(time.Now().Add(15 * time.Minute))
	go writeEntries(halfCloser{raw}, n)
	for lines := bufio.NewScanner(raw); lines.Scan(); {
		switch lines.Text()[0] {
		case '-':
			errs++
			replies++
		case '$':
			replies++
		}
	}
	return errs, replies
}

// halfCloser tells the other side that nothing more comes, and can still be read.
type halfCloser struct{ rawConn }

func (h halfCloser) Close() error { return h.CloseWrite() }

func writeEntries(to io.WriteCloser, n int) {
	defer to.Close()
	request := command("XADD", "k", "MAXLEN", "~", "1000", "*", "f", strings.Repeat("x", slowValue))
	w := bufio.NewWriterSize(to, 64<<10)
	for range n {
		if _, err := w.WriteString(request); err != nil {
			return // whoever reads the replies sees that some are missing
		}
	}
	_ = w.Flush()
}

// serveSlow runs a node on a slow disk as a process of its own.
func serveSlow(t *testing.T, dir, listener string) *process {
	t.Helper()
	cmd := exec.Command(os.Args[0], "-test.run=^TestSlowNodeProcess$")
	cmd.Env = append(os.Environ(), fmt.Sprint(slowEnv, "=", listener, " ", dir))
	p, err := node.Start(cmd, 3*time.Minute)
	return owned(t, p, err)
}

// TestSlowNodeProcess is the node of TestPipeThroughASlowDisk.
func TestSlowNodeProcess(t *testing.T) {
	order, ok := os.LookupEnv(slowEnv)
	if !ok {
		t.Skip("the other process of TestPipeThroughASlowDisk")
	}
	listener, dir, _ := strings.Cut(order, " ")
	c := config.Default()
	c.Dir, c.Addr, c.Listener = dir, "127.0.0.1:0", config.Listener(listener)
	logger := slog.New(slog.NewJSONHandler(os.Stderr, nil))
	node, err := server.OpenFS(vfs.Slow(vfs.OS(), slowBytes), c, logger)
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	if err := node.Run(ctx, func(addr string) { logger.Info("ready", "addr", addr) }); err != nil {
		t.Error(err)
	}
	if err := node.Close(); err != nil {
		t.Error(err)
	}
}
