package server

import (
	"context"
	"errors"
	"fmt"
	"net"
	"reflect"
	"strconv"
	"strings"
	"testing"

	"github.com/millrace-io/millrace/commands"
	"github.com/millrace-io/millrace/commands/commandstest"
	"github.com/millrace-io/millrace/server/config"
)

// startMember runs a node that takes a fake for its cluster: data it has for itself.
func startMember(t testing.TB, cluster *commandstest.Cluster, change ...func(*config.Config)) *process {
	t.Helper()
	change = append(change, func(c *config.Config) {
		c.ClusterAddr, c.Routing = "127.0.0.1:0", config.RoutingProxy
		if cluster.Redirect {
			c.Routing = config.RoutingRedirect
		}
	})
	n, err := OpenFS(newDisk(), testConfig(change...), discard)
	if err != nil {
		t.Fatal(err)
	}
	n.cluster, cluster.Machine = cluster, n.partitions[0].machine
	ctx, cancel := context.WithCancel(context.Background())
	p := &process{Node: n, ready: make(chan struct{}), done: make(chan struct{}), cancel: cancel}
	go func() {
		defer close(p.done)
		p.err = errors.Join(p.Run(ctx, func(addr string) {
			p.addr = addr
			close(p.ready)
		}), p.Close())
	}()
	t.Cleanup(func() { p.stop(t) })
	select {
	case <-p.ready:
	case <-p.done:
		t.Fatalf("the node ended before it was ready: %v", p.err)
	}
	return p
}

// redirecting is a fake cluster that sends clients to the leaders.
func redirecting(topology *commands.Topology) *commandstest.Cluster {
	c := commandstest.NewCluster(topology)
	c.Redirect = true
	return c
}

const (
	crossSlot = errReply("CROSSSLOT Keys in request don't hash to the same slot")
	movedFoo  = errReply("MOVED 12182 127.0.0.1:7002")
	aborted   = errReply("EXECABORT Transaction discarded because of previous errors.")
)

// dialogue is commands with what they answer; the whole is sent in one piece.
type dialogue []any

func (d dialogue) play(t *testing.T, p *process) {
	t.Helper()
	c := dial(t, p)
	var lines []string
	for i := 0; i < len(d); i += 2 {
		lines = append(lines, d[i].(string))
	}
	if err := c.send(lines...); err != nil {
		t.Fatal(err)
	}
	for i, line := range lines {
		got, err := c.receive()
		if err != nil {
			t.Fatalf("%s: %v", line, err)
		}
		if want := d[2*i+1]; !reflect.DeepEqual(got, want) {
			t.Errorf("%s\n got %v\nwant %v", line, got, want)
		}
	}
}

// The slots of bar (5061), hello (866) and b (3300) are led here, that of foo (12182) at
// port 7002.
func TestRedirect(t *testing.T) {
	rows := []struct {
		name string
		dialogue
	}{
		{"one key", dialogue{"GET foo", movedFoo, "SET bar 1", "OK", "GET bar", "1", "SET foo 1", movedFoo, "GET {foo}bar", movedFoo}},
		{"several keys", dialogue{
			"MSET {bar}1 a {bar}2 b", "OK", "MGET {bar}1 {bar}2", []any{"a", "b"}, "MGET {foo}1 {foo}2", movedFoo,
			"MGET bar foo", crossSlot, "DEL bar hello", crossSlot, "XREAD STREAMS bar hello 0 0", crossSlot, "RENAME bar b", crossSlot,
		}},
		{"a blocking read goes elsewhere at once", dialogue{"XREAD BLOCK 0 STREAMS foo $", movedFoo, "XREADGROUP GROUP g c BLOCK 0 STREAMS foo >", movedFoo}},
		{"without keys nothing is redirected", dialogue{"DBSIZE", int64(0), "KEYS *", []any{}, "PUBLISH foo x", int64(0), "PING", "PONG"}},
		{"the unknown and the wrong come first", dialogue{
			"GOT foo", errReply("ERR unknown command 'GOT', with args beginning with: 'foo' "), "GET foo foo", errReply("ERR wrong number of arguments for 'get' command"),
			"SET foo 1 EX x", movedFoo,
		}},
		{"shard channels", dialogue{
			"SPUBLISH foo x", movedFoo, "SPUBLISH bar x", int64(0), "SSUBSCRIBE foo", movedFoo, "SSUBSCRIBE bar hello", crossSlot,
			"SUNSUBSCRIBE foo", []any{"sunsubscribe", "foo", int64(0)}, "SSUBSCRIBE bar", []any{"ssubscribe", "bar", int64(1)},
		}},
		{"WATCH", dialogue{"WATCH foo", movedFoo, "WATCH bar hello", crossSlot, "WATCH bar", "OK"}},
		{"MULTI here", dialogue{"MULTI", "OK", "SET bar 1", "QUEUED", "GET bar", "QUEUED", "EXEC", []any{"OK", "1"}}},
		{"MULTI elsewhere", dialogue{"MULTI", "OK", "SET foo 1", movedFoo, "EXEC", aborted, "EXEC", errReply("ERR EXEC without MULTI")}},
		{"MULTI of two slots", dialogue{
			"MULTI", "OK", "SET bar 1", "QUEUED", "SET hello 1", "QUEUED", "EXEC", crossSlot, "EXEC", errReply("ERR EXEC without MULTI"), "EXISTS bar", int64(0),
		}},
		{"MULTI of two slots and with an error", dialogue{
			"MULTI", "OK", "SET bar 1", "QUEUED", "FOO", errReply("ERR unknown command 'FOO', with args beginning with: "), "SET hello 1", "QUEUED", "EXEC", crossSlot,
		}},
		{"MULTI without keys", dialogue{"MULTI", "OK", "PING", "QUEUED", "EXEC", []any{"PONG"}}},
		{"one database", dialogue{
			"SELECT 0", "OK", "SELECT 1", errReply("ERR SELECT is not allowed in cluster mode"), "SELECT x", errReply("ERR value is not an integer or out of range"),
			"SWAPDB 0 0", errReply("ERR SWAPDB is not allowed in cluster mode"), "SWAPDB a b", errReply("ERR SWAPDB is not allowed in cluster mode"),
			"MOVE bar 1", errReply("ERR MOVE is not allowed in cluster mode"), "MOVE foo 1", movedFoo,
			"COPY bar {bar}1 DB 1", errReply("ERR Copying to another database is not allowed in cluster mode"), "COPY bar {bar}1 DB 0", int64(0),
			"COPY bar {bar}1 DB 1 x", errReply("ERR syntax error"), "COPY bar {bar}1 DB x", errReply("ERR value is not an integer or out of range"),
		}},
		{"one database in a transaction", dialogue{
			"MULTI", "OK", "SWAPDB 0 1", "QUEUED", "SET bar 1", "QUEUED", "MOVE bar 1", "QUEUED", "SELECT 1", "QUEUED", "GET bar", "QUEUED", "EXEC",
			[]any{errReply("ERR SWAPDB is not allowed in cluster mode"), "OK", errReply("ERR MOVE is not allowed in cluster mode"),
				errReply("ERR SELECT is not allowed in cluster mode"), "1"},
		}},
		{"READONLY", dialogue{
			"READONLY", "OK", "GET foo", nil, "SET foo 1", movedFoo, "XREADGROUP GROUP g c STREAMS foo >", movedFoo, "MGET foo bar", crossSlot,
			"READWRITE", "OK", "GET foo", movedFoo, "READONLY", "OK", "RESET", "RESET", "GET foo", movedFoo,
		}},
		{"READONLY in a transaction", dialogue{
			"READONLY", "OK", "MULTI", "OK", "GET foo", "QUEUED", "EXEC", []any{nil},
			"MULTI", "OK", "GET foo", "QUEUED", "SET foo 1", movedFoo, "EXEC", aborted,
		}},
		{"ASKING", dialogue{"ASKING", "OK", "GET foo", movedFoo, "GET bar", nil}},
	}
	for _, listener := range []config.Listener{config.ListenerEpoll, config.ListenerRedcon} {
		t.Run(string(listener), func(t *testing.T) {
			p := startMember(t, redirecting(commandstest.ThreeNodes()), func(c *config.Config) { c.Listener = listener })
			for _, row := range rows {
				t.Run(row.name, func(t *testing.T) {
					dial(t, p).must(t, "FLUSHALL")
					row.play(t, p)
				})
			}
		})
	}
}

// What is led by nobody that is known is refused, and read by who is content with a
// replica.
func TestRedirectWithoutALeader(t *testing.T) {
	topology := commandstest.ThreeNodes()
	topology.Partitions[1].Leader = 0
	down, unserved := errReply("CLUSTERDOWN The cluster is down"), errReply("CLUSTERDOWN Hash slot not served")
	p := startMember(t, redirecting(topology))
	dialogue{
		"SET bar 1", "OK", "GET foo", down, "MULTI", "OK", "GET foo", down, "EXEC", aborted, "READONLY", "OK", "GET foo", nil, "SET foo 1", down,
	}.play(t, p)
	half := commands.NewTopology(topology.Self, 1, topology.Nodes, topology.Partitions[:1])
	p.cluster.(*commandstest.Cluster).SetTopology(half)
	dialogue{"GET bar", "1", "GET foo", unserved, "READONLY", "OK", "GET foo", unserved}.play(t, p)
}

// A leader that changes between MULTI and EXEC: nothing was run, on no replica either.
func TestLeaderChangesInATransaction(t *testing.T) {
	cluster := redirecting(commandstest.ThreeNodes())
	p := startMember(t, cluster)
	c := dial(t, p)
	c.must(t, "READONLY")
	c.must(t, "MULTI")
	c.must(t, "SET bar 1")
	cluster.Transfer(0, commandstest.NodeC, func(error) {})
	if got := c.do(t, "EXEC"); got != errReply("MOVED 5061 127.0.0.1:7003") {
		t.Errorf("EXEC: %v", got)
	}
	cluster.Transfer(0, commandstest.NodeA, func(error) {})
	if got := c.do(t, "GET bar"); got != nil {
		t.Errorf("GET: %v", got)
	}
}

// Through a proxy clients need to know nothing of the cluster, and are told nothing.
func TestProxyRedirectsNothing(t *testing.T) {
	p := startMember(t, commandstest.NewCluster(commandstest.ThreeNodes()))
	dialogue{
		"SET foo 1", "OK", "GET foo", "1", "MGET foo bar", []any{"1", nil}, "SELECT 1", "OK", "GET foo", nil, "SWAPDB 0 1", "OK", "GET foo", "1",
		"MULTI", "OK", "SET foo 1", "QUEUED", "SET bar 1", "QUEUED", "EXEC", []any{"OK", "OK"}, "CLUSTER SLOTS", errReply("ERR This instance has cluster support disabled"),
		"READONLY", "OK", "GET foo", "1",
	}.play(t, p)
	wantMode(t, p, "standalone", 0, "16", "no")
}

func TestRedirectShowsACluster(t *testing.T) {
	p := startMember(t, redirecting(commandstest.ThreeNodes()))
	wantMode(t, p, "cluster", 1, "1", "yes")
}

// wantMode compares what clients look at to tell a cluster from a lone server.
func wantMode(t *testing.T, p *process, mode string, enabled int, databases, clusterEnabled string) {
	t.Helper()
	c := dial(t, p)
	if hello := fmt.Sprint(c.must(t, "HELLO")); !strings.Contains(hello, "mode "+mode) {
		t.Errorf("HELLO: %s", hello)
	}
	info := c.must(t, "INFO").(string)
	for _, line := range []string{"redis_mode:" + mode, "cluster_enabled:" + strconv.Itoa(enabled)} {
		if !strings.Contains(info, "\r\n"+line+"\r\n") {
			t.Errorf("INFO has no line %s", line)
		}
	}
	want := []any{"databases", databases, "cluster-enabled", clusterEnabled}
	if got := c.must(t, "CONFIG GET databases cluster-enabled"); !reflect.DeepEqual(got, want) {
		t.Errorf("CONFIG GET: %v", got)
	}
}

// endpoint is where clients reach a node.
func (p *process) endpoint(t testing.TB) commands.Endpoint {
	host, port, err := net.SplitHostPort(p.addr)
	n, bad := strconv.Atoi(port)
	if err := errors.Join(err, bad); err != nil {
		t.Fatal(err)
	}
	return commands.Endpoint{Host: host, Port: n}
}
