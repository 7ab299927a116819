package integration

import (
	"fmt"
	"math/rand/v2"
	"net"
	"path/filepath"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/millrace-io/millrace/integration/node"
	"github.com/millrace-io/millrace/keyspace"
)

// trio is a cluster of three nodes: folders and addresses stay, processes come and go.
type trio struct {
	t     *testing.T
	nodes [3]*member
}

type member struct {
	*process // nil while it is down
	addr     string
	args     []string
	dir      string
}

// serveCluster starts a cluster of three nodes with the settings args, and returns when
// all of them have joined and each leads what it should.
func serveCluster(t *testing.T, args ...string) *trio {
	t.Helper()
	c := &trio{t: t}
	dir := t.TempDir()
	join := ""
	for i := range c.nodes {
		clusterAddr := lastingAddr(t)
		m := &member{addr: lastingAddr(t), dir: filepath.Join(dir, strconv.Itoa(i))}
		m.args = append([]string{"--addr", m.addr, "--cluster-addr", clusterAddr, "--cluster-secret", "s", "--log-segment-bytes", "4mb"}, args...)
		if i == 0 {
			join = clusterAddr
		} else {
			m.args = append(m.args, "--join", join)
		}
		c.nodes[i] = m
	}
	c.start(0) // it begins the cluster
	var wg sync.WaitGroup
	for i := 1; i < 3; i++ {
		wg.Go(func() { c.start(i) })
	}
	wg.Wait()
	if t.Failed() {
		t.FailNow()
	}
	c.settled()
	return c
}

// lastingAddr finds an address that stays free while its node is down: its port lies
// below those that systems give to connections and to listeners that ask for any.
func lastingAddr(t *testing.T) string {
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

// start starts a node and waits until it is ready. It may be called from any goroutine.
func (c *trio) start(i int) {
	c.t.Helper()
	m := c.nodes[i]
	p, err := node.Serve(binary, m.dir, m.args...)
	if err != nil {
		c.t.Errorf("node %d: %v", i, err)
		return
	}
	c.t.Cleanup(p.Kill)
	m.process = &process{p, c.t}
}

// stop ends all nodes by SIGTERM, together.
func (c *trio) stop() {
	c.t.Helper()
	var wg sync.WaitGroup
	for i, m := range c.nodes {
		wg.Go(func() {
			if err := m.Stop(); err != nil {
				c.t.Errorf("node %d: %v", i, err)
			}
		})
	}
	wg.Wait()
}

// leaders are the nodes that lead the partitions, as the asked one knows it; -1 for
// one that it does not know.
func (c *trio) leaders(asked int) (leaders []int, err error) {
	client := c.nodes[asked].client()
	defer client.Close()
	rows, err := client.Do(c.t.Context(), "MILLRACE", "NODES").Slice()
	for _, row := range rows {
		fields := row.(map[any]any)
		for len(leaders) < len(fields["lag"].([]any)) {
			leaders = append(leaders, -1)
		}
		for _, led := range fields["leads"].([]any) {
			leaders[led.(int64)] = slices.IndexFunc(c.nodes[:], func(m *member) bool { return fields["client-addr"] == m.addr })
		}
	}
	return leaders, err
}

// leader is the node that leads the first partition.
func (c *trio) leader() int {
	c.t.Helper()
	return c.leaderOf("") // slot 0
}

// leaderOf is the node that leads the partition of a key.
func (c *trio) leaderOf(key string) (i int) {
	c.t.Helper()
	eventually(c.t, "somebody leads", func() bool {
		for asked, m := range c.nodes {
			if m.process == nil {
				continue
			}
			leaders, err := c.leaders(asked)
			if err != nil || len(leaders) == 0 {
				continue
			}
			i = leaders[int(keyspace.Slot([]byte(key)))*len(leaders)/keyspace.Slots]
			if i >= 0 && c.nodes[i].process != nil {
				return true
			}
		}
		return false
	})
	return i
}

// follower is a node that does not lead the first partition.
func (c *trio) follower() int {
	c.t.Helper()
	return (c.leader() + 1) % len(c.nodes)
}

// settled waits until all nodes are up, vote and lead what they are to lead, as each of
// them knows it: nothing moves any more by itself.
func (c *trio) settled() {
	c.t.Helper()
	end := time.Now().Add(patience)
	look := time.NewTicker(20 * time.Millisecond)
	defer look.Stop()
	for i, m := range c.nodes {
		client := m.client()
		for state := unsettled(c.t, client); state != ""; state = unsettled(c.t, client) {
			if time.Now().After(end) {
				c.t.Fatalf("node %d sees no settled cluster: %s", i, state)
			}
			<-look.C
		}
		client.Close()
	}
}

// unsettled is what keeps the cluster from being settled, as a node knows it; "" for
// nothing.
func unsettled(t *testing.T, client *redis.Client) string {
	rows, err := client.Do(t.Context(), "MILLRACE", "NODES").Slice()
	if err != nil {
		return err.Error()
	}
	if len(rows) != 3 {
		return fmt.Sprint(rows)
	}
	for i, r := range rows { // in the order of their ids
		fields, ok := r.(map[any]any)
		if !ok {
			return fmt.Sprint(rows)
		}
		ok = fields["state"] == "up" && fields["voter"] == int64(1)
		for _, lag := range fields["lag"].([]any) {
			ok = ok && lag != nil
		}
		for _, led := range fields["leads"].([]any) {
			ok = ok && int(led.(int64))%3 == i
		}
		led := len(fields["leads"].([]any))
		parts := len(fields["lag"].([]any))
		ok = ok && led == (parts+2-i)/3
		if !ok {
			return fmt.Sprint(rows)
		}
	}
	return ""
}
