package sim

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"
)

// A follower whose disk is full, and that has fallen behind what the leader still has of
// the log, gets a snapshot: that frees so much of its own log that it has room again,
// though nobody gave its disk any, and though other groups' last entries lie in the
// oldest segments.
func TestSnapshotGivesAFullDiskRoom(t *testing.T) {
	for seed := uint64(1); seed <= 4; seed++ { // with one partition, and with three
		t.Run(fmt.Sprintf("seed=%d", seed), func(t *testing.T) {
			simulateWith(t, seed, func(w *world) []string {
				w.snapshotBytes, w.segmentBytes = 1<<30, 2<<20 // nobody takes any by itself
				defer w.end()
				if err := w.form(); err != nil {
					return []string{err.Error()}
				}
				if err := w.fillAndServe(); err != nil {
					return []string{err.Error()}
				}
				return nil
			})
		})
	}
}

func (w *world) fillAndServe() error {
	const (
		full     = nodes - 1
		size     = 8 << 20 // of log before the disk is full, and behind that
		snapshot = 512 << 10
	)
	m := w.members[full]
	if err := w.write(size); err != nil {
		return err
	}
	m.disk.SetLimit(1)
	if err := w.write(size); err != nil {
		return err
	}
	for i := range full { // the others take snapshots, and drop their logs
		if _, err := w.ask(i, "CONFIG", "SET", "snapshot-log-bytes", "1mb"); err != nil {
			return err
		}
	}
	time.Sleep(10 * time.Second)
	if _, err := w.ask(full, "SET", "written", "there is no room"); err == nil {
		return errors.New("a node without room took a change")
	}
	m.disk.SetLimit(m.disk.Used() + snapshot)
	return w.until(time.Minute, func() error {
		_, err := w.ask(full, "SET", "written", "by a node that has made room")
		return err
	})
}

// write writes so many bytes to one key, through the first node.
func (w *world) write(bytes int) error {
	value := strings.Repeat("v", 64<<10)
	for i := 0; i < bytes; i += len(value) {
		err := w.until(time.Minute, func() error {
			_, err := w.ask(0, "SET", "written", value)
			return err
		})
		if err != nil {
			return err
		}
	}
	return nil
}
