package cluster

import (
	"strings"
	"testing"

	"github.com/millrace-io/millrace/meta"
	"github.com/millrace-io/millrace/replication"
)

// Whoever has the reply to a command of the meta group finds in the state what it did: a
// node that has just begun its cluster did not, now and then, and gave up.
func TestStateIsPublishedBeforeTheReply(t *testing.T) {
	var published *meta.State
	m := newMachine(func(s *meta.State) { published = s })
	var args [][]byte
	for _, word := range []string{meta.CmdBegin, "c1", "3", meta.FormatID(7), "127.0.0.1:7001", "", ""} {
		args = append(args, []byte(word))
	}
	m.Begin(1, 0)
	reply, _ := m.Apply(&replication.Request{Args: args}, 0, nil)
	if !strings.HasPrefix(string(reply), ":") {
		t.Fatalf("BEGIN: %s", reply)
	}
	if published == nil || published.Cluster() != "c1" {
		t.Errorf("published with the reply: %+v", published)
	}
}
