package server

import (
	"net"
	"path/filepath"
	"strings"
	"testing"

	"github.com/millrace-io/millrace/server/config"
)

// A node that can't have its addresses ends before any other node has heard of it: one
// that joined first would stay behind as a dead member.
func TestNodeWhoseAddressIsTakenJoinsNothing(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	socket := filepath.Join(t.TempDir(), "socket")
	unix, err := net.Listen("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close()
	first := start(t, newDisk(), clustered(nil))
	for name, row := range map[string]struct {
		set   func(*config.Config)
		names string
	}{
		"addr":         {func(c *config.Config) { c.Addr = taken.Addr().String() }, taken.Addr().String()},
		"unixsocket":   {func(c *config.Config) { c.UnixSocket = socket }, socket},
		"cluster-addr": {func(c *config.Config) { c.ClusterAddr = taken.Addr().String() }, "other nodes on " + taken.Addr().String()},
	} {
		t.Run(name, func(t *testing.T) {
			p := launch(t, newDisk(), testConfig(clustered(first), row.set))
			err := p.wait(t)
			if err == nil || !strings.Contains(err.Error(), row.names) || !strings.Contains(err.Error(), "already in use: stop the process that has it") {
				t.Errorf("ended with %v", err)
			}
			if nodes := first.place.State().Nodes(); len(nodes) != 1 {
				t.Errorf("the cluster has a dead member: %v", nodes)
			}
		})
	}
	t.Run("after a start that failed nothing is left", func(t *testing.T) {
		disk := newDisk()
		p := launch(t, disk, testConfig(clustered(first), func(c *config.Config) { c.Addr = taken.Addr().String() }))
		if p.wait(t) == nil {
			t.Fatal("two have one address")
		}
		start(t, disk, clustered(first))
		waitFor(t, "it has joined", func() bool { return first.votersEverywhere(2) })
	})
}
