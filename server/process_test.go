package server

import (
	"bufio"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"net"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/millrace-io/millrace/replication"
	"github.com/millrace-io/millrace/resp/wire"
	"github.com/millrace-io/millrace/server/config"
	"github.com/millrace-io/millrace/storage/vfs"
)

var (
	seedFlag  = flag.Uint64("seed", 0, "seed of the random tests; 0 draws one")
	seedsFlag = flag.Int("seeds", 12, "how many seeds each crash test tries")
)

// firstSeed is where a random test begins; it tries the seeds from there on.
func firstSeed(t testing.TB) uint64 {
	seed := *seedFlag
	if seed == 0 {
		seed = rand.Uint64() >> 1
	}
	t.Logf("-seed %d", seed)
	return seed
}

// seeds runs try with as many seeds as -seeds says, one when -seed is given.
func seeds(t *testing.T, try func(t *testing.T, rng *rand.Rand)) {
	n, first := *seedsFlag, firstSeed(t)
	if *seedFlag != 0 {
		n = 1
	}
	for i := range uint64(n) {
		t.Run(fmt.Sprint("seed=", first+i), func(t *testing.T) { try(t, rand.New(rand.NewPCG(first+i, 0))) })
	}
}

var discard = slog.New(slog.DiscardHandler)

// patience is how long a test waits for what must happen: only what is broken
// takes it.
const patience = time.Minute

const dataDir = "/data"

// newDisk is an empty disk with the folder that holds the data folder.
func newDisk() *vfs.Mem { return vfs.NewMem() }

func testConfig(change ...func(*config.Config)) *config.Config {
	c := config.Default()
	c.Dir, c.Addr, c.LogSegmentBytes = dataDir, "127.0.0.1:0", 256<<10
	for _, f := range change {
		f(c)
	}
	return c
}

func fsync(mode config.Fsync) func(*config.Config) {
	return func(c *config.Config) { c.Fsync = mode }
}

// process is one life of a node: from OpenFS to Close.
type process struct {
	*Node
	addr   string
	ready  chan struct{} // closed when it serves: Node and addr may be used
	done   chan struct{} // closed when it has ended, with err
	err    error
	cancel context.CancelFunc
}

// launch opens a node and runs it, both on another goroutine: with a frozen disk
// not even opening ends.
func launch(t testing.TB, fs vfs.FS, c *config.Config) *process {
	ctx, cancel := context.WithCancel(context.Background())
	p := &process{ready: make(chan struct{}), done: make(chan struct{}), cancel: cancel}
	go func() {
		defer close(p.done)
		p.err = p.run(ctx, fs, c)
	}()
	t.Cleanup(func() { p.stop(t) })
	return p
}

func (p *process) run(ctx context.Context, fs vfs.FS, c *config.Config) (err error) {
	if p.Node, err = OpenFS(fs, c, discard); err != nil {
		return err
	}
	err = p.Run(ctx, func(addr string) {
		p.addr = addr
		close(p.ready)
	})
	return errors.Join(err, p.Close())
}

// start is launch, ready.
func start(t testing.TB, fs vfs.FS, change ...func(*config.Config)) *process {
	t.Helper()
	p := launch(t, fs, testConfig(change...))
	select {
	case <-p.ready:
	case <-p.done:
		t.Fatalf("the node ended before it was ready: %v", p.err)
	case <-time.After(patience):
		t.Fatal("the node is not ready")
	}
	return p
}

// stop ends the node as SIGTERM does and returns its error.
func (p *process) stop(t testing.TB) error {
	t.Helper()
	p.cancel()
	return p.wait(t)
}

// wait waits until the node has ended, by itself or not.
func (p *process) wait(t testing.TB) error {
	t.Helper()
	select {
	case <-p.done:
		return p.err
	case <-time.After(patience):
		t.Error("the node does not end")
		return nil
	}
}

// hash is that of everything replicated, and the index up to which it holds.
func (p *process) hash() (hash, index uint64) {
	p.partitions[0].Inspect(func(replication.StateMachine, int64) { hash = p.partitions[0].machine.State().Hash() })
	return hash, p.applied()
}

// client is a connection that hides nothing: no pool, no retries.
type client struct {
	net.Conn
	r *bufio.Reader
}

func dial(t testing.TB, p *process) *client {
	t.Helper()
	conn, err := net.Dial("tcp", p.addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return newClient(conn)
}

func newClient(conn net.Conn) *client { return &client{conn, bufio.NewReader(conn)} }

// send writes commands in one piece; words are separated by blanks.
func (c *client) send(commands ...string) error {
	var b []byte
	for _, cmd := range commands {
		words := strings.Fields(cmd)
		b = wire.AppendArray(b, len(words))
		for _, w := range words {
			b = wire.AppendBulkString(b, w)
		}
	}
	_, err := c.Write(b)
	return err
}

// errReply is an error reply.
type errReply string

func (e errReply) Error() string { return string(e) }

// receive reads a reply of RESP2: string, int64, []any, nil or errReply.
func (c *client) receive() (any, error) {
	if err := c.SetReadDeadline(time.Now().Add(patience)); err != nil {
		return nil, err
	}
	return c.read()
}

func (c *client) read() (any, error) {
	line, err := c.r.ReadString('\n')
	if err != nil {
		return nil, err
	}
	kind, text := line[0], strings.TrimSuffix(line[1:], "\r\n")
	switch kind {
	case '+':
		return text, nil
	case '-':
		return errReply(text), nil
	}
	n, err := strconv.ParseInt(text, 10, 64)
	switch {
	case err != nil:
		return nil, fmt.Errorf("reply %q", line)
	case kind == ':':
		return n, nil
	case n < 0:
		return nil, nil
	case kind == '$':
		b := make([]byte, n+2)
		_, err := io.ReadFull(c.r, b)
		return string(b[:n]), err
	case kind != '*':
		return nil, fmt.Errorf("reply %q", line)
	}
	list := make([]any, n)
	for i := range list {
		if list[i], err = c.read(); err != nil {
			return nil, err
		}
	}
	return list, nil
}

// do runs one command; an error reply is returned as a value.
func (c *client) do(t testing.TB, command string) any {
	t.Helper()
	if err := c.send(command); err != nil {
		t.Fatalf("%s: %v", command, err)
	}
	v, err := c.receive()
	if err != nil {
		t.Fatalf("%s: %v", command, err)
	}
	return v
}

// must runs a command that has to succeed.
func (c *client) must(t testing.TB, command string) any {
	t.Helper()
	v := c.do(t, command)
	if err, bad := v.(errReply); bad {
		t.Fatalf("%s: %v", command, err)
	}
	return v
}

// blocked waits until that many clients are blocked.
func (p *process) blocked(t testing.TB, want int) {
	t.Helper()
	eventually(t, fmt.Sprint(want, " clients block"), func() bool { n, _ := p.Node.blocked(); return n == want })
}

// eventually looks until ok, with the CPU left to others in between.
func eventually(t testing.TB, what string, ok func() bool) {
	t.Helper()
	deadline := time.After(patience)
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for !ok() {
		select {
		case <-deadline:
			t.Fatalf("not within %v: %s", patience, what)
		case <-tick.C:
		}
	}
}
