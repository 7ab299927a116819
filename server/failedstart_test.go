package server

import (
	"sync/atomic"
	"syscall"
	"testing"

	"github.com/millrace-io/millrace/storage/vfs"
)

// A disk that fails while the node starts ends the start with an error, never
// with a panic of a library.
func TestFailedStartIsAnError(t *testing.T) {
	disk := newDisk()
	p := start(t, disk)
	dial(t, p).must(t, "XADD s * f v")
	hash, _ := p.hash()
	p.stop(t)
	for step := 0; ; step++ {
		next := disk.KillProcess()
		var steps atomic.Int64
		var failed atomic.Bool
		q := launch(t, vfs.WithFaults(next, func(op vfs.Op) error {
			if op.Kind.Changes() && steps.Add(1) > int64(step) {
				failed.Store(true)
				return syscall.EIO
			}
			return nil
		}), testConfig())
		select {
		case <-q.ready:
			if !failed.Load() {
				q.stop(t)
				sameAfterReplay(t, disk, hash)
				t.Logf("%d steps", step)
				return
			}
			q.stop(t)
		case <-q.done:
			if q.err == nil {
				t.Errorf("step %d failed and the start did not", step)
			}
		}
	}
}
