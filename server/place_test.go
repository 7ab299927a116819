package server

import (
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/millrace-io/millrace/cluster"
	"github.com/millrace-io/millrace/meta"
	"github.com/millrace-io/millrace/server/config"
	"github.com/millrace-io/millrace/storage/vfs"
)

// clustered makes a node a member: of a cluster of its own, or of that of by.
func clustered(by *process) func(*config.Config) {
	return func(c *config.Config) {
		c.ClusterAddr, c.ClusterSecret, c.Partitions, c.ElectionTimeout = "127.0.0.1:0", "open sesame", 2, time.Second
		if by != nil {
			c.Join = by.bus.Addr().String()
		}
	}
}

// waitFor waits for a condition.
func waitFor(t *testing.T, what string, cond func() bool) {
	t.Helper()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for deadline := time.Now().Add(patience); !cond(); <-tick.C {
		if time.Now().After(deadline) {
			t.Fatalf("waited in vain until %s", what)
		}
	}
}

// threeNodes are a cluster, settled, with their disks.
func threeNodes(t *testing.T, settings ...func(*config.Config)) (nodes []*process, disks []*vfs.Mem) {
	t.Helper()
	for i := range 3 {
		var by *process
		if i > 0 {
			by = nodes[0]
		}
		disks = append(disks, newDisk())
		nodes = append(nodes, start(t, disks[i], append(settings, clustered(by))...))
	}
	for _, p := range nodes {
		waitFor(t, "all are voters", func() bool { return p.votersEverywhere(3) })
	}
	return nodes, disks
}

func (p *process) votersEverywhere(count int) bool {
	s := p.place.State()
	if len(s.Nodes()) != count {
		return false
	}
	for _, n := range s.Nodes() {
		if n.Phase != meta.Member || n.Client == "" {
			return false
		}
	}
	for _, pt := range p.partitions {
		if members, err := pt.Members(); err != nil || len(members) != count {
			return false
		}
	}
	return true
}

func TestThreeNodesAreOneServer(t *testing.T) {
	nodes, _ := threeNodes(t)
	var clients []*client
	for _, p := range nodes {
		clients = append(clients, dial(t, p))
	}
	for i := range 9 {
		clients[i%3].must(t, fmt.Sprintf("XADD s%d 1-0 f v", i))
		if n := clients[(i+1)%3].must(t, fmt.Sprintf("XLEN s%d", i)); n != int64(1) {
			t.Errorf("stream s%d has %v entries on another node", i, n)
		}
	}
	t.Run("copies", func(t *testing.T) {
		waitFor(t, "WAIT counts the other voter that has what was acknowledged", func() bool { return clients[1].must(t, "WAIT 1 100") == int64(1) })
		if reply := fmt.Sprint(clients[1].must(t, "WAITAOF 1 1 100")); reply != "[1 1]" {
			t.Errorf("WAITAOF: %s", reply)
		}
		waitFor(t, "ROLE lists the others", func() bool { return len(clients[1].must(t, "ROLE").([]any)[2].([]any)) == 2 })
		if info := fmt.Sprint(clients[1].must(t, "INFO replication")); !strings.Contains(info, "connected_slaves:2\r\nslave0:ip=127.0.0.1,port=") {
			t.Errorf("INFO: %s", info)
		}
	})
	t.Run("publish", func(t *testing.T) {
		sub := dial(t, nodes[1])
		sub.must(t, "SUBSCRIBE ch")
		got := make(chan string, 1)
		go func() {
			m, err := sub.receive()
			got <- fmt.Sprint(m, err)
		}()
		var message string
		waitFor(t, "a message comes", func() bool { // at most once each: a link may just be down
			clients[2].must(t, "PUBLISH ch hello")
			select {
			case message = <-got:
				return true
			default:
				return false
			}
		})
		if message != "[message ch hello] <nil>" {
			t.Error(message)
		}
	})
	t.Run("unblock", func(t *testing.T) {
		waits := dial(t, nodes[1])
		id := waits.must(t, "CLIENT ID").(int64)
		if id>>38 != 1 {
			t.Errorf("client %d is not of the second node", id)
		}
		if err := waits.send("XREAD BLOCK 0 STREAMS nothing $"); err != nil {
			t.Fatal(err)
		}
		waitFor(t, "it waits", func() bool { n, _ := nodes[1].Node.blocked(); return n == 1 })
		if n := clients[2].must(t, fmt.Sprintf("CLIENT UNBLOCK %d ERROR", id)); n != int64(1) {
			t.Errorf("unblocked %v", n)
		}
		if reply, err := waits.receive(); err != nil || !strings.HasPrefix(fmt.Sprint(reply), "UNBLOCKED") {
			t.Errorf("%v, %v", reply, err)
		}
	})
	t.Run("topology", func(t *testing.T) {
		waitFor(t, "two nodes lead, and all have an address", func() bool {
			topology, leads := nodes[0].cluster.Topology(), 0
			for _, n := range topology.Nodes {
				if n.Client.Port == 0 {
					return false
				}
				leads += min(len(topology.Leads(n.ID)), 1)
			}
			return len(topology.Nodes) == 3 && leads == 2 && topology.Partitions[0].Slots[0].Last == 8191 && topology.Partitions[1].Slots[0].First == 8192
		})
	})
}

// A node that is removed while its clients write drains, and says why it ends; its
// folder is of no use any more, and an empty one is.
func TestRemovedNodeEndsAndIsReplaced(t *testing.T) {
	nodes, disks := threeNodes(t)
	c := dial(t, nodes[0])
	c.must(t, "XADD s 1-0 f v")
	id := meta.FormatID(nodes[0].origin.Node)
	dial(t, nodes[1]).must(t, "MILLRACE REMOVE "+id)
	if err := nodes[0].wait(t); !errors.Is(err, cluster.ErrRemoved) || !strings.Contains(err.Error(), id) {
		t.Errorf("ended with %v", err)
	}
	waitFor(t, "two are left", func() bool { return nodes[1].votersEverywhere(2) && nodes[2].votersEverywhere(2) })
	stale := launch(t, disks[0], testConfig(clustered(nil)))
	if err := stale.wait(t); !errors.Is(err, cluster.ErrRemoved) {
		t.Errorf("the stale folder started: %v", err)
	}
	fresh := start(t, newDisk(), clustered(nodes[2]))
	waitFor(t, "three are there", func() bool { return nodes[1].votersEverywhere(3) })
	if n := dial(t, fresh).must(t, "XLEN s"); n != int64(1) {
		t.Errorf("the new node has %v entries", n)
	}
}

// A node that ran on its own begins a cluster with its data; without cluster-addr it is
// one no more.
func TestNodeOnItsOwnBeginsACluster(t *testing.T) {
	disk := newDisk()
	p := start(t, disk)
	dial(t, p).must(t, "XADD s 1-0 f v")
	if err := p.stop(t); err != nil {
		t.Fatal(err)
	}
	p = start(t, disk, clustered(nil), func(c *config.Config) { c.Partitions = 1 })
	second := start(t, newDisk(), clustered(p))
	if n := dial(t, second).must(t, "XLEN s"); n != int64(1) {
		t.Errorf("the second node has %v entries", n)
	}
	waitFor(t, "both are voters", func() bool { return p.votersEverywhere(2) && second.votersEverywhere(2) })
	if err := p.stop(t); err != nil {
		t.Fatal(err)
	}
	alone := launch(t, disk, testConfig())
	if err := alone.wait(t); err == nil || !strings.Contains(err.Error(), "cluster-addr must be set") {
		t.Errorf("a member started without cluster-addr: %v", err)
	}
}

// What replicas do must not depend on their node's settings: who joins takes the
// cluster's number of databases, and shows the partition settings of its state, whoever
// changed them.
func TestNodesAgreeOnWhatTheStateDependsOn(t *testing.T) {
	with := func(databases int, entries int64) func(*config.Config) {
		return func(c *config.Config) { c.Databases, c.StreamNodeMaxEntries = databases, entries }
	}
	first := start(t, newDisk(), clustered(nil), with(4, 50))
	disk := newDisk()
	second := start(t, disk, clustered(first), with(16, 60))
	c := dial(t, second)
	if reply := fmt.Sprint(c.must(t, "CONFIG GET databases")); reply != "[databases 4]" {
		t.Errorf("the second node has %s", reply)
	}
	if reply := fmt.Sprint(c.do(t, "SELECT 5")); !strings.Contains(reply, "out of range") {
		t.Errorf("SELECT 5: %v", reply)
	}
	shows := func(c *client, entries string) func() bool {
		return func() bool {
			return fmt.Sprint(c.must(t, "CONFIG GET stream-node-max-entries")) == "[stream-node-max-entries "+entries+"]"
		}
	}
	if !shows(c, "50")() {
		t.Error("the second node shows settings of its own")
	}
	c.must(t, "CONFIG SET stream-node-max-entries 70")
	waitFor(t, "the first node shows what was set on the second", shows(dial(t, first), "70"))
	waitFor(t, "both are voters", func() bool { return first.votersEverywhere(2) && second.votersEverywhere(2) })
	if err := second.stop(t); err != nil {
		t.Fatal(err)
	}
	// Started while the other is there, as half of two are no majority.
	again := start(t, disk, clustered(nil), with(32, 60))
	c = dial(t, again)
	if reply := fmt.Sprint(c.must(t, "CONFIG GET databases")); reply != "[databases 4]" || !shows(c, "70")() {
		t.Errorf("started again it has %s", reply)
	}
}

// Nobody is to find two clusters where one was meant; the folder stays what it was.
func TestNodeWithDataDoesNotJoin(t *testing.T) {
	first := start(t, newDisk(), clustered(nil))
	disk := newDisk()
	p := start(t, disk, func(c *config.Config) { c.Partitions = 2 })
	dial(t, p).must(t, "XADD s 1-0 f v")
	if err := p.stop(t); err != nil {
		t.Fatal(err)
	}
	joins := launch(t, disk, testConfig(clustered(first)))
	if err := joins.wait(t); !errors.Is(err, cluster.ErrHasData) {
		t.Errorf("it ended with %v", err)
	}
	if n := dial(t, start(t, disk)).must(t, "XLEN s"); n != int64(1) {
		t.Errorf("on its own again it has %v entries", n)
	}
}

// What is in the folder of a joiner is there before its identity, so that it is never
// taken for a node that begins a cluster.
func TestJoinerIsKnownByItsFolder(t *testing.T) {
	first := start(t, newDisk(), clustered(nil))
	for step := range 14 {
		disk := newDisk()
		hook, _ := vfs.StopAfter(step)
		died := launch(t, vfs.WithFaults(disk, hook), testConfig(clustered(first)))
		if err := died.wait(t); err == nil {
			t.Fatalf("step %d: it did not die", step)
		}
		after := disk.KillProcess()
		_, err := after.Stat(filepath.Join(dataDir, "node.json"))
		if err != nil {
			continue // it has no identity yet: nobody can take it for anything
		}
		peers, err := cluster.LoadPeers(after, dataDir)
		if err != nil || peers == nil || peers.Cluster != first.folder.Node().ClusterID {
			t.Errorf("step %d: an identity without peers: %v, %v", step, peers, err)
		}
	}
}

// Nodes of a cluster never acknowledge what a crash could make them forget.
func TestFsyncOfAMemberStaysAlways(t *testing.T) {
	c := dial(t, start(t, newDisk(), clustered(nil)))
	for _, value := range []string{"everysec", "no"} {
		reply := fmt.Sprint(c.do(t, "CONFIG SET appendfsync "+value))
		if !strings.Contains(reply, "'appendfsync') - must be always with cluster-addr") {
			t.Errorf("CONFIG SET appendfsync %s: %s", value, reply)
		}
	}
	if v := fmt.Sprint(c.must(t, "CONFIG GET appendfsync")); !strings.Contains(v, "always") {
		t.Errorf("appendfsync is %s", v)
	}
}
