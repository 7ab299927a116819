package snapshot_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/millrace-io/millrace/storage/snapshot"
	"github.com/millrace-io/millrace/storage/vfs"
)

// syncPoint is one fsync in the code: which it is, and what is lost without it.
type syncPoint struct {
	name string
	is   func(op vfs.Op) bool
	// act runs on fsys over m, and returns the disk that then suffers the crash.
	act func(m *vfs.Mem, fsys vfs.FS) (*vfs.Mem, error)
	// lost tells what is wrong with what the crash left.
	lost func(after *vfs.Mem) error
}

func dirSync(path string) func(vfs.Op) bool {
	return func(op vfs.Op) bool { return op.Kind == vfs.OpSyncDir && op.Path == path }
}

func opened(m *vfs.Mem, fsys vfs.FS) (*vfs.Mem, error) {
	_, err := snapshot.Open(fsys, dir, group)
	return m, err
}

func savedThree(m *vfs.Mem, fsys vfs.FS) (*vfs.Mem, error) {
	s, err := snapshot.Open(fsys, dir, group)
	if err != nil {
		return nil, err
	}
	return m, save(s, 3)
}

func wantNewest(index string) func(*vfs.Mem) error {
	return func(after *vfs.Mem) error {
		got, err := check(after)
		if err == nil && !strings.HasPrefix(got, index) {
			err = fmt.Errorf("listed %q, want %s first", got, index)
		}
		return err
	}
}

func wantFolder(path string) func(*vfs.Mem) error {
	return func(after *vfs.Mem) error {
		_, err := after.Stat(path)
		return err
	}
}

var syncPoints = []syncPoint{
	{"file before rename", func(op vfs.Op) bool { return op.Kind == vfs.OpSync }, savedThree, wantNewest("3")},
	{"folder after rename", dirSync(where), savedThree, wantNewest("3")},
	{"data folder when the folder of snapshots is made", dirSync(dir), opened, wantFolder(dir + "/snapshots")},
	{"folder of snapshots when the group's is made", dirSync(dir + "/snapshots"), opened, wantFolder(where)},
	{"folder at open, after a kill between rename and sync", dirSync(where), func(m *vfs.Mem, fsys vfs.FS) (*vfs.Mem, error) {
		renamed := false
		dying := vfs.WithFaults(m, func(op vfs.Op) error {
			if renamed {
				return vfs.ErrStopped
			}
			renamed = op.Kind == vfs.OpRename
			return nil
		})
		if _, err := savedThree(m, dying); err == nil {
			return nil, fmt.Errorf("the first process did not die")
		}
		next := m.KillProcess()
		s, err := snapshot.Open(rehook(fsys, next), dir, group)
		if err == nil && indexes(s) != "3" {
			err = fmt.Errorf("the next process lists %q", indexes(s))
		}
		return next, err // it has shown 3 to Raft: from now on it may not vanish
	}, wantNewest("3")},
	{"folder after delete", dirSync(where), func(m *vfs.Mem, fsys vfs.FS) (*vfs.Mem, error) {
		s, err := snapshot.Open(m, dir, group)
		if err != nil {
			return nil, err
		}
		if err := save(s, 3); err != nil {
			return nil, err
		}
		if s, err = snapshot.Open(fsys, dir, group); err != nil {
			return nil, err
		}
		return m, s.Delete(s.List()[0].ID)
	}, func(after *vfs.Mem) error {
		if got, err := check(after); err != nil || got != "" {
			return fmt.Errorf("listed %q, %v, want nothing", got, err)
		}
		return nil
	}},
}

// hooked is a fault wrapper that can be laid over the file system of the next
// process.
type hooked struct {
	vfs.FS
	hook func(vfs.Op) error
}

func rehook(fsys vfs.FS, next *vfs.Mem) vfs.FS {
	return vfs.WithFaults(next, fsys.(hooked).hook)
}

// Each fsync is left out in turn: then something must be lost in some crash, or
// the fsync would be superfluous. With it nothing is lost in any. So the row of
// an fsync that is taken out of the code goes red.
func TestFsync(t *testing.T) {
	for _, p := range syncPoints {
		t.Run(p.name, func(t *testing.T) {
			rng := newRand(t)
			if err := p.worst(rng, false); err != nil {
				t.Errorf("lost with all syncs in place: %v", err)
			}
			if err := p.worst(rng, true); err == nil {
				t.Error("nothing is lost without this sync: the test proves nothing")
			}
		})
	}
}

// worst returns what is lost in the worst of many crashes.
func (p syncPoint) worst(rng *rand.Rand, skip bool) error {
	m := vfs.NewMem()
	if err := m.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	if err := m.SyncDir("/"); err != nil {
		return err
	}
	hook := func(op vfs.Op) error {
		if skip && p.is(op) {
			return vfs.ErrSkip
		}
		return nil
	}
	after, err := p.act(m, hooked{vfs.WithFaults(m, hook), hook})
	if err != nil {
		return err
	}
	if err := p.lost(after.CrashKeepNothing()); err != nil {
		return err
	}
	for range 50 {
		if err := p.lost(after.Crash(rng)); err != nil {
			return err
		}
	}
	return nil
}

// The syncs on the way are not for durability: they keep the disk free for the
// log (invariant 7).
func TestFsyncOnTheWayBoundsWhatIsUnsynced(t *testing.T) {
	const most = 1 << 20
	unsynced, worst := 0, 0
	fsys := vfs.WithFaults(newMem(t), func(op vfs.Op) error {
		switch op.Kind {
		case vfs.OpWrite:
			unsynced += op.N
			worst = max(worst, unsynced)
		case vfs.OpSync, vfs.OpDataSync:
			unsynced = 0
		}
		return nil
	})
	s := open(t, fsys)
	w, err := s.Create(metaAt(1))
	must(t, err)
	must(t, w.Section(1, make([]byte, 30<<20)))
	for range 3000 {
		must(t, w.Section(2, make([]byte, 10_000)))
	}
	must(t, w.Commit())
	if worst > most || worst < most/2 {
		t.Errorf("up to %d bytes were unsynced, want at most %d and not far less", worst, most)
	}
}
