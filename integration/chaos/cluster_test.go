package chaos

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/millrace-io/millrace/integration/chaos/faultnet"
	"github.com/millrace-io/millrace/integration/node"
)

// cluster is the nodes of a run. Its methods may be called from any goroutine.
type cluster struct {
	t       *testing.T
	hurt    bool // its nodes' disks fail on order
	net     *faultnet.Network
	members []*member
	timeout time.Duration // of its clients
}

// member is one node: its folder and its addresses stay, its processes come and go.
type member struct {
	number      int
	dir         string
	addr        string // for clients
	clusterAddr string // for the other nodes, behind the proxy
	proxy       *faultnet.Proxy
	args        []string
	hurt        bool   // its disk fails on order
	join        string // the cluster address of another, for a node without a folder; empty for the very first

	mu      sync.Mutex // covers all below
	id      uint64
	process *node.Process // nil when it is down
	disk    io.Writer     // takes orders for the disk of a hurt node
	frozen  bool
	logs    []string // of the processes that were killed
}

// newCluster starts n nodes with their folders under dir, with settings of one's own.
func newCluster(t *testing.T, dir string, n int, args ...string) *cluster {
	t.Helper()
	c := &cluster{t: t, net: faultnet.New(), timeout: opTimeout}
	c.begin(dir, n, args)
	return c
}

// newHurtCluster is newCluster with nodes whose disks fail on order. Their segments are
// small, so that a full disk is soon noticed.
func newHurtCluster(t *testing.T, dir string, n int) *cluster {
	t.Helper()
	c := &cluster{t: t, net: faultnet.New(), hurt: true, timeout: opTimeout}
	c.begin(dir, n, []string{"--log-segment-bytes", "2mb"})
	return c
}

func (c *cluster) begin(dir string, n int, args []string) {
	t := c.t
	t.Helper()
	t.Cleanup(c.close)
	for i := range n {
		c.members = append(c.members, c.newMember(i, filepath.Join(dir, fmt.Sprint("node", i)), n > 1, args))
	}
	for _, m := range c.members { // one after the other: the first begins the cluster, the others join it
		if err := m.start(); err != nil {
			t.Fatal(err)
		}
	}
	if n > 1 { // should it ever come back without its folder
		c.members[0].join = c.members[1].proxy.Addr()
	}
	for i := 0; n > 1 && i < n; i++ {
		if err := c.votes(i); err != nil {
			t.Fatal(err)
		}
	}
}

func (c *cluster) newMember(i int, dir string, clustered bool, args []string) *member {
	c.t.Helper()
	m := &member{number: i, dir: dir, addr: freeAddr(c.t), hurt: c.hurt}
	m.args = []string{"--addr", m.addr, "--enable-debug-command", "local", "--log-segment-bytes", "4mb", "--snapshot-log-bytes", "8mb",
		"--partitions", strconv.Itoa(*parts)}
	m.args = append(m.args, args...)
	if !clustered {
		return m
	}
	m.clusterAddr = freeAddr(c.t)
	var err error
	if m.proxy, err = c.net.Listen(m.clusterAddr); err != nil {
		c.t.Fatal(err)
	}
	m.args = append(m.args, "--cluster-addr", m.clusterAddr, "--cluster-advertise", m.proxy.Addr(), "--cluster-secret", "chaos")
	if i > 0 {
		m.join = c.members[0].proxy.Addr()
	}
	return m
}

// freeAddr finds an address that stays free while a node is down: its port lies below
// those that systems give to connections and to listeners that ask for any.
func freeAddr(t *testing.T) string {
	t.Helper()
	for range 1000 {
		addr := net.JoinHostPort("127.0.0.1", strconv.Itoa(12_000+rand.IntN(20_000)))
		if l, err := net.Listen("tcp", addr); err == nil {
			l.Close()
			return addr
		}
	}
	t.Fatal("no free port")
	return ""
}

// start starts the node, unless it is up, and waits until it is ready.
func (m *member) start() error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.process != nil {
		return nil
	}
	args := m.args
	if m.id == 0 && m.join != "" {
		args = append(slices.Clone(args), "--join", m.join)
	}
	if err := m.launch(args); err != nil {
		return fmt.Errorf("node %d: %w", m.number, err)
	}
	if m.id != 0 || m.proxy == nil {
		return nil
	}
	id, err := readID(m.dir)
	if err == nil {
		m.id = id
		m.proxy.Know(id)
	}
	return err
}

func (m *member) launch(args []string) (err error) {
	if !m.hurt {
		m.process, err = node.Serve(program, m.dir, args...)
		return err
	}
	cmd := hurtCommand(m.dir, args...)
	if m.disk, err = cmd.StdinPipe(); err != nil {
		return err
	}
	m.process, err = node.Start(cmd, 3*time.Minute)
	return err
}

// readID reads a node's id from its folder.
func readID(dir string) (uint64, error) {
	b, err := os.ReadFile(filepath.Join(dir, "node.json"))
	if err != nil {
		return 0, err
	}
	var file struct {
		NodeID string `json:"node_id"`
	}
	if err := json.Unmarshal(b, &file); err != nil {
		return 0, err
	}
	return strconv.ParseUint(file.NodeID, 16, 64)
}

// kill ends the node with SIGKILL, if it is up.
func (m *member) kill() {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.process != nil {
		m.process.Kill()
		m.logs = append(m.logs, m.process.Log())
		m.process, m.frozen = nil, false
	}
}

// stop ends the node gracefully, if it is up.
func (m *member) stop() error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.process == nil {
		return nil
	}
	err := m.process.Stop()
	m.logs = append(m.logs, m.process.Log())
	m.process = nil
	return err
}

// freeze holds the node up, thaw lets it go on.
func (m *member) freeze() { m.signal(true, (*node.Process).Freeze) }
func (m *member) thaw()   { m.signal(false, (*node.Process).Thaw) }

func (m *member) signal(frozen bool, send func(*node.Process) error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.process != nil && m.frozen != frozen {
		_ = send(m.process) // one that has ended is found by alive
		m.frozen = frozen
	}
}

// alive returns an error when the node's process has ended by itself.
func (m *member) alive() error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.process == nil {
		return nil
	}
	select {
	case <-m.process.Done():
		return fmt.Errorf("node %d ended by itself:\n%s", m.number, m.process.Log())
	default:
		return nil
	}
}

// heal takes every fault back: afterwards the network is whole and all nodes are up.
// Those that were down start together, since one alone may not become ready.
func (c *cluster) heal() error {
	c.net.Heal()
	var wg sync.WaitGroup
	errs := make([]error, len(c.members))
	for i, m := range c.members {
		m.thaw()
		wg.Go(func() { errs[i] = errors.Join(m.alive(), m.start()) })
	}
	wg.Wait()
	return errors.Join(errs...)
}

// leader is the number of the node that leads the first partition, as the nodes know
// it, or a random one.
func (c *cluster) leader(rng *rand.Rand) int {
	random := rng.IntN(len(c.members))
	if len(c.members) == 1 {
		return 0
	}
	for i := range c.members {
		client := c.client((random + i) % len(c.members))
		reply, err := client.Do(c.t.Context(), "MILLRACE", "NODES").Slice()
		client.Close()
		if err != nil {
			continue
		}
		for _, one := range reply {
			n, ok := one.(map[any]any)
			if leads, _ := n["leads"].([]any); !ok || !slices.Contains(leads, any(int64(0))) {
				continue
			}
			if at := slices.IndexFunc(c.members, func(m *member) bool { return n["client-addr"] == m.addr }); at >= 0 {
				return at
			}
		}
	}
	return random
}

// client returns a client of one node, with one connection, that sends nothing twice.
func (c *cluster) client(i int) *redis.Client { return c.clientFor(i, c.timeout) }

// patient is a client for orders that are answered when they are done.
func (c *cluster) patient(i int) *redis.Client { return c.clientFor(i, joinIn) }

func (c *cluster) clientFor(i int, reply time.Duration) *redis.Client {
	return redis.NewClient(&redis.Options{
		Addr: c.members[i].addr, MaxRetries: -1, PoolSize: 1, DialerRetries: 1, DialTimeout: time.Second,
		ReadTimeout: reply, WriteTimeout: c.timeout, ContextTimeoutEnabled: true,
	})
}

// tick lets a moment pass between two looks.
func (c *cluster) tick() error {
	timer := time.NewTimer(50 * time.Millisecond)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-c.t.Context().Done():
		return c.t.Context().Err()
	}
}

// close ends all nodes and the network.
func (c *cluster) close() {
	for _, m := range c.members {
		m.kill()
	}
	c.net.Close()
}

// writeLogs writes what the nodes logged last into a folder.
func (c *cluster) writeLogs(dir string) error {
	var errs []error
	for _, m := range c.members {
		m.mu.Lock()
		text := ""
		for _, l := range m.logs {
			text += l + "--- killed or stopped\n"
		}
		if m.process != nil {
			text += m.process.Log()
		}
		m.mu.Unlock()
		errs = append(errs, os.WriteFile(filepath.Join(dir, fmt.Sprintf("node%d.log", m.number)), []byte(text), 0o600))
	}
	return errors.Join(errs...)
}
