package integration

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/redis/rueidis"

	"github.com/millrace-io/millrace/integration/node"
)

// Clients of Redis Cluster work on, with all that they have, while a leader is killed and
// comes back: nothing acknowledged is lost, and who gets an error gets it because of that.
func TestClusterRedirectUnderKill(t *testing.T) {
	for name, connect := range map[string]func(addrs []string) (clusterLibrary, error){
		"go-redis": func(addrs []string) (clusterLibrary, error) {
			// Of a leader that has died go-redis hears no MOVED: it dials it again and again,
			// until it looks at the slots, by default once a minute.
			c := redis.NewClusterClient(&redis.ClusterOptions{Addrs: addrs, ClusterStateReloadInterval: time.Second})
			return goRedisCluster{&goRedis{c: c}, c}, c.Ping(context.Background()).Err()
		},
		"rueidis": func(addrs []string) (clusterLibrary, error) {
			c, err := rueidis.NewClient(rueidis.ClientOption{InitAddress: addrs})
			return rueidisCluster{&rueidisClient{c: c}}, err
		},
	} {
		t.Run(name, func(t *testing.T) {
			c := serveCluster(t, "--partitions", "3", "--routing", "redirect")
			lib, err := connect(c.addrs())
			if err != nil {
				t.Fatal(err)
			}
			defer lib.close()
			w := startRedirectWork(c, lib)
			w.more("before the kill", 20)
			lost := c.leaderOf("jobs0")
			w.quiet.Store(false)
			c.nodes[lost].kill()
			w.more("without the node", 20)
			w.calm("without the node")
			w.more("without the node, and without errors", 20)
			w.quiet.Store(false)
			c.start(lost)
			c.settled()
			w.calm("with the node")
			w.more("with the node again", 20)
			w.finish()
			c.stop()
		})
	}
}

// addrs are where clients reach the nodes.
func (c *trio) addrs() (addrs []string) {
	for _, m := range c.nodes {
		addrs = append(addrs, m.addr)
	}
	return addrs
}

// A node that is down is not in CLUSTER SLOTS, and what shows it says that it has failed.
// Who leads something is a master, who leads nothing a replica.
func TestClusterRedirectShowsWhoIsDown(t *testing.T) {
	c := serveCluster(t, "--routing", "redirect") // one partition: one master, two replicas
	leader := c.leader()
	lost, asked := (leader+1)%3, (leader+2)%3
	client := c.nodes[asked].client()
	if got := fmt.Sprint(mustDo(t, client, "ROLE")); !strings.HasPrefix(got, "[slave 127.0.0.1 ") || !strings.Contains(got, " connected ") {
		t.Errorf("ROLE of a node that leads nothing: %s", got)
	}
	if got := fmt.Sprint(mustDo(t, c.nodes[leader].client(), "ROLE")); !strings.HasPrefix(got, "[master ") || strings.Count(got, "127.0.0.1") != 2 {
		t.Errorf("ROLE of the leader: %s", got)
	}
	info := mustDo(t, client, "INFO", "replication", "cluster").(string)
	for _, line := range []string{"role:slave", "master_link_status:up", "cluster_enabled:1", "cluster_state:ok", "cluster_known_nodes:3"} {
		if !strings.Contains(info, "\r\n"+line+"\r\n") {
			t.Errorf("INFO has no line %s: %s", line, info)
		}
	}
	down := c.nodes[lost].addr
	inSlots := func() bool { return strings.Contains(fmt.Sprint(mustDo(t, client, "CLUSTER", "SLOTS")), port(down)) }
	if !inSlots() {
		t.Error("a replica that is up is not in CLUSTER SLOTS")
	}
	c.nodes[lost].kill()
	eventually(t, "a dead replica leaves CLUSTER SLOTS", func() bool { return !inSlots() })
	if nodes := mustDo(t, client, "CLUSTER", "NODES").(string); !strings.Contains(nodes, "slave,fail ") {
		t.Errorf("CLUSTER NODES: %s", nodes)
	}
	if shards := fmt.Sprint(mustDo(t, client, "CLUSTER", "SHARDS")); !strings.Contains(shards, "health:fail") {
		t.Errorf("CLUSTER SHARDS: %s", shards)
	}
	c.start(lost)
	eventually(t, "it is back in CLUSTER SLOTS", inSlots)
	c.stop()
}

func port(addr string) string { return addr[strings.LastIndex(addr, ":")+1:] }

// With proxy routing the default clients stay with their node: none takes it for one of
// Redis Cluster, and keys of several slots are no matter.
func TestClusterProxyLooksLikeOneServer(t *testing.T) {
	c := serveCluster(t, "--partitions", "3")
	for _, m := range c.nodes {
		ru, err := rueidis.NewClient(rueidis.ClientOption{InitAddress: []string{m.addr}})
		if err != nil {
			t.Fatal(err)
		}
		defer ru.Close()
		if ru.Mode() != rueidis.ClientModeStandalone {
			t.Fatalf("rueidis takes it for %s", ru.Mode())
		}
		if err := ru.Do(t.Context(), ru.B().Mget().Key("foo", "bar", "b").Build()).Error(); err != nil {
			t.Errorf("MGET: %v", err)
		}
		const disabled = "ERR This instance has cluster support disabled"
		for _, sub := range []string{"SLOTS", "SHARDS", "NODES", "INFO"} {
			if err := m.client().Do(t.Context(), "CLUSTER", sub).Err(); err == nil || err.Error() != disabled {
				t.Errorf("CLUSTER %s: %v", sub, err)
			}
		}
		if role := fmt.Sprint(mustDo(t, m.client(), "ROLE")); !strings.HasPrefix(role, "[master ") {
			t.Errorf("ROLE: %s", role)
		}
	}
	c.stop()
}

// redis-cli and redis-benchmark follow redirections, also after a leader was killed.
func TestClusterRedirectTools(t *testing.T) {
	tool(t, "redis-cli")
	c := serveCluster(t, "--partitions", "6", "--routing", "redirect")
	rc := redis.NewClusterClient(&redis.ClusterOptions{Addrs: c.addrs()})
	defer rc.Close()
	for i := range 20 {
		if err := rc.Set(t.Context(), fmt.Sprint("k", i), "before", 0).Err(); err != nil {
			t.Fatal(err)
		}
	}
	redisToolsCluster(t, c.nodes[0].addr)
	got := redisTool(t, c.nodes[1].process, "", "redis-cli", "--cluster", "check", c.nodes[1].addr)
	if !strings.Contains(got, "[OK] All nodes agree about slots configuration.") || !strings.Contains(got, "[OK] All 16384 slots covered.") {
		t.Errorf("redis-cli --cluster check: %s", got)
	}
	lost := c.leader()
	c.nodes[lost].kill()
	eventually(t, "all slots have a leader that is up", func() bool {
		leaders, err := c.leaders((lost + 1) % 3)
		return err == nil && len(leaders) == 6 && !slices.Contains(leaders, lost) && !slices.Contains(leaders, -1)
	})
	redisToolsCluster(t, c.nodes[(lost+1)%3].addr)
	c.start(lost)
	c.settled()
	redisToolsCluster(t, c.nodes[lost].addr)
	c.stop()
}

// redisToolsCluster reads keys of all partitions from one node.
func redisToolsCluster(t *testing.T, addr string) {
	t.Helper()
	var input strings.Builder
	for i := range 20 {
		fmt.Fprintf(&input, "GET k%d\n", i)
	}
	p := &process{Process: &node.Process{Addr: addr}, t: t}
	got := redisTool(t, p, input.String(), "redis-cli", "-c")
	if n := strings.Count(got, "before"); n != 20 {
		t.Errorf("redis-cli -c at %s finds %d of 20 keys: %s", addr, n, got)
	}
	got = redisTool(t, p, "", "redis-benchmark", "--cluster", "-n", "300", "-t", "set,get", "-q")
	if !strings.Contains(got, "master nodes") || !strings.Contains(got, "GET: ") || strings.Contains(got, "Error") {
		t.Errorf("redis-benchmark --cluster: %s", got)
	}
}
