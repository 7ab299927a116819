package server

import (
	"math/rand/v2"
	"testing"

	"github.com/millrace-io/millrace/server/config"
	"github.com/millrace-io/millrace/storage/vfs"
)

// A first start that dies at any step is simply done again, by kill -9 or power
// loss: the node comes up, with the settings that its configuration asks for.
func TestFirstStartMayDieAnywhere(t *testing.T) {
	first := firstSeed(t)
	settings := func(c *config.Config) { c.StreamNodeMaxBytes, c.StreamNodeMaxEntries = 777, 7 }
	for step := 0; ; step++ {
		rng := rand.New(rand.NewPCG(first, uint64(step)))
		disk := newDisk()
		fz := newFreezer(step)
		p := launch(t, vfs.WithFaults(disk, fz.hook), testConfig(settings))
		select {
		case <-fz.reached:
		case <-p.ready:
			fz.release()
			t.Logf("%d steps", step)
			return
		}
		next := disk.Crash(rng)
		if step%2 == 0 {
			next = disk.KillProcess()
		}
		fz.release()
		p.stop(t)
		q := start(t, next, settings)
		c := dial(t, q)
		c.must(t, "XADD s * f v")
		for name, want := range map[string]string{"stream-node-max-bytes": "777", "stream-node-max-entries": "7"} {
			if v := pairs(c.must(t, "CONFIG GET "+name))[name]; v != want {
				t.Errorf("step %d: %s is %v, want %s", step, name, v, want)
			}
		}
		q.stop(t)
		if t.Failed() {
			return
		}
	}
}
