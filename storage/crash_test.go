package storage_test

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/millrace-io/millrace/storage"
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

// The process dies before each step of making a folder: afterwards the folder is
// new, or it is the one whose identity Open had returned.
func TestCrashAtEveryStepOfCreation(t *testing.T) {
	rng := newRand(t)
	for step, finished := 0, false; !finished; step++ {
		m := vfs.NewMem()
		hook, passed := vfs.StopAfter(step)
		_, err := storage.Open(vfs.WithFaults(m, hook), dir, options("first"))
		finished = passed() <= step
		for range 50 {
			for how, after := range map[string]*vfs.Mem{
				"least": m.CrashKeepNothing(), "power loss": m.Crash(rng),
				"killed": m.KillProcess(), "killed, power loss": m.KillProcess().Crash(rng),
			} {
				f, aerr := storage.Open(after, dir, options("second"))
				if aerr != nil || err == nil && f.Node().ID != "first" {
					t.Fatalf("step %d (%v), %s: %+v, %v", step, err, how, f, aerr)
				}
			}
		}
	}
}

// Each fsync is left out in turn: then the identity, which has been told to
// others, is lost in some crash. With it it is not, so taking one out of the
// code turns its row red.
func TestFsync(t *testing.T) {
	dirSync := func(path string) func(vfs.Op) bool {
		return func(op vfs.Op) bool { return op.Kind == vfs.OpSyncDir && op.Path == path }
	}
	rows := []struct {
		name string
		is   func(vfs.Op) bool
		die  func(vfs.Op) bool // a first process that dies after this operation
	}{
		{"node.json before rename", func(op vfs.Op) bool { return op.Kind == vfs.OpSync }, nil},
		{"folder after rename", dirSync(dir), nil},
		{"folder at open, after a kill between rename and sync", dirSync(dir),
			func(op vfs.Op) bool { return op.Kind == vfs.OpRename }},
		{"folder around the outermost new one", dirSync("/"), nil},
		{"folder in the middle", dirSync("/srv"), nil},
		{"folder around the innermost new one", dirSync("/srv/millrace"), nil},
		{"folder around one left by a killed process", dirSync("/srv/millrace"),
			func(op vfs.Op) bool { return op.Kind == vfs.OpMkdir && op.Path == dir }},
	}
	for _, r := range rows {
		t.Run(r.name, func(t *testing.T) {
			rng := newRand(t)
			if err := lostIdentity(rng, r.die, nil); err != nil {
				t.Errorf("lost with all syncs in place: %v", err)
			}
			if err := lostIdentity(rng, r.die, r.is); err == nil {
				t.Error("nothing is lost without this sync: the test proves nothing")
			}
		})
	}
}

func lostIdentity(rng *rand.Rand, die, skip func(vfs.Op) bool) error {
	m := vfs.NewMem()
	if die != nil {
		dead := false
		_, err := storage.Open(vfs.WithFaults(m, func(op vfs.Op) error {
			if dead {
				return vfs.ErrStopped
			}
			dead = die(op)
			return nil
		}), dir, options("n1"))
		if err == nil {
			return fmt.Errorf("the first process did not die")
		}
		m = m.KillProcess()
	}
	f, err := storage.Open(vfs.WithFaults(m, func(op vfs.Op) error {
		if skip != nil && skip(op) {
			return vfs.ErrSkip
		}
		return nil
	}), dir, options("n1"))
	if err != nil || f.Node().ID != "n1" {
		return fmt.Errorf("open: %w", err)
	}
	for i := range 50 {
		after := m.CrashKeepNothing()
		if i > 0 {
			after = m.Crash(rng)
		}
		f, err := storage.Open(after, dir, options("n2"))
		if err != nil {
			return err
		}
		if f.Node().ID != "n1" {
			return fmt.Errorf("node is %s", f.Node().ID)
		}
	}
	return nil
}
