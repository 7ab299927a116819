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

// The same with disks that fill up, and whose fsync fails.
func TestChaosOnBadDisks(t *testing.T) {
	chaos(t, newHurtCluster(t, keptOnFailure(t), *nodes))
}

// chaos plays rounds for some time, or until one fails.
func chaos(t *testing.T, c *cluster) {
	if *seed == 0 {
		*seed = uint64(time.Now().UnixNano())
	}
	t.Logf("-seed %d -nodes %d", *seed, *nodes)
	began := time.Now()
	for n := uint64(0); n == 0 || time.Since(began) < *duration; n++ {
		r := newRound(t, c, *seed+n)
		found := r.run()
		if len(found) > 0 {
			t.Errorf("-seed %d, faults: %s\n%s", r.seed, strings.Join(r.told, "; "), strings.Join(found, "\n"))
			if err := r.keep(filepath.Dir(c.members[0].dir), found); err != nil {
				t.Error(err)
			}
			return
		}
		if err := r.clean(); err != nil {
			t.Fatal(err)
		}
	}
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
