package snapshot_test

import (
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/millrace-io/millrace/storage/snapshot"
	"github.com/millrace-io/millrace/storage/vfs"
)

var seedFlag = flag.Uint64("seed", 0, "seed of the crashes; 0 draws one")

func newRand(t *testing.T) *rand.Rand {
	seed := *seedFlag
	if seed == 0 {
		seed = rand.Uint64()
	}
	t.Logf("-seed %d", seed)
	return rand.New(rand.NewPCG(seed, 0))
}

// twoSaved is a disk with the snapshots 1 and 2.
func twoSaved(t *testing.T) *vfs.Mem {
	m := newMem(t)
	s := open(t, m)
	must(t, save(s, 1))
	must(t, save(s, 2))
	return m
}

// check opens what a crash left and reads all that is listed. It returns the
// indexes, newest first.
func check(m *vfs.Mem) (string, error) {
	s, err := snapshot.Open(m, dir, group)
	if err != nil {
		return "", err
	}
	for _, info := range s.List() {
		r, err := s.Open(info.ID)
		if err != nil {
			return "", err
		}
		if err := errors.Join(checkContent(r, info.Index), r.Close()); err != nil {
			return "", fmt.Errorf("snapshot %d: %w", info.Index, err)
		}
	}
	if errs := s.Damaged(); len(errs) > 0 {
		return "", errors.Join(errs...)
	}
	names, err := m.ReadDir(where)
	if err != nil {
		return "", err
	}
	if all := strings.Join(names, " "); strings.Contains(all, ".tmp") {
		return "", fmt.Errorf("unfinished files: %s", all)
	}
	return indexes(s), nil
}

// aftermaths calls f with what the next process may find: after a power loss,
// after the least that a power loss leaves, after a kill, after a kill and then
// a power loss.
func aftermaths(m *vfs.Mem, rng *rand.Rand, f func(how string, after *vfs.Mem)) {
	f("least", m.CrashKeepNothing())
	f("killed", m.KillProcess())
	for range 20 {
		f("power loss", m.Crash(rng))
	}
	f("killed, then power loss", m.KillProcess().Crash(rng))
}

// The process dies before each step of opening a store, writing a snapshot and
// removing an old one. Two usable snapshots are there at any time, and the new
// one once Commit has said so.
func TestCrashAtEveryStep(t *testing.T) {
	scenarios := map[string]func(*snapshot.Store) error{
		"sections": func(s *snapshot.Store) error { return save(s, 3) },
		"raw": func(s *snapshot.Store) error {
			w, err := s.CreateRaw(metaAt(3))
			if err != nil {
				return err
			}
			if _, err := w.Write(rawAt(t, 3)); err != nil {
				return errors.Join(err, w.Abort())
			}
			return w.Commit()
		},
	}
	for name, act := range scenarios {
		t.Run(name, func(t *testing.T) {
			rng := newRand(t)
			base := twoSaved(t)
			for step, finished := 0, false; !finished; step++ {
				m := base.KillProcess()
				hook, passed := vfs.StopAfter(step)
				s, err := snapshot.Open(vfs.WithFaults(m, hook), dir, group)
				if err == nil {
					err = act(s)
				}
				finished = passed() <= step
				aftermaths(m, rng, func(how string, after *vfs.Mem) {
					got, cerr := check(after)
					ok := got == "3 2" || got == "3 2 1" || err != nil && got == "2 1"
					if cerr != nil || !ok {
						t.Fatalf("step %d (%v), %s: listed %q, %v", step, err, how, got, cerr)
					}
				})
			}
		})
	}
}

func rawAt(t *testing.T, index uint64) []byte {
	s := open(t, newMem(t))
	must(t, save(s, index))
	return raw(t, s, s.List()[0].ID)
}

// Every failing operation fails Commit or is without consequence; nothing is
// lost, nothing half is listed, and the store goes on working.
func TestEveryFailureLeavesTheOldSnapshots(t *testing.T) {
	rng := newRand(t)
	base := twoSaved(t)
	errDisk := errors.New("disk on fire")
	for n, met := 0, true; met; n++ {
		m := base.KillProcess()
		count, failed, armed := 0, vfs.Op{}, false
		met = false
		fsys := vfs.WithFaults(m, func(op vfs.Op) error {
			if !armed || !op.Kind.Changes() {
				return nil
			}
			count++
			if count == n+1 {
				met, failed = true, op
				return errDisk
			}
			return nil
		})
		s := open(t, fsys)
		armed = true
		err := save(s, 3)
		armed = false
		if err != nil && !errors.Is(err, errDisk) {
			t.Fatalf("%v: error %v does not carry the cause", failed, err)
		}
		want := map[bool]string{true: "2 1", false: "3 2"}[err != nil]
		if failed.Kind == vfs.OpRemove && err == nil {
			want = "3 2 1"
		}
		wantIndexes(t, s, want)
		aftermaths(m, rng, func(how string, after *vfs.Mem) {
			got, cerr := check(after)
			ok := err != nil && got == "2 1" || err == nil && strings.HasPrefix(got, "3 2")
			if cerr != nil || !ok {
				t.Fatalf("%v failed (%v), %s: listed %q, %v", failed, err, how, got, cerr)
			}
		})
		must(t, save(s, 4))
		if got := indexes(s); !strings.HasPrefix(got, "4 ") {
			t.Fatalf("after %v failed the store lists %q", failed, got)
		}
	}
}
