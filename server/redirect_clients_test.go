package server

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/redis/go-redis/v9"
	"github.com/redis/rueidis"

	"github.com/millrace-io/millrace/commands"
	"github.com/millrace-io/millrace/commands/commandstest"
)

// pair is two nodes with data of their own: each leads half of the slots.
type pair struct {
	a, b     *process
	clusters []*commandstest.Cluster
	nodes    []commands.ClusterNode
}

func startPair(t *testing.T) *pair {
	p := &pair{clusters: []*commandstest.Cluster{redirecting(commandstest.ThreeNodes()), redirecting(commandstest.ThreeNodes())}}
	p.a, p.b = startMember(t, p.clusters[0]), startMember(t, p.clusters[1])
	p.nodes = []commands.ClusterNode{{ID: commandstest.NodeA, Client: p.a.endpoint(t)}, {ID: commandstest.NodeB, Client: p.b.endpoint(t)}}
	p.lead(1, commandstest.NodeA, commandstest.NodeB)
	return p
}

// lead tells both nodes who leads the halves.
func (p *pair) lead(epoch uint64, first, second commands.NodeID) {
	replicas := []commands.ClusterReplica{{Node: commandstest.NodeA, Voter: true}, {Node: commandstest.NodeB, Voter: true}}
	for i, self := range []commands.NodeID{commandstest.NodeA, commandstest.NodeB} {
		p.clusters[i].SetTopology(commands.NewTopology(self, epoch, append([]commands.ClusterNode(nil), p.nodes...), []commands.ClusterPartition{
			{Slots: []commands.SlotRange{{First: 0, Last: 8191}}, Leader: first, Term: epoch, Replicas: replicas},
			{Slots: []commands.SlotRange{{First: 8192, Last: 16383}}, Leader: second, Term: epoch, Replicas: replicas},
		}))
	}
}

// keys counts the keys of a node.
func (p *process) keys(t *testing.T) int64 { return dial(t, p).must(t, "DBSIZE").(int64) }

// work is what a client of a cluster does here: keys all over the slots, a pipeline, a
// stream with a group.
type work interface {
	set(ctx context.Context, keys ...string) error
	stream(ctx context.Context, name string) error
}

// A client finds the leaders by itself, and again once they have changed.
func clientFollowsLeaders(t *testing.T, p *pair, w work) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	var keys []string
	for i := range 200 {
		keys = append(keys, fmt.Sprint("k", i))
	}
	if err := errors.Join(w.set(ctx, keys...), w.stream(ctx, "mystream"), w.stream(ctx, "orders")); err != nil {
		t.Fatal(err)
	}
	a, b := p.a.keys(t), p.b.keys(t)
	if a+b != 202 || a < 50 || b < 50 {
		t.Fatalf("%d and %d keys, want 202 on both together", a, b)
	}
	p.lead(2, commandstest.NodeB, commandstest.NodeB)
	if err := w.set(ctx, keys...); err != nil {
		t.Fatal(err)
	}
	if now := p.b.keys(t); now != b+a-1 { // all but the stream of that half
		t.Errorf("%d keys on the only leader, want %d", now, b+a-1)
	}
}

func TestGoRedisClusterClientFollowsLeaders(t *testing.T) {
	p := startPair(t)
	c := redis.NewClusterClient(&redis.ClusterOptions{Addrs: []string{p.a.addr}})
	defer c.Close()
	clientFollowsLeaders(t, p, goRedisWork{c})
	// READONLY: what a replica has, here nothing.
	reader := redis.NewClusterClient(&redis.ClusterOptions{Addrs: []string{p.a.addr}, ReadOnly: true, RouteRandomly: true})
	defer reader.Close()
	for range 20 {
		if err := reader.Get(context.Background(), "nosuchkey").Err(); !errors.Is(err, redis.Nil) {
			t.Fatal(err)
		}
	}
}

type goRedisWork struct{ c *redis.ClusterClient }

func (w goRedisWork) set(ctx context.Context, keys ...string) error {
	half := len(keys) / 2
	for _, k := range keys[:half] {
		if err := w.c.Set(ctx, k, "v", 0).Err(); err != nil {
			return err
		}
	}
	_, err := w.c.Pipelined(ctx, func(pipe redis.Pipeliner) error {
		for _, k := range keys[half:] {
			pipe.Set(ctx, k, "v", 0)
		}
		return nil
	})
	return err
}

func (w goRedisWork) stream(ctx context.Context, name string) error {
	if err := w.c.XGroupCreateMkStream(ctx, name, "g", "0").Err(); err != nil {
		return err
	}
	_, err := w.c.TxPipelined(ctx, func(pipe redis.Pipeliner) error {
		pipe.XAdd(ctx, &redis.XAddArgs{Stream: name, Values: []string{"f", "v"}})
		pipe.XLen(ctx, name)
		return nil
	})
	if err != nil {
		return err
	}
	got, err := w.c.XReadGroup(ctx, &redis.XReadGroupArgs{Group: "g", Consumer: "c", Streams: []string{name, ">"}}).Result()
	if err == nil && (len(got) != 1 || len(got[0].Messages) != 1) {
		err = fmt.Errorf("%s: read %v", name, got)
	}
	return err
}

func TestRueidisClusterClientFollowsLeaders(t *testing.T) {
	p := startPair(t)
	c, err := rueidis.NewClient(rueidis.ClientOption{InitAddress: []string{p.a.addr}})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if mode := c.Mode(); mode != rueidis.ClientModeCluster {
		t.Fatalf("rueidis takes it for %s", mode)
	}
	clientFollowsLeaders(t, p, rueidisWork{c})
}

type rueidisWork struct{ c rueidis.Client }

func (w rueidisWork) set(ctx context.Context, keys ...string) (err error) {
	half := len(keys) / 2
	for _, k := range keys[:half] {
		err = errors.Join(err, w.c.Do(ctx, w.c.B().Set().Key(k).Value("v").Build()).Error())
	}
	var many []rueidis.Completed
	for _, k := range keys[half:] {
		many = append(many, w.c.B().Set().Key(k).Value("v").Build())
	}
	for _, r := range w.c.DoMulti(ctx, many...) {
		err = errors.Join(err, r.Error())
	}
	return err
}

func (w rueidisWork) stream(ctx context.Context, name string) error {
	b := w.c.B
	err := w.c.Do(ctx, b().XgroupCreate().Key(name).Group("g").Id("0").Mkstream().Build()).Error()
	err = errors.Join(err, w.c.Do(ctx, b().Xadd().Key(name).Id("*").FieldValue().FieldValue("f", "v").Build()).Error())
	if err != nil {
		return err
	}
	got, err := w.c.Do(ctx, b().Xreadgroup().Group("g", "c").Streams().Key(name).Id(">").Build()).AsXRead()
	if err == nil && len(got[name]) != 1 {
		err = fmt.Errorf("%s: read %v", name, got)
	}
	return err
}
