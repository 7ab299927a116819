package server

import (
	"testing"

	"github.com/millrace-io/millrace/commands"
	"github.com/millrace-io/millrace/replication"
	"github.com/millrace-io/millrace/resp"
)

// A change costs nothing but a look while nobody tracks.
func TestWatcherAllocatesNothingWhileNobodyTracks(t *testing.T) {
	front, err := resp.NewServer(resp.Options{}, commands.NewTable(), nil, nil, nil)
	if err == nil {
		err = front.Shutdown(t.Context()) // it never ran
	}
	if err != nil {
		t.Fatal(err)
	}
	var w watcher
	w.of.Store(front)
	r := &replication.Request{}
	allocs := testing.AllocsPerRun(100, func() {
		w.KeyChanged("k")
		w.ManyChanged()
		w.tell(r)
		w.remember(r)
	})
	if allocs != 0 || len(w.keys) != 0 {
		t.Errorf("%v allocations, keys %q", allocs, w.keys)
	}
}
