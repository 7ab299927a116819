package chaos

import (
	"errors"
	"fmt"
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
)

// lookIn is how long one node is asked about the cluster: it may be frozen.
const lookIn = 2 * time.Second

// leastForSpare is how large a cluster must be for one more to come and go.
const leastForSpare = 3

// cluster is the nodes of a run. Its methods may be called from any goroutine.
type cluster struct {
	t       *testing.T
	hurt    bool // its nodes' disks fail on order
	net     *faultnet.Network
	members []*member
	spare   *member       // a further one, that comes and goes; nil in small clusters
	timeout time.Duration // of its clients
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
	if n >= leastForSpare {
		c.spare = c.newMember(n, filepath.Join(dir, fmt.Sprint("node", n)), true, args)
	}
	for i, m := range c.everybody() {
		if i > 0 {
			m.join = c.others(m)
		}
	}
	for _, m := range c.members { // one after the other: the first begins the cluster, the others join it
		if err := m.start(); err != nil {
			t.Fatal(err)
		}
	}
	c.members[0].join = c.others(c.members[0]) // should it ever come back without its folder
	for i := 0; n > 1 && i < n; i++ {
		if err := c.votes(c.members[i]); err != nil {
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
	return m
}

// everybody is all nodes, the spare one as the last.
func (c *cluster) everybody() []*member {
	if c.spare == nil {
		return c.members
	}
	return append(slices.Clone(c.members), c.spare)
}

// others are where the nodes that are there for good are reached, but for one.
func (c *cluster) others(but *member) (addrs []string) {
	for _, m := range c.members {
		if m != but && m.proxy != nil {
			addrs = append(addrs, m.proxy.Addr())
		}
	}
	return addrs
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

// heal takes every fault back: afterwards the network is whole and all nodes are up.
// Those that were down start together, since one alone may not become ready.
func (c *cluster) heal() error {
	c.net.Heal()
	var wg sync.WaitGroup
	errs := make([]error, len(c.members))
	for i, m := range c.members {
		wg.Go(func() { errs[i] = m.revive() })
	}
	wg.Wait()
	return errors.Join(errs...)
}

// leader is the number of the node that leads a random partition, as the nodes know it,
// or a random one.
func (c *cluster) leader(rng *rand.Rand) int {
	random := rng.IntN(len(c.members))
	if len(c.members) == 1 {
		return 0
	}
	for i := range c.members {
		client := c.clientFor((random+i)%len(c.members), lookIn)
		reply, err := client.Do(c.t.Context(), "MILLRACE", "NODES").Slice()
		client.Close()
		if err != nil {
			continue
		}
		partition := any(int64(rng.IntN(*parts)))
		for _, one := range reply {
			n, ok := one.(map[any]any)
			if leads, _ := n["leads"].([]any); !ok || !slices.Contains(leads, partition) {
				continue
			}
			if at := slices.IndexFunc(c.members, func(m *member) bool { return n["client-addr"] == m.addr }); at >= 0 {
				return c.members[at].number
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
	return redis.NewClient(c.options(i, reply))
}

func (c *cluster) options(i int, reply time.Duration) *redis.Options {
	return &redis.Options{
		Addr: c.members[i].addr, MaxRetries: -1, PoolSize: 1, DialerRetries: 1, DialTimeout: time.Second,
		ReadTimeout: reply, WriteTimeout: c.timeout, ContextTimeoutEnabled: true,
	}
}

// pause lets some time pass, unless it is stopped.
func (c *cluster) pause(stop <-chan struct{}, from, to time.Duration) {
	timer := time.NewTimer(from + rand.N(max(1, to-from)))
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-stop:
	case <-c.t.Context().Done():
	}
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

// retire has all nodes stop in order, at once.
func (c *cluster) retire() error {
	var wg sync.WaitGroup
	errs := make([]error, len(c.members))
	for i, m := range c.members {
		wg.Go(func() { errs[i] = m.stop() })
	}
	wg.Wait()
	return errors.Join(errs...)
}

// close ends all nodes and the network.
func (c *cluster) close() {
	for _, m := range c.everybody() {
		m.kill()
	}
	c.net.Close()
}

// writeLogs writes what the nodes logged last into a folder.
func (c *cluster) writeLogs(dir string) error {
	var errs []error
	for _, m := range c.everybody() {
		errs = append(errs, os.WriteFile(filepath.Join(dir, fmt.Sprintf("node%d.log", m.number)), []byte(m.log()), 0o600))
	}
	return errors.Join(errs...)
}
