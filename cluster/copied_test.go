package cluster_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/millrace-io/millrace/cluster"
)

// The folder of a node is copied and started elsewhere while the node runs: the copy ends
// and says why, and nobody else notices anything.
func TestCopyOfAFolderEnds(t *testing.T) {
	bubble(t, func(w *world) {
		w.grow(3)
		ws := w.write(1, 2, 3)
		original := w.nodes[3]
		copied := &node{w: w, id: 3, cluster: original.cluster, addr: "copy:7001", disk: original.disk.KillProcess(), stop: func() {}}
		err := copied.start()
		if err == nil { // it was ready before it was told
			err = copied.fails()
		}
		copied.kill()
		if !errors.Is(err, cluster.ErrCopied) {
			t.Fatalf("ended with %v", err)
		}
		for _, want := range []string{original.addr, copied.addr, "is a copy", "never start this folder again"} {
			if !strings.Contains(err.Error(), want) {
				t.Errorf("no %q in: %v", want, err)
			}
		}
		select {
		case err := <-original.ended:
			t.Errorf("the original has ended as well: %v", err)
		default:
		}
		w.until("all write on", func() bool { return ws.acknowledged() > 100 })
		ws.end(1, 2, 3)
		w.settled(3)
	})
}
