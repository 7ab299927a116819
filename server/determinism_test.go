package server

import (
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
)

// replayed are commands with holes for a key, a consumer and a small number, that
// between them draw IDs, read the clock, walk the pending entries and expire keys.
var replayed = []string{
	"XADD k%[1]d * f v%[3]d", "XADD k%[1]d MAXLEN ~ 20 * f v g w", "XADD k%[1]d NOMKSTREAM * f v",
	"XGROUP CREATE k%[1]d g 0 MKSTREAM", "XGROUP CREATE k%[1]d h $ MKSTREAM", "XGROUP DESTROY k%[1]d h",
	"XREADGROUP GROUP g c%[2]d COUNT 3 STREAMS k%[1]d >", "XREADGROUP GROUP h c%[2]d BLOCK 1 STREAMS k%[1]d >",
	"XAUTOCLAIM k%[1]d g c%[2]d 0 0 COUNT 2", "XCLAIM k%[1]d g c%[2]d 1 1-0 FORCE JUSTID",
	"XTRIM k%[1]d MAXLEN %[3]d", "XGROUP DELCONSUMER k%[1]d g c%[2]d", "DEL k%[1]d",
	"EXPIRE k%[1]d 1", "EXPIRE k%[1]d 100 NX", "EXPIRE k%[1]d -1", "PERSIST k%[1]d", "XSETID k%[1]d 9999999999999-%[3]d",
}

// The log alone makes the state: run again on an empty one, by another process
// and at another time, it gives the same hash, expired keys and all.
func TestReplayGivesTheSameState(t *testing.T) {
	first := firstSeed(t)
	disk := newDisk()
	p := start(t, disk)
	var wg sync.WaitGroup
	for i := range uint64(3) {
		c := dial(t, p)
		wg.Go(func() {
			rng := rand.New(rand.NewPCG(first, i))
			for range 400 {
				cmd := fmt.Sprintf(replayed[rng.IntN(len(replayed))], rng.IntN(6), rng.IntN(3), rng.IntN(9))
				if c.send(cmd) != nil {
					return
				}
				if _, err := c.receive(); err != nil {
					t.Errorf("%s: %v", cmd, err)
					return
				}
			}
		})
	}
	wg.Wait()
	c := dial(t, p)
	c.must(t, "DEL gone")
	c.must(t, "XADD gone * f v")
	c.must(t, "EXPIRE gone 1")
	before := p.partition.Applied()
	eventually(t, "the key expires by the log", func() bool { return p.partition.Applied() > before })
	image := disk.KillProcess()
	if err := p.stop(t); err != nil {
		t.Error(err)
	}
	hash, _ := p.hash()
	sameAfterReplay(t, disk, hash)
	// What the key's deadline was is decided in the log, not by who reads it later.
	other := start(t, image)
	if v := dial(t, other).must(t, "EXISTS gone"); v != int64(0) {
		t.Errorf("EXISTS of an expired key: %v", v)
	}
}
