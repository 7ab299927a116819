package integration

import (
	"os"
	"path/filepath"
	"testing"
)

// The folder of a member is copied while it is down, and both are started: the second
// ends with a line that says why, and the cluster goes on.
func TestClusterTurnsAwayACopiedFolder(t *testing.T) {
	c := serveCluster(t)
	m := c.nodes[2]
	m.stop()
	copied := filepath.Join(t.TempDir(), "copy")
	if err := os.CopyFS(copied, os.DirFS(m.dir)); err != nil {
		t.Fatal(err)
	}
	c.start(2)
	c.settled()
	clusterAddr := lastingAddr(t)
	refuses(t, refusal{
		args: []string{"--dir", copied, "--addr", "127.0.0.1:0", "--cluster-addr", clusterAddr, "--cluster-secret", "s", "--log-level", "error"},
		says: []string{clusterAddr, m.args[3], "is a copy of", "never start this folder again"},
	})
	m.stop()
	refuses(t, refusal{ // now that the other one is down, too
		args: []string{"--dir", copied, "--addr", "127.0.0.1:0", "--cluster-addr", clusterAddr, "--cluster-secret", "s", "--log-level", "error"},
		says: []string{copied, "was turned away", clusterAddr, "never start this folder again"},
	})
	c.start(2)
	c.settled()
	for i := range c.nodes {
		mustDo(t, c.nodes[i].client(), "XADD", "k", "*", "f", "v")
	}
	if n := m.client().XLen(t.Context(), "k").Val(); n != 3 {
		t.Errorf("%d entries, want 3", n)
	}
	c.stop()
}
