package replication

import (
	"testing"
	"time"
)

// An idle node does not wake: the gate has a timer only while something waits.
func TestGateHasATimerOnlyWhileSomethingWaits(t *testing.T) {
	var g gate
	g.init()
	if g.pending() {
		t.Error("a new gate has something pending")
	}
	mark := g.mark()
	if !g.pending() {
		t.Error("nothing is pending, and one waits for a mark")
	}
	g.asking, g.waiting = &round{marks: g.waiting.marks, asked: time.Now(), first: 1, id: 1}, round{}
	if !g.pending() {
		t.Error("nothing is pending, and an answer may be lost")
	}
	g.answered(1, 7)
	if g.asking != nil || !g.pending() {
		t.Error("nothing is pending, and a round waits for apply")
	}
	close(g.due[0].marks[0])
	g.due = nil
	if <-mark; g.pending() {
		t.Error("something is pending, and nobody waits")
	}
}
