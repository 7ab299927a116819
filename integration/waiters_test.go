package integration

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"
)

// waiterBudget is what a blocked client may cost: 50,000 fit in 500 MiB.
const waiterBudget = 500 * mib / 50000

// Many connections, first idle, then blocked, in a process of their own; XADDs wake
// them all.
func TestManyConnections(t *testing.T) {
	n := 1000
	if *heavy {
		n = 10000
	}
	onBoth(t, []string{"--maxclients", fmt.Sprint(n + 100)}, func(t *testing.T, p *process) {
		c := p.client()
		mustDo(t, c, "XGROUP", "CREATE", crowdJobs, "crew", "$", "MKSTREAM")
		empty := memory(t, p.pid(), "VmRSS")
		crowd := startCrowd(t, p.Addr, n)
		crowd.expect("idle")
		idle := memory(t, p.pid(), "VmRSS")
		crowd.say("block")
		p.blocked(c, n)
		blocked := memory(t, p.pid(), "VmRSS")
		t.Logf("%d connections: %d bytes each idle, %d more each blocked; the server has %d MiB", n,
			(idle-empty)/int64(n), (blocked-idle)/int64(n), blocked/mib)
		perWaiter := (blocked - empty) / int64(n)
		if strings.HasSuffix(t.Name(), "redcon") {
			perWaiter = (blocked - idle) / int64(n) // a connection itself is two goroutines with their buffers there
		}
		if *heavy && perWaiter > waiterBudget {
			t.Errorf("%d bytes for each blocked client, at most %d should be", perWaiter, waiterBudget)
		}
		start := time.Now()
		mustDo(t, c, "PING")
		t.Logf("PING beside them took %v", time.Since(start).Round(time.Microsecond))

		start = time.Now()
		for i := range crowdStreams {
			mustDo(t, c, "XADD", fmt.Sprint(crowdNews, i), "1-1", "f", "v")
		}
		pipe := c.Pipeline()
		for i := range crowdWorkers(n) {
			pipe.Do(t.Context(), "XADD", crowdJobs, fmt.Sprint(i+1, "-1"), "f", "v")
		}
		if _, err := pipe.Exec(t.Context()); err != nil {
			t.Fatal(err)
		}
		crowd.expect("woken")
		t.Logf("all were woken within %v", time.Since(start).Round(time.Millisecond))
		p.blocked(c, 0)
		if got := c.XPending(t.Context(), crowdJobs, "crew").Val(); got == nil || got.Count != int64(crowdWorkers(n)) {
			t.Errorf("pending: %+v, want one entry for each of %d workers", got, crowdWorkers(n))
		}
		crowd.end()
	})
}

const (
	crowdNews    = "news" // crowdStreams streams, read with XREAD
	crowdStreams = 100
	crowdJobs    = "jobs" // read with XREADGROUP COUNT 1
)

// crowdWorkers is how many of n clients wait with XREADGROUP.
func crowdWorkers(n int) int { return n / 10 }

// crowd is a process with many connections. It tells what it has done in lines, and
// goes on when told to.
type crowd struct {
	t     *testing.T
	cmd   *exec.Cmd
	in    io.WriteCloser
	lines *bufio.Scanner
}

// crowdEnv makes the test binary a crowd: "address number".
const crowdEnv = "INTEGRATION_CROWD"

func startCrowd(t *testing.T, addr string, n int) *crowd {
	t.Helper()
	c := &crowd{t: t, cmd: exec.Command(os.Args[0], "-test.run=^TestCrowdProcess$", "-test.v")}
	c.cmd.Env = append(os.Environ(), fmt.Sprint(crowdEnv, "=", addr, " ", n))
	c.cmd.Stderr = os.Stderr
	var err error
	if c.in, err = c.cmd.StdinPipe(); err != nil {
		t.Fatal(err)
	}
	out, err := c.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	c.lines = bufio.NewScanner(out)
	if err := c.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = c.cmd.Process.Kill()
		_ = c.cmd.Wait()
	})
	return c
}

// expect reads what the crowd says until it is word.
func (c *crowd) expect(word string) {
	c.t.Helper()
	var said []string
	for c.lines.Scan() {
		if c.lines.Text() == word {
			return
		}
		said = append(said, c.lines.Text())
	}
	c.t.Fatalf("the crowd ended before it said %q:\n%s", word, strings.Join(said, "\n"))
}

func (c *crowd) say(word string) {
	c.t.Helper()
	if _, err := fmt.Fprintln(c.in, word); err != nil {
		c.t.Fatal(err)
	}
}

func (c *crowd) end() {
	c.t.Helper()
	c.in.Close()
	for c.lines.Scan() {
	}
	if err := c.cmd.Wait(); err != nil {
		c.t.Errorf("the crowd: %v", err)
	}
}

// TestCrowdProcess is the crowd's side of TestManyConnections.
func TestCrowdProcess(t *testing.T) {
	order, ok := os.LookupEnv(crowdEnv)
	if !ok {
		t.Skip("the other process of TestManyConnections")
	}
	addr, number, _ := strings.Cut(order, " ")
	var n int
	if _, err := fmt.Sscan(number, &n); err != nil {
		t.Fatal(err)
	}
	conns := make([]net.Conn, n)
	for i := range conns {
		var err error
		if conns[i], err = net.Dial("tcp", addr); err != nil {
			t.Fatalf("connection %d: %v", i, err)
		}
		// The server has taken it when it answers.
		crowdAsk(t, conns[i], "PING\r\n", "+PONG\r\n")
	}
	orders := bufio.NewScanner(os.Stdin)
	fmt.Println("idle")
	if !orders.Scan() {
		return
	}
	for i, c := range conns {
		if _, err := io.WriteString(c, crowdWait(i, n)); err != nil {
			t.Fatal(err)
		}
	}
	for i, c := range conns {
		reply := make([]byte, 4<<10)
		read, err := c.Read(reply)
		if err != nil || !strings.HasPrefix(string(reply[:read]), "*1\r\n*2\r\n$") {
			t.Fatalf("connection %d got %q, %v", i, reply[:read], err)
		}
	}
	fmt.Println("woken")
	orders.Scan()
	for _, c := range conns {
		c.Close()
	}
}

// crowdWait is what client i of n waits with.
func crowdWait(i, n int) string {
	if i < crowdWorkers(n) {
		return fmt.Sprintf("XREADGROUP GROUP crew worker%d COUNT 1 BLOCK 0 STREAMS %s >\r\n", i, crowdJobs)
	}
	return fmt.Sprintf("XREAD BLOCK 0 STREAMS %s%d $\r\n", crowdNews, i%crowdStreams)
}

func crowdAsk(t *testing.T, c net.Conn, request, want string) {
	t.Helper()
	if _, err := io.WriteString(c, request); err != nil {
		t.Fatal(err)
	}
	got := make([]byte, len(want))
	if _, err := io.ReadFull(c, got); err != nil || string(got) != want {
		t.Fatalf("got %q, %v; want %q", got, err, want)
	}
}
