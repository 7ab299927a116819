package log_test

import (
	"testing"

	"github.com/millrace-io/millrace/storage/log"
)

// With fsync off a power loss takes entries, but never a vote, and what is left
// is a log: its end is cut, it does not look damaged, entries have no gap.
func TestPowerLossWithFsyncOff(t *testing.T) {
	rng := newRand(t)
	o := smallLog()
	o.Sync = log.SyncNone
	for n := 0; ; n++ {
		mem := newMem(t)
		l, err := log.Open(stopAt(mem, n), dir, o)
		if err != nil {
			continue
		}
		want := newModel()
		may := run(t, l, want, life())
		for range 8 {
			lost := mem.Crash(rng)
			back := mustOpen(t, lost, dir, o)
			for id, g := range want.groups {
				if s := back.Group(id).State(); s.Term < g.state.Term {
					t.Fatalf("step %d: group %d is in term %d, acknowledged %d", n, id, s.Term, g.state.Term)
				}
				mustBeWhole(t, back.Group(id))
			}
			must(t, back.Close())
			again := mustOpen(t, lost.CrashKeepNothing(), dir, o)
			for id := range want.groups {
				if a, b := again.Group(id).LastIndex(), back.Group(id).LastIndex(); a != b {
					t.Fatalf("step %d: group %d ended with %d, then with %d", n, id, b, a)
				}
			}
		}
		if may == nil {
			return
		}
	}
}

// A vote is on the disk when it is acknowledged, in every mode and with nothing behind it
// that would sync: who lost it could vote twice in a term.
func TestVoteIsSyncedWhateverTheMode(t *testing.T) {
	for _, mode := range []log.SyncMode{log.SyncAlways, log.SyncEverySec, log.SyncNone} {
		mem, o := newMem(t), smallLog()
		o.Sync = mode
		l := mustOpen(t, mem, dir, o)
		for term := uint64(1); term <= 3; term++ {
			must(t, l.Group(1).SetState(log.State{Term: term, VoteTerm: term, VoteFor: []byte("node-b")}))
			back := mustOpen(t, mem.CrashKeepNothing(), dir, o)
			if s := back.Group(1).State(); s.Term != term || s.VoteTerm != term || string(s.VoteFor) != "node-b" {
				t.Errorf("mode %v: term %d is %+v after a power loss", mode, term, s)
			}
			must(t, back.Close())
		}
		must(t, l.Close())
	}
}

func mustBeWhole(t *testing.T, g *log.Group) {
	t.Helper()
	var e log.Entry
	for i := g.FirstIndex(); i > 0 && i <= g.LastIndex(); i++ {
		if err := g.Entry(i, &e); err != nil || e.Index != i {
			t.Fatalf("group %d, entry %d: %v", g.ID(), i, err)
		}
	}
}
