package log_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/hashicorp/raft"
	"pgregory.net/rapid"

	"github.com/millrace-io/millrace/storage/log"
	"github.com/millrace-io/millrace/storage/storagetest"
	"github.com/millrace-io/millrace/storage/vfs"
)

// raftStore is a group as Raft sees it.
type raftStore struct {
	l *log.Log
	g *log.Group
}

func newRaftStore(l *log.Log) *raftStore { return &raftStore{l: l, g: l.Group(1)} }

func (s *raftStore) FirstIndex() (uint64, error) { return s.g.FirstIndex(), nil }
func (s *raftStore) LastIndex() (uint64, error)  { return s.g.LastIndex(), nil }
func (s *raftStore) StoreLog(l *raft.Log) error  { return s.StoreLogs([]*raft.Log{l}) }
func (s *raftStore) IsMonotonic() bool           { return true }
func (s *raftStore) StoreLogs(ls []*raft.Log) error {
	es := make([]log.Entry, len(ls))
	for i, l := range ls {
		es[i] = log.Entry{Index: l.Index, Term: l.Term, Type: uint8(l.Type), Data: l.Data, Extensions: l.Extensions, AppendedAt: l.AppendedAt.UnixNano()}
	}
	return s.g.Append(es)
}

func (s *raftStore) GetLog(i uint64, l *raft.Log) error {
	var e log.Entry
	if err := s.g.Entry(i, &e); errors.Is(err, log.ErrNotFound) {
		return raft.ErrLogNotFound
	} else if err != nil {
		return err
	}
	*l = raft.Log{Index: e.Index, Term: e.Term, Type: raft.LogType(e.Type), Data: e.Data, Extensions: e.Extensions, AppendedAt: time.Unix(0, e.AppendedAt)}
	return nil
}

func (s *raftStore) DeleteRange(from, to uint64) error {
	switch first, last := s.g.FirstIndex(), s.g.LastIndex(); {
	case from <= first:
		return s.g.TruncateFront(to)
	case to >= last:
		return s.g.TruncateBack(from)
	default:
		return fmt.Errorf("delete %d to %d of %d to %d", from, to, first, last)
	}
}

func TestConformsToLogStore(t *testing.T) {
	var fs vfs.FS
	o := smallLog()
	open := func(t testing.TB) raft.LogStore { return newRaftStore(mustOpen(t, fs, dir, o)) }
	h := storagetest.Harness{
		Open: func(t testing.TB) raft.LogStore {
			fs = newMem(t)
			return open(t)
		},
		Reopen: func(t testing.TB, s raft.LogStore) raft.LogStore {
			must(t, s.(*raftStore).l.Close())
			return open(t)
		},
	}
	t.Run("from disk", func(t *testing.T) { storagetest.TestLogStore(t, h) })
	o.CacheBytes = 0
	t.Run("from memory", func(t *testing.T) { storagetest.TestLogStore(t, h) })
}

// Random operations on the log and on its twin on tidwall/wal leave the same.
func TestSameAsTwin(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		mem := newMem(t)
		ours := newRaftStore(mustOpen(t, mem, dir, smallLog()))
		twin, err := storagetest.OpenTwin(t.TempDir())
		must(t, err)
		defer twin.Close()
		next := uint64(1)
		term := uint64(1)
		for range rapid.IntRange(1, 25).Draw(r, "steps") {
			first, _ := twin.FirstIndex()
			last, _ := twin.LastIndex()
			switch rapid.SampledFrom([]string{"append", "append", "append", "front", "back", "collect", "reopen", "kill", "crash", "mark"}).Draw(r, "op") {
			case "append":
				if last == 0 {
					next += uint64(rapid.IntRange(0, 50).Draw(r, "jump"))
				} else {
					next = last + 1
				}
				logs := storagetest.Logs(next, rapid.IntRange(1, 20).Draw(r, "n"), term, rapid.SampledFrom([]int{0, 30, 3000, 9000}).Draw(r, "size"))
				must(t, ours.StoreLogs(logs))
				must(t, twin.StoreLogs(logs))
				next = logs[len(logs)-1].Index + 1
			case "front":
				if last > 0 {
					to := uint64(rapid.IntRange(int(first), int(last)).Draw(r, "to"))
					must(t, ours.DeleteRange(first, to))
					must(t, twin.DeleteRange(first, to))
				}
			case "back":
				if last > first {
					from := uint64(rapid.IntRange(int(first)+1, int(last)).Draw(r, "from"))
					must(t, ours.DeleteRange(from, last))
					must(t, twin.DeleteRange(from, last))
					term++
				}
			case "collect":
				keep := uint64(rapid.IntRange(0, 500).Draw(r, "keep"))
				must(t, ours.l.Collect(func(log.GroupID) uint64 { return keep }))
			case "mark":
				must(t, ours.l.Mark())
			case "reopen":
				must(t, ours.l.Close())
				ours = newRaftStore(mustOpen(t, mem, dir, smallLog()))
			case "kill":
				mem = mem.KillProcess()
				ours = newRaftStore(mustOpen(t, mem, dir, smallLog()))
			case "crash":
				mem = mem.CrashKeepNothing()
				ours = newRaftStore(mustOpen(t, mem, dir, smallLog()))
			}
			sameStores(r, ours, twin)
		}
	})
}

func sameStores(r *rapid.T, ours, twin raft.LogStore) {
	f1, _ := ours.FirstIndex()
	l1, _ := ours.LastIndex()
	f2, _ := twin.FirstIndex()
	l2, _ := twin.LastIndex()
	if f1 != f2 || l1 != l2 {
		r.Fatalf("ours holds %d to %d, the twin %d to %d", f1, l1, f2, l2)
	}
	for i := f2; i <= l2 && i > 0; i++ {
		var a, b raft.Log
		if err := ours.GetLog(i, &a); err != nil {
			r.Fatalf("log %d: %v", i, err)
		}
		if err := twin.GetLog(i, &b); err != nil {
			r.Fatalf("log %d of the twin: %v", i, err)
		}
		if !storagetest.SameLog(&a, &b) {
			r.Fatalf("log %d differs", i)
		}
	}
}
