package cluster_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/millrace-io/millrace/meta"
)

// writers write to all partitions through their nodes until they are stopped; each
// reply's place must be where its word stands in the end.
type writers struct {
	w    *world
	mu   sync.Mutex
	at   []map[int]string // by partition: place, and what was acknowledged there
	lost int              // neither acknowledged nor refused for certain
	stop <-chan struct{}
	halt func()
	wg   sync.WaitGroup
}

func (w *world) write(through ...uint64) *writers {
	stop := make(chan struct{})
	ws := &writers{w: w, stop: stop}
	ws.halt = sync.OnceFunc(func() {
		close(stop)
		ws.wg.Wait()
	})
	w.halts = append(w.halts, ws.halt)
	for range partitions {
		ws.at = append(ws.at, make(map[int]string))
	}
	for _, id := range through {
		n := w.nodes[id]
		for p := range partitions {
			ws.wg.Go(func() { ws.run(n, p) })
		}
	}
	return ws
}

func (ws *writers) run(n *node, partition int) {
	for i := 0; ; i++ {
		select {
		case <-ws.stop:
			return
		case <-time.After(5 * time.Millisecond):
		}
		word := fmt.Sprintf("%d-%d-%d", n.id, partition, i)
		at, err := n.write(partition, word)
		ws.mu.Lock()
		if err != nil {
			ws.lost++
			ws.w.t.Errorf("write %s: %v", word, err)
		} else {
			ws.at[partition][at-1] = word
		}
		ws.mu.Unlock()
	}
}

// acknowledged is how many words the partition with the fewest has.
func (ws *writers) acknowledged() int {
	ws.mu.Lock()
	defer ws.mu.Unlock()
	least := len(ws.at[0])
	for _, words := range ws.at {
		least = min(least, len(words))
	}
	return least
}

// end stops the writers and checks what they wrote on the nodes.
func (ws *writers) end(on ...uint64) {
	ws.w.t.Helper()
	ws.halt()
	for p := range partitions {
		if len(ws.at[p]) == 0 {
			ws.w.t.Fatalf("partition %d: nothing was written", p)
		}
		for _, id := range on {
			n := ws.w.nodes[id]
			last := slices.Max(slices.Collect(maps.Keys(ws.at[p])))
			ws.w.until("all is applied", func() bool { return len(n.lists[p].all()) > last })
			words := n.lists[p].all()
			for at, word := range ws.at[p] {
				if at >= len(words) || words[at] != word {
					ws.w.t.Fatalf("partition %d on node %d: %s was acknowledged and is not at place %d", p, id, word, at)
				}
			}
			sorted := slices.Sorted(slices.Values(words))
			if len(slices.Compact(sorted)) != len(words) {
				ws.w.t.Errorf("partition %d on node %d: a word is there twice", p, id)
			}
		}
	}
}

// fails waits until the process of a node ends, and says why.
func (n *node) fails() error {
	select {
	case err := <-n.ended:
		n.kill()
		return err
	case <-time.After(time.Minute):
		return nil
	}
}

// leave plays a node that hears that it is to leave, as its server does.
func (n *node) leave() error {
	<-n.Leaving()
	n.Drained()
	return n.fails()
}

func wantRemoved(t *testing.T, err error, node uint64) {
	t.Helper()
	want := fmt.Sprintf("node %s was removed from the cluster cluster-1: start it with an empty folder", meta.FormatID(node))
	if err == nil || !strings.HasPrefix(err.Error(), want) {
		t.Errorf("ended with %v, want %s...", err, want)
	}
}

// remove has a node leave, asked through another.
func (w *world) remove(by, node uint64) {
	w.t.Helper()
	ctx := w.t.Context()
	must(w.t, w.nodes[by].Remove(ctx, node))
}

func TestOneGrowsToThreeAndFiveWhileItIsWrittenTo(t *testing.T) {
	bubble(t, func(w *world) {
		must(t, w.node(1).begin())
		ws := w.write(1)
		for id := uint64(2); id <= 3; id++ {
			must(t, w.node(id).join(w.nodes[1]))
		}
		w.settled(3)
		more := w.write(2, 3)
		must(t, w.node(4).join(w.nodes[2]))
		must(t, w.node(5).join(w.nodes[3]))
		w.settled(5)
		more.end(1, 2, 3, 4, 5)
		ws.end(1, 2, 3, 4, 5)
	})
}

func TestFiveShrinkToOneWhileTheyAreWrittenTo(t *testing.T) {
	bubble(t, func(w *world) {
		w.grow(5)
		ws := w.write(1)
		for id := uint64(5); id >= 2; id-- {
			w.remove(1, id)
			wantRemoved(t, w.nodes[id].leave(), id)
			w.settled(int(id) - 1)
		}
		ws.end(1)
		w.nodes[1].kill()
		must(t, w.nodes[1].start())
		if _, err := w.nodes[1].write(2, "alone"); err != nil {
			t.Error(err)
		}
	})
}

// The leader of the meta group and of partitions leaves, while others write.
func TestLeaderIsRemovedWhileOthersWrite(t *testing.T) {
	bubble(t, func(w *world) {
		w.grow(3)
		ws := w.write(2, 3)
		w.remove(2, 1)
		wantRemoved(t, w.nodes[1].leave(), 1)
		w.settled(2)
		ws.end(2, 3)
	})
}

func TestDeadNodeIsReplaced(t *testing.T) {
	bubble(t, func(w *world) {
		w.grow(3)
		ws := w.write(2)
		w.nodes[3].kill()
		w.remove(2, 3)
		must(t, w.node(4).join(w.nodes[1]))
		w.settled(3)
		ws.end(1, 2, 4)
	})
}

// The dead node that was removed comes back: it is told so, and ends.
func TestStaleFolderIsRefused(t *testing.T) {
	bubble(t, func(w *world) {
		w.grow(3)
		w.nodes[3].kill()
		w.remove(1, 3)
		w.settled(2)
		wantRemoved(t, w.nodes[3].start(), 3)
		w.nodes[3].kill()
		wantRemoved(t, w.nodes[3].start(w.nodes[1].addr), 3)
		w.nodes[3].kill()
		// And one that was there all along, but cut off.
		must(t, w.node(4).join(w.nodes[1]))
		w.settled(3)
		for _, id := range []uint64{1, 2} {
			w.network.Cut(w.nodes[4].addr, w.nodes[id].addr)
		}
		w.remove(1, 4)
		w.until("it is gone", func() bool { _, there := w.nodes[1].State().Node(4); return !there })
		time.Sleep(10 * time.Second)
		w.network.HealAll()
		wantRemoved(t, w.nodes[4].fails(), 4)
	})
}

func TestFolderOfAnotherClusterIsRefused(t *testing.T) {
	bubble(t, func(w *world) {
		must(t, w.node(1).begin())
		must(t, w.node(2).begin())
		must(t, w.node(3).join(w.nodes[1]))
		w.settledBut(2, 2)
		w.nodes[3].kill()
		w.nodes[1].kill() // so that only the wrong one answers
		err := w.nodes[3].start(w.nodes[2].addr)
		if err == nil || !strings.Contains(err.Error(), "cluster-1") || !strings.Contains(err.Error(), "cluster-2") {
			t.Errorf("started with %v, want a line that names both clusters", err)
		}
	})
}

// A node that was started without join has begun a cluster of its own. With join it is
// no member of the other one either, and does not serve as if it were.
func TestForgottenJoinIsRefused(t *testing.T) {
	bubble(t, func(w *world) {
		must(t, w.node(1).begin())
		must(t, w.node(2).begin())
		w.nodes[2].kill()
		err := w.nodes[2].start(w.nodes[1].addr)
		if err == nil || !strings.Contains(err.Error(), "cluster-1") || !strings.Contains(err.Error(), "cluster-2") ||
			!strings.Contains(err.Error(), "empty folder") {
			t.Errorf("started with %v, want a line that names both clusters and says what to do", err)
		}
		w.nodes[2].kill()
		w.nodes[1].kill() // nobody answers: the node goes on with what it has
		must(t, w.nodes[2].start(w.nodes[1].addr))
	})
}

func TestWholeClusterRestarts(t *testing.T) {
	bubble(t, func(w *world) {
		w.grow(3)
		ws := w.write(1, 2, 3)
		time.Sleep(time.Second)
		ws.end(1, 2, 3)
		for _, n := range w.nodes {
			n.kill()
		}
		var wg sync.WaitGroup
		for _, n := range w.nodes {
			n.disk = n.disk.CrashKeepNothing()
			wg.Go(func() {
				if err := n.start(); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		w.settled(3)
	})
}

// All nodes move at once: those who know one address find each other.
func TestNodesMove(t *testing.T) {
	bubble(t, func(w *world) {
		w.grow(3)
		w.nodes[3].kill()
		w.nodes[3].addr = "elsewhere:7003"
		must(t, w.nodes[3].start())
		w.until("all know", func() bool {
			n, _ := w.nodes[1].State().Node(3)
			return n.Addr == "elsewhere:7003"
		})
		w.settled(3)
		for id, n := range w.nodes {
			n.kill()
			n.addr = fmt.Sprintf("moved%d:7001", id)
		}
		var wg sync.WaitGroup
		for _, n := range w.nodes {
			wg.Go(func() {
				if err := n.start("moved1:7001", "moved2:7001"); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		w.settled(3)
	})
}
