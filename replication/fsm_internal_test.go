package replication

import (
	"io"
	"log/slog"
	"strings"
	"testing"
)

// Raft goes on when a leader's snapshot can't be restored; the state is lost by then.
func TestSnapshotThatFailsStopsTheNode(t *testing.T) {
	var fatal error
	p := New(nil, Options{Fatal: func(err error) { fatal = err }, Logger: slog.New(slog.DiscardHandler)})
	restore := func() error { return fsm{p}.Restore(io.NopCloser(strings.NewReader("no sections"))) }
	if err := restore(); err == nil || fatal != nil {
		t.Fatalf("at a start: %v, fatal %v: an older one may do", err, fatal)
	}
	p.opened.Store(true)
	if err := restore(); err == nil || fatal == nil {
		t.Fatalf("from a leader: %v, fatal %v", err, fatal)
	}
}
