package replication_test

import (
	"fmt"
	"io"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/millrace-io/millrace/replication"
	"github.com/millrace-io/millrace/replication/raftstore"
	"github.com/millrace-io/millrace/storage/log"
	"github.com/millrace-io/millrace/storage/snapshot"
	"github.com/millrace-io/millrace/storage/vfs"
)

// diskStores are stores as a node has them, on a disk in memory: with snapshots.
type diskStores struct {
	log       *log.Log
	group     *log.Group
	snapshots *raftstore.Snapshots
}

const diskGroup = 1

func newDiskStores(t *testing.T) (*diskStores, replication.Stores) {
	fs := vfs.NewMem()
	l, err := log.Open(fs, "log", log.Options{SegmentBytes: log.MinSegmentBytes, CacheBytes: -1})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := l.Close(); err != nil {
			t.Error(err)
		}
	})
	if err := fs.MkdirAll("data", 0o700); err != nil {
		t.Fatal(err)
	}
	store, err := snapshot.Open(fs, "data", diskGroup)
	if err != nil {
		t.Fatal(err)
	}
	d := &diskStores{log: l, group: l.Group(diskGroup)}
	d.snapshots = raftstore.NewSnapshots(store, d.group)
	if err := raftstore.Reconcile(d.group, d.snapshots, slog.New(slog.NewTextHandler(io.Discard, nil))); err != nil {
		t.Fatal(err)
	}
	return d, replication.Stores{Log: raftstore.NewLog(d.snapshots), Stable: raftstore.NewStable(d.group), Snapshots: d.snapshots}
}

// newDiskGroup is newGroup, on stores with snapshots.
func newDiskGroup(t *testing.T, n int) *group {
	g := &group{t: t, cut: make(map[[2]uint64]bool)}
	for i := range n {
		disk, stores := newDiskStores(t)
		g.joinOn(uint64(i+1), stores).disk = disk
	}
	return g
}

// mute cuts a node's Raft off from the others', or heals that; messages get through.
func (g *group) mute(m *member, cut bool) {
	if !cut {
		g.connect()
		return
	}
	for _, other := range g.others(m) {
		m.transport.Disconnect(other.transport.LocalAddr())
		other.transport.Disconnect(m.transport.LocalAddr())
	}
}

// forget takes a snapshot and drops the log before it.
func (m *member) forget() {
	m.t.Helper()
	if taken, err := m.Snapshot(); err != nil || !taken {
		m.t.Fatalf("snapshot: %v, %v", taken, err)
	}
	// The newest segment stays, whatever is in it.
	m.submit(replication.Log, "PUSH", "filler", strings.Repeat("x", log.MinSegmentBytes))
	synctest.Wait()
	if err := m.disk.log.Collect(func(log.GroupID) uint64 { return 1 << 60 }); err != nil {
		m.t.Fatal(err)
	}
}

// A leader's snapshot holds what a node has on its way: clients of that hear that nobody
// knows what became of it, reads among it that they were not run; what comes behind the
// snapshot is answered truly, and each is there once.
func TestSnapshotHoldsPartsOnTheirWay(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		g := newDiskGroup(t, 3)
		l := g.leader()
		m := g.others(l)[0]
		m.submit(replication.Log, "PUSH", "l", "a").want(t, ":1\r\n")
		g.settled("l")
		g.mute(m, true)
		push, inside := m.request(replication.Log, "PUSH", "l", "b")
		read, looks := m.request(replication.Read, "LEN", "l")
		m.Submit([]*replication.Request{push, read})
		waits := m.submit(replication.Log, "TAKE", "later")
		synctest.Wait()
		l.submit(replication.Log, "PUSH", "l", "c").want(t, ":3\r\n")
		l.forget()
		behind := m.submit(replication.Log, "PUSH", "l", "d")
		synctest.Wait()
		g.mute(m, false)
		if reply := <-inside.reply; !strings.HasPrefix(reply, "-UNCERTAIN") {
			t.Errorf("a push that the snapshot holds: %q", reply)
		}
		looks.want(t, clusterDown)
		behind.want(t, ":4\r\n")
		if reply := <-waits.reply; !strings.HasPrefix(reply, "-UNCERTAIN") {
			t.Errorf("a request that may wait and that the snapshot holds: %q", reply)
		}
		m.submit(replication.Log, "PUSH", "l", "e").want(t, ":5\r\n")
		if got := fmt.Sprint(g.settled("l")); got != "[a b c d e]" {
			t.Errorf("there is %s", got)
		}
		m.Inspect(func(replication.StateMachine, int64) {
			if m.lists.restored != 1 {
				t.Errorf("%d snapshots were installed", m.lists.restored)
			}
		})
	})
}

// Who waits on a node for a key is served though what it waits for came by a snapshot.
func TestWaiterIsServedByASnapshot(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		g := newDiskGroup(t, 3)
		l := g.leader()
		m := g.others(l)[0]
		waits := m.submit(replication.Log, "TAKE", "l")
		synctest.Wait()
		g.mute(m, true)
		l.submit(replication.Log, "PUSH", "l", "v").want(t, ":1\r\n")
		l.forget()
		g.mute(m, false)
		waits.want(t, "$1\r\nv\r\n")
		if got := g.settled("l"); len(got) != 0 {
			t.Errorf("left: %q", got)
		}
	})
}

// A log that is given up to its end is let go of when a leader's snapshot takes its place,
// with nothing behind it.
func TestInstalledSnapshotLetsGoOfTheLog(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		g := newDiskGroup(t, 3)
		l := g.leader()
		m := g.others(l)[0]
		value := strings.Repeat("v", log.MinSegmentBytes/4)
		for n := range 20 {
			l.submit(replication.Log, "PUSH", "l", value).want(t, fmt.Sprintf(":%d\r\n", n+1))
		}
		g.settled("l")
		if taken, err := m.Snapshot(); err != nil || !taken {
			t.Fatalf("snapshot: %v, %v", taken, err)
		}
		g.mute(m, true)
		for n := range 20 {
			l.submit(replication.Log, "PUSH", "l", value).want(t, fmt.Sprintf(":%d\r\n", n+21))
		}
		l.forget()
		before := m.disk.log.Stats().Segments
		g.mute(m, false)
		g.settled("l")
		if err := m.disk.log.Collect(func(log.GroupID) uint64 { return m.disk.snapshots.SecondNewest() + 1 }); err != nil {
			t.Fatal(err)
		}
		const enough = 3 // what came behind the snapshot
		if n := m.disk.log.Stats().Segments; n > enough || before <= enough {
			t.Errorf("%d segments, %d before the snapshot was installed", n, before)
		}
		values := g.settled("l")
		if len(values) != 40 || slices.ContainsFunc(values, func(v string) bool { return v != value }) {
			t.Errorf("%d values", len(values))
		}
	})
}
