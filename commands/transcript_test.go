package commands_test

import (
	"path/filepath"
	"testing"

	"github.com/millrace-io/millrace/commands"
	"github.com/millrace-io/millrace/commands/commandstest"
)

// In a cluster of fakes, with each kind of routing.
func TestClusterTranscripts(t *testing.T) {
	for _, routing := range []string{"proxy", "redirect"} {
		t.Run(routing, func(t *testing.T) {
			join := func(m *commands.Machine) commands.Cluster {
				c := commandstest.NewCluster(commandstest.ThreeNodes())
				c.Machine, c.Redirect = m, routing == "redirect"
				return c
			}
			commandstest.PlayAll(t, filepath.Join("testdata", "cluster_"+routing), commandstest.NewClusterCore(join))
		})
	}
}

func TestTranscripts(t *testing.T) { commandstest.PlayAll(t, "testdata", commandstest.NewCore()) }
