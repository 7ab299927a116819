package log_test

import (
	"bytes"
	"errors"
	"fmt"
	"path/filepath"
	"sync"
	"testing"

	"github.com/millrace-io/millrace/storage/log"
	"github.com/millrace-io/millrace/storage/vfs"
)

// entries returns n entries from index first on, with data of the given size.
func entries(first uint64, n int, term uint64, size int) []log.Entry {
	es := make([]log.Entry, n)
	for i := range es {
		index := first + uint64(i)
		es[i] = log.Entry{Index: index, Term: term, Type: uint8(index % 3), Data: payload(index, term, size), AppendedAt: int64(index) * 1000}
		if index%5 == 0 {
			es[i].Extensions = []byte(fmt.Sprint("ext", index))
		}
	}
	return es
}

func payload(index, term uint64, size int) []byte {
	if size == 0 {
		return nil
	}
	b := bytes.Repeat([]byte{byte(index), byte(term), 0xa5, byte(index >> 8)}, size/4+1)
	return b[:size]
}

func sameEntry(a, b *log.Entry) bool {
	return a.Index == b.Index && a.Term == b.Term && a.Type == b.Type && a.AppendedAt == b.AppendedAt &&
		bytes.Equal(a.Data, b.Data) && bytes.Equal(a.Extensions, b.Extensions)
}

func mustEntries(t *testing.T, g *log.Group, want []log.Entry) {
	t.Helper()
	for i := range want {
		var e log.Entry
		if err := g.Entry(want[i].Index, &e); err != nil {
			t.Fatalf("entry %d: %v", want[i].Index, err)
		}
		if !sameEntry(&e, &want[i]) {
			t.Fatalf("entry %d differs", want[i].Index)
		}
	}
}

func mustOpen(t testing.TB, fs vfs.FS, dir string, o log.Options) *log.Log {
	t.Helper()
	l, err := log.Open(fs, dir, o)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func TestEntriesSurviveReopen(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "log")
	o := log.Options{SegmentBytes: 64 << 10, CacheBytes: -1}
	l := mustOpen(t, vfs.OS(), dir, o)
	var want []log.Entry
	g := l.Group(7)
	for i, size := range []int{0, 1, 100, 3000, 5000, 20000, 70000, 300000, 8} {
		es := entries(uint64(len(want)+1), i+1, uint64(i+1), size)
		must(t, g.Append(es))
		want = append(want, es...)
		mustEntries(t, g, want)
	}
	must(t, g.SetState(log.State{Term: 9, VoteTerm: 8, VoteFor: []byte("n1")}))
	for range 3 {
		must(t, l.Close())
		l = mustOpen(t, vfs.OS(), dir, o)
		g = l.Group(7)
		if g.FirstIndex() != 1 || g.LastIndex() != uint64(len(want)) {
			t.Fatalf("holds %d to %d", g.FirstIndex(), g.LastIndex())
		}
		mustEntries(t, g, want)
		if s := g.State(); s.Term != 9 || s.VoteTerm != 8 || string(s.VoteFor) != "n1" {
			t.Fatalf("state %+v", s)
		}
	}
	must(t, l.Close())
}

func TestConcurrentGroupsShareSyncs(t *testing.T) {
	l := mustOpen(t, vfs.OS(), t.TempDir(), log.Options{SegmentBytes: 256 << 10})
	defer l.Close()
	const groups, appends = 8, 50
	var wg sync.WaitGroup
	for id := range log.GroupID(groups) {
		wg.Go(func() {
			for i := range uint64(appends) {
				if err := l.Group(id).Append(entries(i+1, 1, 1, 500)); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	for id := range log.GroupID(groups) {
		mustEntries(t, l.Group(id), entries(1, appends, 1, 500))
	}
	if s := l.Stats(); s.Syncs >= groups*appends {
		t.Errorf("%d syncs for %d appends", s.Syncs, groups*appends)
	}
}

func TestClosedLogAnswersErrClosed(t *testing.T) {
	l := mustOpen(t, vfs.OS(), t.TempDir(), log.Options{SegmentBytes: 64 << 10})
	g := l.Group(1)
	must(t, g.Append(entries(1, 1, 1, 10)))
	must(t, l.Close())
	var e log.Entry
	for name, err := range map[string]error{
		"Append":        g.Append(entries(2, 1, 1, 10)),
		"Append none":   g.Append(nil),
		"SetState":      g.SetState(log.State{}),
		"TruncateFront": g.TruncateFront(1),
		"TruncateBack":  g.TruncateBack(1),
		"Reset":         g.Reset(5, 1),
		"Entry":         g.Entry(1, &e),
		"Collect":       l.Collect(func(log.GroupID) uint64 { return 9 }),
		"Sync":          l.Sync(),
		"SetSync":       l.SetSync(log.SyncAlways),
		"Err":           l.Err(),
		"Close":         l.Close(),
	} {
		if !errors.Is(err, log.ErrClosed) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
