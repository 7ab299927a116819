package replication

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"

	"github.com/hashicorp/go-hclog"
)

// What Raft writes twice a second while a node is down is not for operators; that a
// leader has lost the majority, or a disk fails, is.
func TestRaftsLinesForOperators(t *testing.T) {
	for _, line := range []struct {
		level hclog.Level
		text  string
		shown string
	}{
		{hclog.Error, "failed to heartbeat to", ""},
		{hclog.Error, "failed to appendEntries to", ""},
		{hclog.Warn, "failed to contact", ""},
		{hclog.Warn, "failed to contact quorum of nodes, stepping down", "WARN"},
		{hclog.Warn, "rejecting pre-vote request since we have a leader", ""},
		{hclog.Error, "failed to append to logs", "ERROR"},
		{hclog.Info, "entering leader state", ""},
	} {
		var out bytes.Buffer
		raftLogger(slog.New(slog.NewTextHandler(&out, nil))).Log(line.level, line.text)
		if (line.shown == "") != (out.Len() == 0) || !strings.Contains(out.String(), line.shown) {
			t.Errorf("%v %q: %q", line.level, line.text, out.String())
		}
	}
}
