package server

import "testing"

// XADD and the XREADGROUP that waits for it take one entry of the log, and so one
// commit.
func TestWakingIsOneCommit(t *testing.T) {
	p := start(t, newDisk())
	reader, c := dial(t, p), dial(t, p)
	c.must(t, "XGROUP CREATE s g 0 MKSTREAM")
	c.must(t, "XGROUP CREATECONSUMER s g c")
	for range 10 {
		if err := reader.send("XREADGROUP GROUP g c BLOCK 0 STREAMS s >"); err != nil {
			t.Fatal(err)
		}
		p.blocked(t, 1)
		before, syncs := p.applied(), p.log.Stats().Syncs
		c.must(t, "XADD s * f v")
		if v, err := reader.receive(); err != nil || v == nil {
			t.Fatalf("the reader got %v, %v", v, err)
		}
		if n := p.applied() - before; n != 1 {
			t.Errorf("XADD and its delivery took %d entries of the log", n)
		}
		// A mark for an idle log may come in between, but never one each time.
		if n := p.log.Stats().Syncs - syncs; n > 2 {
			t.Errorf("XADD and its delivery took %d syncs", n)
		}
	}
}
