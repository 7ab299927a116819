package server

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/millrace-io/millrace/server/config"
	"github.com/millrace-io/millrace/storage/vfs"
)

func smallSnapshots(c *config.Config) { c.SnapshotLogBytes, c.LogSegmentBytes = 16<<10, 64<<10 }

// withSnapshots runs a node that takes snapshots between writes, and stops it: the
// disk, and the hash of the state.
func withSnapshots(t *testing.T, rng *rand.Rand) (*vfs.Mem, uint64) {
	t.Helper()
	disk := newDisk()
	p := start(t, disk, smallSnapshots)
	w := newWorker(0)
	w.dead = new(atomic.Bool)
	c := dial(t, p)
	for i := range 4 {
		w.work(c, rng, 10, func(int) {
			w.steps, w.acked = w.steps[:0], 0
			c.must(t, "XADD big * f "+strings.Repeat("y", 9<<10))
			if p.snapshotDue(p.partitions[0]) {
				if err := p.Snapshot(); err != nil {
					t.Fatalf("snapshot %d: %v", i, err)
				}
			}
		})
	}
	if p.saves.count < 3 {
		t.Fatalf("%d snapshots", p.saves.count)
	}
	c.must(t, "XADD s0 * f last")
	hash, _ := p.hash()
	if err := p.stop(t); err != nil {
		t.Fatal(err)
	}
	return disk, hash
}

// snapshotFiles are those of the partition, newest first.
func snapshotFiles(t *testing.T, disk *vfs.Mem) []string {
	t.Helper()
	dir := filepath.Join(dataDir, "snapshots", fmt.Sprint(groupOf(0)))
	names, err := disk.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var paths []string
	for _, n := range names {
		paths = append([]string{filepath.Join(dir, n)}, paths...)
	}
	return paths
}

// damage flips a bit in the middle of a file.
func damage(t *testing.T, disk *vfs.Mem, path string, off int64) {
	t.Helper()
	f, err := disk.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	b := make([]byte, 1)
	if _, err := f.ReadAt(b, off); err != nil {
		t.Fatal(err)
	}
	b[0] ^= 4
	if _, err := f.WriteAt(b, off); err != nil {
		t.Fatal(err)
	}
}

func middle(t *testing.T, disk *vfs.Mem, path string) int64 {
	info, err := disk.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	return info.Size() / 2
}

// A start from snapshot and log gives the state that was; so does one from the
// snapshot before, when the newest is damaged; and none that is damaged is used.
func TestStartFromSnapshots(t *testing.T) {
	disk, hash := withSnapshots(t, rand.New(rand.NewPCG(firstSeed(t), 0)))
	files := snapshotFiles(t, disk)
	if len(files) != 2 {
		t.Fatalf("snapshots %v, want two", files)
	}
	for i, name := range []string{"whole", "newest damaged"} {
		t.Run(name, func(t *testing.T) {
			m := disk.KillProcess()
			if i > 0 {
				damage(t, m, files[0], middle(t, m, files[0]))
			}
			p := start(t, m, smallSnapshots)
			if again, _ := p.hash(); again != hash {
				t.Errorf("hash %x after the restart, was %x", again, hash)
			}
			if v := dial(t, p).must(t, "XREVRANGE s0 + - COUNT 1"); !strings.Contains(fmt.Sprint(v), "last") {
				t.Errorf("last entry %v", v)
			}
		})
	}
	t.Run("both damaged", func(t *testing.T) {
		m := disk.KillProcess()
		for _, f := range files {
			damage(t, m, f, middle(t, m, f))
		}
		p := launch(t, m, testConfig(smallSnapshots))
		err := p.wait(t)
		if err == nil || !strings.Contains(err.Error(), "no undamaged snapshot") || strings.Contains(err.Error(), "\n") {
			t.Errorf("start: %v; want one line that says that no snapshot is left", err)
		}
	})
}

// When the snapshot that is damaged holds all of the log, the one before it and the log
// still give the state.
func TestDamagedSnapshotOfTheWholeLog(t *testing.T) {
	disk := newDisk()
	p := start(t, disk)
	c := dial(t, p)
	for range 2 {
		c.must(t, "XADD s * f v")
		if err := p.Snapshot(); err != nil {
			t.Fatal(err)
		}
	}
	hash, _ := p.hash()
	if err := p.stop(t); err != nil {
		t.Fatal(err)
	}
	files := snapshotFiles(t, disk)
	if len(files) != 2 {
		t.Fatalf("snapshots %v, want two", files)
	}
	damage(t, disk, files[0], middle(t, disk, files[0]))
	sameAfterReplay(t, disk.KillProcess(), hash)
	damage(t, disk, files[1], middle(t, disk, files[1]))
	sameAfterReplay(t, disk, hash) // all of the log is there
}

// A crash at any step of a snapshot and of collecting the log behind it leaves
// the state as it was.
func TestCrashWithinSnapshot(t *testing.T) {
	first := firstSeed(t)
	base, _ := withSnapshots(t, rand.New(rand.NewPCG(first, 0)))
	for step := 0; ; step++ {
		rng := rand.New(rand.NewPCG(first, uint64(step)))
		disk := base.KillProcess()
		fz := newFreezer(never)
		p := start(t, vfs.WithFaults(disk, fz.hook), smallSnapshots)
		c := dial(t, p)
		for range 3 {
			c.must(t, "XADD big * f "+strings.Repeat("z", 9<<10))
		}
		hash, _ := p.hash()
		fz.in(step)
		taken := make(chan error, 1)
		go func() { taken <- p.Snapshot() }()
		whole := false
		select {
		case <-fz.reached:
		case err := <-taken:
			whole = true
			taken <- err
		}
		next := disk.Crash(rng)
		fz.release()
		if err := <-taken; err != nil {
			t.Fatalf("snapshot: %v", err)
		}
		p.stop(t)
		q := start(t, next, smallSnapshots)
		if again, _ := q.hash(); again != hash {
			t.Fatalf("hash %x after a crash at step %d, was %x", again, step, hash)
		}
		q.stop(t)
		if whole {
			t.Logf("%d steps", step)
			return
		}
	}
}
