package commands_test

import (
	"path/filepath"
	"testing"

	"github.com/millrace-io/millrace/commands"
	"github.com/millrace-io/millrace/commands/commandstest"
)

// In a cluster of fakes, with each kind of routing, and with redirect after a follower
// and a leader have died: nobody leads the second partition yet.
func TestClusterTranscripts(t *testing.T) {
	for _, world := range []string{"proxy", "redirect", "down"} {
		t.Run(world, func(t *testing.T) {
			join := func(m *commands.Machine) commands.Cluster {
				topology := commandstest.ThreeNodes()
				if world == "down" {
					topology.Nodes[1].State, topology.Nodes[2].State = commands.NodeDown, commands.NodeDown
					topology.Partitions[1].Leader = 0
				}
				c := commandstest.NewCluster(topology)
				c.Machine, c.Redirect = m, world != "proxy"
				return c
			}
			commandstest.PlayAll(t, filepath.Join("testdata", "cluster_"+world), commandstest.NewClusterCore(join))
		})
	}
}

func TestTranscripts(t *testing.T) { commandstest.PlayAll(t, "testdata", commandstest.NewCore()) }
