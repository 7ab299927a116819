package replication_test

import (
	"testing"
	"time"

	"github.com/millrace-io/millrace/replication"
)

// Whoever finds the partition busy waits for a flush. There is none to come when the
// proposer only looks whether there is anything to propose.
func TestLookIsNotBusy(t *testing.T) {
	h := start(t)
	busy := make(chan bool, 1)
	h.lists.call = func() { busy <- h.Busy() }
	h.submit(replication.Read, "CALL").want(t, "+OK\r\n")
	if <-busy {
		t.Error("busy, though nothing is on its way")
	}
}

func TestBusyMeansThatAFlushComes(t *testing.T) {
	h := start(t)
	begun, end := make(chan bool), make(chan bool)
	h.lists.call = func() { begun <- true; <-end }
	first := h.submit(replication.Log, "CALL")
	<-begun
	if h.Busy() {
		t.Error("busy, though an entry can be proposed")
	}
	next := h.submit(replication.Log, "PUSH", "l", "v") // proposed, and applied after the first
	eventually(t, "an entry is on its way", h.Busy)
	flushes := h.flushes.Load()
	close(end)
	first.want(t, "+OK\r\n")
	next.want(t, ":1\r\n")
	eventually(t, "a flush", func() bool { return h.flushes.Load() >= flushes+2 })
	if h.Busy() {
		t.Error("busy for ever")
	}
}

func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(time.Minute); !ok(); {
		if time.Now().After(end) {
			t.Fatalf("%s: not within ten seconds", what)
		}
	}
}
