package cluster_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/millrace-io/millrace/cluster"
	"github.com/millrace-io/millrace/meta"
	"github.com/millrace-io/millrace/storage/vfs"
)

func TestPublishReachesAllOtherNodes(t *testing.T) {
	bubble(t, func(w *world) {
		w.grow(3)
		for i := range 10 {
			w.nodes[2].Publish(1, fmt.Appendf(nil, "ch%d", i), []byte("hello"))
		}
		w.nodes[2].Publish(0, nil, nil)
		for _, id := range []uint64{1, 3} {
			for i := range 10 {
				if got, want := <-w.nodes[id].heard, fmt.Sprintf("1 ch%d hello", i); got != want {
					t.Errorf("node %d heard %q, want %q", id, got, want)
				}
			}
			if got := <-w.nodes[id].heard; got != "0  " {
				t.Errorf("node %d heard %q", id, got)
			}
		}
		if n := len(w.nodes[2].heard); n > 0 {
			t.Errorf("the publisher itself heard %d", n)
		}
		before := w.nodes[2].Traffic().Dropped
		w.nodes[3].kill()
		w.until("it is known to be down", func() bool { up, _ := w.nodes[2].Linked(3); return !up })
		w.nodes[2].Publish(1, []byte("ch"), []byte("lost"))
		if n := w.nodes[2].Traffic().Dropped; n <= before {
			t.Errorf("%d dropped, after %d", n, before)
		}
	})
}

func TestClientIDsAreOfTheirNode(t *testing.T) {
	bubble(t, func(w *world) {
		w.grow(3)
		for id := uint64(1); id <= 3; id++ {
			if got, want := w.nodes[id].FirstClientID(), (id-1)<<38; got != want {
				t.Errorf("ids of node %d begin behind %d, want %d", id, got, want)
			}
		}
		// The node of a client with an odd id says that it waited.
		for _, r := range []struct {
			client          uint64
			unblocked, here bool
		}{{2<<38 + 7, true, false}, {2<<38 + 8, false, false}, {1<<38 + 7, false, true}, {9<<38 + 7, false, false}} {
			unblocked, here, err := w.nodes[2].Unblock(w.t.Context(), r.client, true)
			if unblocked != r.unblocked || here != r.here || err != nil {
				t.Errorf("client %d: unblocked %v, here %v, %v", r.client, unblocked, here, err)
			}
		}
		w.nodes[3].kill()
		ctx, cancel := context.WithTimeout(w.t.Context(), time.Second)
		defer cancel()
		if _, _, err := w.nodes[2].Unblock(ctx, 2<<38+7, true); err == nil {
			t.Error("a dead node answers")
		}
	})
}

func TestTransferHoldsAgainstSpreading(t *testing.T) {
	bubble(t, func(w *world) {
		w.grow(3)
		must(t, w.nodes[3].Transfer(w.t.Context(), 0, 2))
		time.Sleep(time.Minute)
		if leader, _, _ := w.nodes[1].partitions[0].Leader(); leader != 2 {
			t.Errorf("node %d leads, 2 was to", leader)
		}
		must(t, w.nodes[1].Transfer(w.t.Context(), 0, 0))
		w.settled(3)
		if err := w.nodes[1].Transfer(w.t.Context(), 0, 9); err == nil {
			t.Error("transfer to a node that is not there")
		}
		if err := w.nodes[1].Transfer(w.t.Context(), 3, 1); err == nil {
			t.Error("transfer of a partition that is not there")
		}
		must(t, w.nodes[1].Transfer(w.t.Context(), 2, 1)) // an order, which the next takes back
		w.nodes[3].kill()
		w.until("it is seen to be down", func() bool { up, _ := w.nodes[1].Linked(3); return !up })
		began := time.Now()
		if err := w.nodes[1].Transfer(w.t.Context(), 2, 0); err == nil || !strings.Contains(err.Error(), meta.FormatID(3)) {
			t.Errorf("transfer to the one that should lead, and is down: %v", err)
		}
		if d := time.Since(began); d > time.Second {
			t.Errorf("it took %v", d)
		}
		must(t, w.nodes[3].start())
		w.settled(3)
	})
}

// A node that stops in good order hands over everything first: nobody has to miss it.
func TestHandOver(t *testing.T) {
	bubble(t, func(w *world) {
		w.grow(3)
		for id := uint64(1); id <= 3; id++ {
			n := w.nodes[id]
			ctx, cancel := context.WithTimeout(w.t.Context(), 3*time.Second)
			began := time.Now()
			n.HandOver(ctx)
			cancel()
			if took := time.Since(began); took > time.Second {
				t.Errorf("handing over took %v", took)
			}
			for i := range partitions {
				if leader, _, known := n.partitions[i].Leader(); leader == id || !known {
					t.Errorf("partition %d is led by %d after the hand-over by %d", i, leader, id)
				}
			}
			n.kill()
			began = time.Now()
			if _, err := w.nodes[id%3+1].write(int(id-1), "at once"); err != nil || time.Since(began) > 200*time.Millisecond {
				t.Errorf("the write behind it took %v, %v", time.Since(began), err)
			}
			must(t, n.start())
			w.settled(3)
		}
	})
}

func TestLoneNodeHasNobodyToHandOverTo(t *testing.T) {
	bubble(t, func(w *world) {
		must(t, w.node(1).begin())
		began := time.Now()
		w.nodes[1].HandOver(w.t.Context())
		if took := time.Since(began); took > 0 {
			t.Errorf("it took %v", took)
		}
	})
}

func TestStatus(t *testing.T) {
	bubble(t, func(w *world) {
		w.grow(3)
		if _, err := w.nodes[2].write(1, "word"); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Second)
		w.nodes[3].kill()
		w.until("it is known to be down", func() bool { up, _ := w.nodes[2].Linked(3); return !up })
		s := w.nodes[2].Status(w.t.Context())
		if s.Cluster != "cluster-1" || len(s.Nodes) != 3 || len(s.Groups) != partitions+1 {
			t.Fatalf("%+v", s)
		}
		for _, n := range s.Nodes {
			up := n.ID != 3
			if n.Self != (n.ID == 2) || n.Linked != up || n.Answered != up || n.Phase != meta.Member {
				t.Errorf("%+v", n)
			}
			for _, r := range n.Replicas {
				if !r.Member || !r.Voter || up && r.Behind > 1 {
					t.Errorf("node %d: %+v", n.ID, r)
				}
			}
		}
		if s.Groups[2].Leader != 2 || !s.Nodes[1].Replicas[2].Leads {
			t.Errorf("partition 1: %+v", s.Groups[2])
		}
	})
}

// A joiner that dies at any step never begins a cluster of its own, and joins when it
// is started again.
func TestJoinerMayDieAnywhere(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 1))
	for step := 0; step < 12; step++ {
		bubble(t, func(w *world) {
			must(t, w.node(1).begin())
			n := w.node(2)
			n.cluster = "cluster-1"
			found := &cluster.Peers{Cluster: "cluster-1", Partitions: partitions, Nodes: slices.Clone(w.nodes[1].State().Nodes())}
			must(t, cluster.SavePeers(n.disk, dir, found))
			started := make(chan error, 1)
			go func() { started <- n.start(w.nodes[1].addr) }()
			time.Sleep(time.Duration(step*step*3+1) * time.Millisecond)
			synctest.Wait()
			n.kill()
			<-started
			n.disk = n.disk.Crash(rng)
			must(t, n.start(w.nodes[1].addr))
			w.settled(2)
			if s := w.nodes[2].State(); s.Cluster() != "cluster-1" {
				t.Errorf("it is in cluster %s", s.Cluster())
			}
		})
	}
}

func TestFolderPutTogetherIsRefused(t *testing.T) {
	m := folder(t)
	must(t, cluster.SavePeers(m, dir, peers("another", "h:1")))
	_, err := cluster.New(cluster.Options{Node: 1, Cluster: "c1", FS: vfs.FS(m), Dir: dir})
	if err == nil || !strings.Contains(err.Error(), "another") || !strings.Contains(err.Error(), "c1") {
		t.Errorf("%v", err)
	}
}

// Nodes that were cut off from the others come back as what they were.
func TestCutOffNodeStaysAMember(t *testing.T) {
	bubble(t, func(w *world) {
		w.grow(3)
		ws := w.write(1, 2)
		for _, id := range []uint64{1, 2} {
			w.network.Cut(w.nodes[3].addr, w.nodes[id].addr)
		}
		time.Sleep(10 * time.Second)
		w.network.HealAll()
		w.settled(3)
		ws.end(1, 2, 3)
	})
}
