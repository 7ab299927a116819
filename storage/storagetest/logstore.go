package storagetest

import (
	"bytes"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/hashicorp/raft"
)

// Harness opens the stores that TestLogStore tests.
type Harness struct {
	// Open returns an empty store, which it closes when the test is over.
	Open func(t testing.TB) raft.LogStore
	// Reopen closes s and opens what it stored. nil: s is in memory only.
	Reopen func(t testing.TB, s raft.LogStore) raft.LogStore
}

// TestLogStore runs the conformance suite.
func TestLogStore(t *testing.T, h Harness) {
	for _, c := range []struct {
		name string
		test func(*testing.T, Harness)
	}{
		{"empty store has indexes 0", testEmpty},
		{"stored logs come back whole", testWhole},
		{"begins at any index", testAnyIndex},
		{"deletes at the front", testDeleteFront},
		{"deletes at the back and goes on", testDeleteBack},
		{"deletes all and begins elsewhere", testDeleteAll},
		{"refuses a gap", testGap},
		{"survives reopening", testReopen},
		{"reads from several goroutines", testConcurrentReads},
	} {
		t.Run(c.name, func(t *testing.T) { c.test(t, h) })
	}
}

// Log is a log entry as the suite stores it.
func Log(index, term uint64, size int) *raft.Log {
	l := &raft.Log{Index: index, Term: term, Type: raft.LogType(index % 6), AppendedAt: time.Unix(1700000000, int64(index))}
	if size > 0 {
		l.Data = bytes.Repeat([]byte{byte(index), byte(term), 7}, size/3+1)[:size]
	}
	if index%3 == 0 {
		l.Extensions = fmt.Append(nil, "extension of ", index)
	}
	return l
}

// Logs are n logs from index first on.
func Logs(first uint64, n int, term uint64, size int) []*raft.Log {
	logs := make([]*raft.Log, n)
	for i := range logs {
		logs[i] = Log(first+uint64(i), term, size)
	}
	return logs
}

// SameLog compares what a store keeps of a log.
func SameLog(a, b *raft.Log) bool {
	return a.Index == b.Index && a.Term == b.Term && a.Type == b.Type && bytes.Equal(a.Data, b.Data) &&
		bytes.Equal(a.Extensions, b.Extensions) && a.AppendedAt.Equal(b.AppendedAt)
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// holds checks that s holds exactly these logs (and perhaps some below).
func holds(t testing.TB, s raft.LogStore, logs ...*raft.Log) {
	t.Helper()
	var first, last uint64
	if len(logs) > 0 {
		first, last = logs[0].Index, logs[len(logs)-1].Index
	}
	f, err := s.FirstIndex()
	must(t, err)
	l, err := s.LastIndex()
	must(t, err)
	if f != first || l != last {
		t.Fatalf("holds %d to %d, want %d to %d", f, l, first, last)
	}
	for _, want := range logs {
		var got raft.Log
		if err := s.GetLog(want.Index, &got); err != nil {
			t.Fatalf("log %d: %v", want.Index, err)
		}
		if !SameLog(&got, want) {
			t.Fatalf("log %d: got %+v, want %+v", want.Index, got, *want)
		}
	}
	if last == 0 {
		return // below its first index a store may go on answering
	}
	var got raft.Log
	if err := s.GetLog(last+1, &got); !errors.Is(err, raft.ErrLogNotFound) {
		t.Fatalf("log %d behind the last: %v", last+1, err)
	}
}

func isMonotonic(s raft.LogStore) bool {
	m, ok := s.(raft.MonotonicLogStore)
	return ok && m.IsMonotonic()
}

func testEmpty(t *testing.T, h Harness) {
	s := h.Open(t)
	holds(t, s)
	if isMonotonic(s) { // InmemStore takes what follows to heart
		must(t, s.DeleteRange(0, 10)) // Raft compacts an empty log so
		holds(t, s)
	}
}

func testWhole(t *testing.T, h Harness) {
	s := h.Open(t)
	var all []*raft.Log
	for i, size := range []int{0, 1, 7, 8, 100, 2047, 2048, 4095, 4096, 4097, 70000, 300000} {
		l := Log(uint64(i+1), uint64(i/3+1), size)
		must(t, s.StoreLog(l))
		all = append(all, l)
		holds(t, s, all...)
	}
	more := Logs(uint64(len(all)+1), 200, 9, 700)
	must(t, s.StoreLogs(more))
	holds(t, s, append(all, more...)...)
}

func testAnyIndex(t *testing.T, h Harness) {
	s := h.Open(t)
	logs := Logs(4711, 5, 3, 100)
	must(t, s.StoreLogs(logs))
	holds(t, s, logs...)
}

func testDeleteFront(t *testing.T, h Harness) {
	s := h.Open(t)
	logs := Logs(1, 10, 1, 5000)
	must(t, s.StoreLogs(logs))
	must(t, s.DeleteRange(1, 4))
	holds(t, s, logs[4:]...)
	must(t, s.DeleteRange(5, 5))
	holds(t, s, logs[5:]...)
	next := Logs(11, 2, 1, 10)
	must(t, s.StoreLogs(next))
	holds(t, s, append(logs[5:], next...)...)
}

func testDeleteBack(t *testing.T, h Harness) {
	s := h.Open(t)
	logs := Logs(1, 10, 1, 100)
	must(t, s.StoreLogs(logs))
	must(t, s.DeleteRange(8, 10))
	holds(t, s, logs[:7]...)
	other := Logs(8, 5, 2, 60)
	must(t, s.StoreLogs(other))
	holds(t, s, append(logs[:7:7], other...)...)
}

func testDeleteAll(t *testing.T, h Harness) {
	s := h.Open(t)
	must(t, s.StoreLogs(Logs(1, 10, 1, 100)))
	must(t, s.DeleteRange(1, 10))
	holds(t, s)
	logs := Logs(500, 3, 4, 100)
	must(t, s.StoreLogs(logs))
	holds(t, s, logs...)
}

func testGap(t *testing.T, h Harness) {
	s := h.Open(t)
	if !isMonotonic(s) {
		t.Skip("this store takes gaps")
	}
	logs := Logs(1, 3, 1, 100)
	must(t, s.StoreLogs(logs))
	if err := s.StoreLogs(Logs(5, 1, 1, 10)); err == nil {
		t.Error("a gap behind the last log was taken")
	}
	if err := s.StoreLogs([]*raft.Log{Log(4, 1, 1), Log(6, 1, 1)}); err == nil {
		t.Error("a gap within a batch was taken")
	}
	holds(t, s, logs...)
}

func testReopen(t *testing.T, h Harness) {
	if h.Reopen == nil {
		t.Skip("this store is in memory only")
	}
	s := h.Open(t)
	logs := Logs(100, 20, 3, 6000)
	must(t, s.StoreLogs(logs))
	must(t, s.DeleteRange(100, 104))
	must(t, s.DeleteRange(118, 119))
	s = h.Reopen(t, s)
	holds(t, s, logs[5:18]...)
	next := Logs(118, 4, 4, 10)
	must(t, s.StoreLogs(next))
	s = h.Reopen(t, s)
	holds(t, s, append(logs[5:18:18], next...)...)
	must(t, s.DeleteRange(105, 121))
	s = h.Reopen(t, s)
	holds(t, s)
	logs = Logs(1000, 2, 9, 50)
	must(t, s.StoreLogs(logs))
	holds(t, h.Reopen(t, s), logs...)
}

func testConcurrentReads(t *testing.T, h Harness) {
	s := h.Open(t)
	logs := Logs(1, 100, 1, 500)
	must(t, s.StoreLogs(logs[:50]))
	var wg sync.WaitGroup
	for r := range 4 {
		wg.Go(func() {
			for i := range 200 {
				want := logs[(i*7+r)%50]
				var got raft.Log
				if err := s.GetLog(want.Index, &got); err != nil || !SameLog(&got, want) {
					t.Errorf("log %d: %v", want.Index, err)
				}
			}
		})
	}
	for _, l := range logs[50:] {
		must(t, s.StoreLog(l))
	}
	wg.Wait()
	holds(t, s, logs...)
}
