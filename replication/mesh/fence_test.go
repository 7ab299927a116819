package mesh_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/millrace-io/millrace/replication/mesh"
	"github.com/millrace-io/millrace/replication/mesh/meshtest"
)

// copied are the options of a further process of a node, at an address of its own, whose folder was
// started that many times more (or less) often than that of the first one. What ends it
// comes out of the channel.
func (c *cluster) copied(id uint64, later int) (mesh.Options, <-chan *mesh.RefusedError) {
	c.t.Helper()
	boot := c.nodes[id].boot + uint64(later)
	o := c.options(10 + id)
	o.Self = changed(o.Self, func(i *mesh.Identity) { i.Node, i.Boot = id, boot })
	return o, ends(&o)
}

func ends(o *mesh.Options) <-chan *mesh.RefusedError {
	ended := make(chan *mesh.RefusedError, 1000)
	o.Copied = func(reason *mesh.RefusedError) { ended <- reason }
	return ended
}

func ended(t *testing.T, why <-chan *mesh.RefusedError) string {
	t.Helper()
	select {
	case r := <-why:
		return r.Reason
	case <-time.After(time.Minute):
		t.Fatal("a second process of a node runs on")
	}
	return ""
}

// Two processes run as one node: the one that is known stays, the other is told to end,
// and both it and who refused it log one line with both addresses.
func TestCopyOfARunningNodeIsTurnedAway(t *testing.T) {
	for name, later := range map[string]int{"copied while it ran": 1, "copied while it was down": 0, "an old copy": -1} {
		t.Run(name, func(t *testing.T) {
			both(t, func(t *testing.T, c *cluster) {
				c.linked(3, nil)
				original := c.nodes[1]
				o, why := c.copied(1, later)
				second := c.start(o, nil)
				second.SetPeers([]uint64{2, 3})
				reason := ended(t, why)
				for _, want := range []string{"process", "node 1", original.addr, second.addr, "copy"} {
					if !strings.Contains(reason, want) {
						t.Errorf("no %q in the reason: %s", want, reason)
					}
				}
				eventually(t, "both log it", func() bool {
					line := fmt.Sprintf("%q", "connection refused")
					return strings.Contains(second.log.String(), line) && strings.Contains(c.nodes[2].log.String()+c.nodes[3].log.String(), reason)
				})
				for id := uint64(2); id <= 3; id++ {
					if !original.Linked(id) || !c.nodes[id].Linked(1) {
						t.Errorf("the original has lost its link with node %d:\n%s", id, c.nodes[id].log)
					}
					if second.Linked(id) {
						t.Errorf("the copy is linked with node %d", id)
					}
				}
				if n := strings.Count(c.nodes[2].log.String(), reason); n > 1 {
					t.Errorf("said %d times", n)
				}
			})
		})
	}
}

// A machine that died without a word, and whose node starts elsewhere: the old process' links are still
// there. They don't keep the new one out for longer than they last.
func TestRestartElsewhereWaitsForDeadLinks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		network := meshtest.New()
		c := newCluster(t, network)
		c.linked(2, nil)
		network.Cut("node1", "node2")
		c.nodes[1].stop()
		o, why := c.copied(1, 1)
		began := time.Now()
		moved := c.start(o, nil)
		moved.SetPeers([]uint64{2})
		if e := moved.next(t); !e.up {
			t.Fatal("link went down")
		}
		if d := time.Since(began); d > 5*time.Second {
			t.Errorf("let in after %v", d)
		}
		if len(why) > 0 {
			t.Errorf("a restart is taken for a copy: %v", <-why)
		}
	})
}

// A restart in its place is let in at once: who answers at the address shows that the one before
// is gone.
func TestRestartInPlaceWaitsForNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		network := meshtest.New()
		c := newCluster(t, network)
		c.linked(2, nil)
		network.Cut("node1", "node2")
		c.nodes[1].stop()
		network.Heal("node1", "node2")
		o := c.options(1)
		why := ends(&o)
		began := time.Now()
		again := c.start(o, nil)
		again.SetPeers([]uint64{2})
		if e := again.next(t); !e.up {
			t.Fatal("link went down")
		}
		if d := time.Since(began); d > 100*time.Millisecond {
			t.Errorf("let in after %v", d)
		}
		if len(why) > 0 {
			t.Errorf("a restart is taken for a copy: %v", <-why)
		}
	})
}

// A process that could not be reached for so long that another took its place is turned
// away when it is back.
func TestProcessThatWasReplacedIsTurnedAway(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		network := meshtest.New()
		c := newCluster(t, network)
		first := c.options(1)
		why := ends(&first)
		c.start(first, nil).SetPeers([]uint64{2})
		c.start(c.options(2), nil).SetPeers([]uint64{1})
		original := c.nodes[1]
		original.next(t)
		network.Cut("node1", "node2")
		o, _ := c.copied(1, 1)
		second := c.start(o, nil)
		second.SetPeers([]uint64{2})
		if e := second.next(t); !e.up {
			t.Fatal("link went down")
		}
		network.Heal("node1", "node2")
		if reason := ended(t, why); !strings.Contains(reason, "started after") {
			t.Errorf("reason: %s", reason)
		}
		if !second.Linked(2) {
			t.Error("the one that is known has lost its link")
		}
	})
}

// Who dials a process that is not the one it knows refuses it itself.
func TestDiallingSideRefusesAnOldCopy(t *testing.T) {
	both(t, func(t *testing.T, c *cluster) {
		c.linked(2, nil)
		original := c.nodes[1]
		o, _ := c.copied(1, -1)
		second := c.start(o, nil)
		var refused *mesh.RefusedError
		_, _, err := c.nodes[2].CallAddr(context.Background(), second.addr, kindEcho, nil)
		if !errors.As(err, &refused) || !refused.Copied || refused.ByPeer || !strings.Contains(err.Error(), original.addr) {
			t.Errorf("got %v", err)
		}
	})
}

// A process that can't be asked, as its address leads nowhere, but whose link lives, keeps its
// place; the other one waits, and is let in when the link is down.
func TestProcessWithALinkKeepsItsPlace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCluster(t, meshtest.New())
		first := c.options(1)
		first.Self = changed(first.Self, func(i *mesh.Identity) { i.Addr = "nowhere" })
		original := c.start(first, nil)
		original.SetPeers([]uint64{2})
		c.start(c.options(2), nil)
		original.next(t)
		o, why := c.copied(1, 1)
		second := c.start(o, nil)
		second.SetPeers([]uint64{2})
		time.Sleep(10 * time.Second)
		synctest.Wait()
		if second.Linked(2) || !original.Linked(2) || len(why) > 0 {
			t.Errorf("the second is linked: %v, the first: %v; ended: %d", second.Linked(2), original.Linked(2), len(why))
		}
		original.stop()
		if e := second.next(t); !e.up {
			t.Error("link went down")
		}
	})
}

// The node has started anew in its place, and its copy is the first to say so elsewhere: who asks at
// the place finds the restart, and lets that one in.
func TestCopyOvertakesARestartInPlace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		network := meshtest.New()
		c := newCluster(t, network)
		c.start(c.options(1), nil).SetPeers([]uint64{2})
		c.start(c.options(2), nil) // which dials nobody: only its question finds the restart
		c.nodes[1].next(t)
		network.Cut("node1", "node2")
		c.nodes[1].stop()
		network.Heal("node1", "node2")
		nextBoot() // so that one less is more than before
		in := c.options(1)
		endsRestart := ends(&in)
		restarted := c.start(in, nil)
		o, why := c.copied(1, -1)
		second := c.start(o, nil)
		second.SetPeers([]uint64{2})
		if reason := ended(t, why); !strings.Contains(reason, "started after") {
			t.Errorf("reason: %s", reason)
		}
		restarted.SetPeers([]uint64{2})
		if e := restarted.next(t); !e.up {
			t.Error("link went down")
		}
		if second.Linked(2) || len(endsRestart) > 0 {
			t.Errorf("the copy is linked: %v; the restart was told to end %d times", second.Linked(2), len(endsRestart))
		}
	})
}
