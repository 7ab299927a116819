package server

import (
	"strings"
	"testing"

	"github.com/millrace-io/millrace/server/config"
)

func partitions(n int) func(*config.Config) {
	return func(c *config.Config) { c.Partitions = n }
}

// A partition that nobody writes to does not keep the log of the others from being
// dropped, and stays usable.
func TestIdlePartitionDoesNotPinTheLog(t *testing.T) {
	disk := newDisk()
	p := start(t, disk, smallSnapshots, partitions(4), debugAllowed)
	c := dial(t, p)
	most := 0
	for range 200 {
		c.must(t, "XADD big MAXLEN 5 * f "+strings.Repeat("y", 9<<10))
		if due := p.snapshotsDue(); len(due) > 0 && p.saves.begin() {
			if err := p.takeSnapshot(due); err != nil {
				t.Fatal(err)
			}
		}
		most = max(most, p.log.Stats().Segments)
	}
	const enough = 8 // the log has filled 30 of 64 KiB
	if most > enough {
		t.Errorf("up to %d segments, want %d at most", most, enough)
	}
	before := c.must(t, "DEBUG DIGEST")
	if err := p.stop(t); err != nil {
		t.Fatal(err)
	}
	p = start(t, disk, smallSnapshots, debugAllowed)
	if after := dial(t, p).must(t, "DEBUG DIGEST"); after != before {
		t.Errorf("digest %v after the restart, was %v", after, before)
	}
}

// A folder keeps the number of partitions that it was made with, whatever a later
// start asks for, and CONFIG tells it.
func TestFolderKeepsItsPartitions(t *testing.T) {
	disk := newDisk()
	for _, asked := range []int{4, 1, 2, 8} {
		p := start(t, disk, partitions(asked))
		if n := len(p.partitions); n != 4 {
			t.Fatalf("%d partitions with --partitions %d, want 4", n, asked)
		}
		if n := p.live.Config().Partitions; n != 4 {
			t.Errorf("the setting says %d with --partitions %d, want 4", n, asked)
		}
		if err := p.stop(t); err != nil {
			t.Fatal(err)
		}
	}
}

func debugAllowed(c *config.Config) { c.EnableDebugCommand = config.DebugYes }
