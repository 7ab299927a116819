package server

import (
	"errors"
	"strings"
	"testing"

	"github.com/millrace-io/millrace/cluster"
	"github.com/millrace-io/millrace/storage"
)

// The copy of a member's folder is turned away once and for all: a supervisor that starts it again
// and again does not get it in when the original is down.
func TestCopiedFolderStaysTurnedAway(t *testing.T) {
	nodes, disks := threeNodes(t)
	copied := disks[2].KillProcess()
	again := clustered(nodes[0])
	if err := launch(t, copied, testConfig(again)).wait(t); !errors.Is(err, cluster.ErrCopied) {
		t.Fatalf("ended with %v", err)
	}
	nodes[2].stop(t)
	copied = copied.CrashKeepNothing()
	err := launch(t, copied, testConfig(again)).wait(t)
	if !errors.Is(err, storage.ErrTurnedAway) || !strings.Contains(err.Error(), "is a copy of that one's; never start this folder again") {
		t.Errorf("ended with %v", err)
	}
	p := start(t, disks[2], again) // the original
	waitFor(t, "it is a voter again", func() bool { return p.votersEverywhere(3) })
}
