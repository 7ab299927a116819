package integration

import (
	"context"
	"fmt"
	"testing"

	"github.com/gomodule/redigo/redis"
	goredis "github.com/redis/go-redis/v9"
	"github.com/redis/rueidis"
)

// The client libraries through a node of a cluster that does not lead, while the leader
// is killed again and again.
func TestClusterClientsGo(t *testing.T) {
	for name, connect := range map[string]func(addr string) (library, error){
		"go-redis": func(addr string) (library, error) {
			c := goredis.NewClient(&goredis.Options{Addr: addr})
			return &goRedis{c: c}, c.Ping(context.Background()).Err()
		},
		"redigo": func(addr string) (library, error) {
			r := &redigo{pool: &redis.Pool{DialContext: func(ctx context.Context) (redis.Conn, error) {
				return redis.DialContext(ctx, "tcp", addr)
			}}}
			_, err := r.do(context.Background(), "PING")
			return r, err
		},
		"rueidis": func(addr string) (library, error) {
			c, err := rueidis.NewClient(rueidis.ClientOption{InitAddress: []string{addr}})
			return &rueidisClient{c: c}, err
		},
	} {
		t.Run(name, goProgram(connect).runOverCluster)
	}
}

// The clients of Redis Cluster where nodes redirect: they find the leaders by
// themselves, and the new one when a leader is killed.
func TestClusterRedirectClientsGo(t *testing.T) {
	for name, connect := range map[string]func(addr string) (library, error){
		"go-redis": func(addr string) (library, error) {
			c := goredis.NewClusterClient(&goredis.ClusterOptions{Addrs: []string{addr}})
			return &goRedis{c: c}, c.Ping(context.Background()).Err()
		},
		"rueidis": func(addr string) (library, error) {
			c, err := rueidis.NewClient(rueidis.ClientOption{InitAddress: []string{addr}})
			if err == nil && c.Mode() != rueidis.ClientModeCluster {
				err = fmt.Errorf("rueidis takes it for %s", c.Mode())
			}
			return &rueidisClient{c: c}, err
		},
	} {
		t.Run(name, goProgram(connect).runOverRedirect)
	}
}

func TestClusterRedirectClientsNode(t *testing.T) {
	dir := installNode(t)
	for _, command := range [][]string{{"node-redis.mjs", "redis"}, {"ioredis.mjs", "ioredis"}, {"ioredis.mjs", "ioredis5"}} {
		t.Run(command[1], external(dir, "node", command[0], command[1], "cluster").runOverRedirect)
	}
}

func TestClusterRedirectClientRedisPy(t *testing.T) {
	needs(t, "python3-redis", "/usr/bin/python3", "-c", "import redis.cluster")
	external("clients", "/usr/bin/python3", "redis_py.py", "cluster").runOverRedirect(t)
}

func TestClusterClientsNode(t *testing.T) {
	dir := installNode(t)
	for _, command := range [][]string{{"node-redis.mjs", "redis"}, {"ioredis.mjs", "ioredis"}} {
		t.Run(command[1], external(dir, append([]string{"node"}, command...)...).runOverCluster)
	}
}

func TestClusterClientRedisPy(t *testing.T) {
	needs(t, "python3-redis", "/usr/bin/python3", "-c", "import redis")
	external("clients", "/usr/bin/python3", "redis_py.py").runOverCluster(t)
}
