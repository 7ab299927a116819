package chaos

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// The program as it is, with all that can be done to it from outside.
func TestChaos(t *testing.T) {
	chaos(t, newCluster(t, keptOnFailure(t), *nodes))
}

// The same with disks that fill up, whose fsync fails, and that lose what was not synced,
// and with clocks that jump.
func TestChaosOnBadDisks(t *testing.T) {
	chaos(t, newHurtCluster(t, keptOnFailure(t), *nodes))
}

// longRun is from when on faults may last up to half a minute.
const longRun = 5 * time.Minute

// chaos plays rounds for some time, or until one fails.
func chaos(t *testing.T, c *cluster) {
	drawSeed()
	t.Logf("-seed %d -nodes %d -partitions %d", *seed, *nodes, *parts)
	if *longest == 0 {
		if *longest = 2 * time.Second; *duration >= longRun {
			*longest = 30 * time.Second
		}
	}
	began := time.Now()
	for n := uint64(0); n == 0 || time.Since(began) < *duration; n++ {
		r := newRound(t, c, *seed+n)
		if r.failed(r.run()) {
			return
		}
		if err := r.clean(); err != nil {
			t.Fatal(err)
		}
	}
	if err := c.retire(); err != nil {
		t.Error(err)
	}
}

func drawSeed() {
	if *seed == 0 {
		*seed = uint64(time.Now().UnixNano())
	}
}

// failed reports a round's broken promises and keeps what is needed to understand them.
func (r *round) failed(found []string) bool {
	if len(found) == 0 {
		return false
	}
	r.t.Errorf("-seed %d, faults: %s\n%s", r.seed, strings.Join(r.told, "; "), strings.Join(found, "\n"))
	if err := r.keep(filepath.Dir(r.cluster.members[0].dir), found); err != nil {
		r.t.Error(err)
	}
	return true
}

// keptOnFailure returns a folder that stays when the test fails.
func keptOnFailure(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "chaos")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if t.Failed() {
			t.Log("kept in ", dir)
			return
		}
		os.RemoveAll(dir)
	})
	return dir
}
