package sim

import (
	"bytes"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/millrace-io/millrace/storage/log"
	"github.com/millrace-io/millrace/storage/vfs"
)

// powerSeeds is how many seeds the tests of power losses run: few, and always the same.
const powerSeeds = 6

// A cluster whose machines lose power together, again and again, keeps what it has
// acknowledged.
func TestPowerLossLosesNothing(t *testing.T) {
	faults := []fault{
		{name: "all lose power", strike: func(w *world) error { return w.unplug(w.rng.Perm(nodes)...) }},
		{name: "a majority loses power", strike: func(w *world) error { return w.unplug(w.majority()...) }},
	}
	for seed := uint64(1); seed <= powerSeeds; seed++ {
		t.Run(fmt.Sprintf("seed=%d", seed), func(t *testing.T) {
			t.Parallel()
			simulate(t, seed, faults)
		})
	}
}

// Whenever nothing moves, a power loss would take back no term and no vote: others may
// have counted on them. The leader is killed again and again, and the disks are looked
// at behind each write while the others elect.
func TestVotesSurvivePowerLoss(t *testing.T) {
	simulateWith(t, 1, func(w *world) []string {
		defer w.end()
		if err := w.form(); err != nil {
			return []string{err.Error()}
		}
		for range 3 {
			w.members[w.leader()].kill(w.crash) // and look at once: the votes come in the next moments
			if err := w.watchVotes(5 * time.Second); err != nil {
				return []string{err.Error()}
			}
			if err := w.heal(); err != nil {
				return []string{err.Error()}
			}
			if err := w.watchVotes(2 * time.Second); err != nil {
				return []string{err.Error()}
			}
		}
		return nil
	})
}

// watchVotes compares, for some time, the votes that are written with those that are
// synced.
func (w *world) watchVotes(d time.Duration) error {
	seen := make([]int64, nodes)
	for began := time.Now(); time.Since(began) < d; time.Sleep(100 * time.Microsecond) {
		synctest.Wait()
		for i, m := range w.members {
			p := m.process
			if p == nil || p.writes.Load() == seen[i] {
				continue
			}
			seen[i] = p.writes.Load()
			written, err := w.votesOn(m.disk.KillProcess())
			if err != nil {
				return err
			}
			kept, err := w.votesOn(m.disk.CrashKeepNothing())
			if err != nil {
				return fmt.Errorf("node %d after a power loss: %w", i, err)
			}
			for g := range written {
				a, b := written[g], kept[g]
				if a.Term != b.Term || a.VoteTerm != b.VoteTerm || !bytes.Equal(a.VoteFor, b.VoteFor) {
					return fmt.Errorf("node %d, group %d: %+v would be %+v after a power loss", i, g, a, b)
				}
			}
		}
	}
	return nil
}

// votesOn are the terms and votes of all groups on a disk that nobody uses.
func (w *world) votesOn(disk *vfs.Mem) ([]log.State, error) {
	l, err := log.Open(disk, "data/log", log.Options{SegmentBytes: 1 << 20, Fatal: func(error) {}})
	if err != nil {
		return nil, err
	}
	defer l.Close()
	var all []log.State
	for g := range w.parts + 1 {
		all = append(all, l.Group(log.GroupID(g)).State())
	}
	return all, nil
}
