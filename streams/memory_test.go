package streams_test

import (
	"bytes"
	"runtime"
	"testing"

	"github.com/millrace-io/millrace/streams"
)

// TestMemoryBudget holds the promise of 1.35 times the payload for one field of
// 100 bytes, and that Bytes tells the truth within a tenth.
func TestMemoryBudget(t *testing.T) {
	const n, payload = 200_000, 100
	before := heap()
	s := filled(n, payload)
	used := float64(heap() - before)
	if ratio := used / (n * payload); ratio > 1.35 {
		t.Errorf("%.2f times the payload", ratio)
	}
	if counted := float64(s.Bytes()); counted < 0.9*used || counted > 1.1*used {
		t.Errorf("Bytes says %.0f, the heap %.0f", counted, used)
	}
	runtime.KeepAlive(s)
}

func TestSmallStreamIsSmall(t *testing.T) {
	const n = 10_000
	keep := make([]*streams.Stream, n)
	before := heap()
	for i := range keep {
		keep[i] = filled(1, 100)
	}
	if each := (heap() - before) / n; each > 100+500 {
		t.Errorf("a stream of one entry takes %d bytes", each)
	}
	runtime.KeepAlive(keep)
}

// TestLargeValueIsCopiedOnce: a value beyond the limits gets a buffer of its size.
func TestLargeValueIsCopiedOnce(t *testing.T) {
	const size = 64 << 20
	for _, lim := range []streams.Limits{streams.DefaultLimits, {}} {
		s := filled(1, 100)
		value := make([]byte, size)
		fields := [][]byte{[]byte("f"), value}
		var m0, m1 runtime.MemStats
		runtime.ReadMemStats(&m0)
		s.Append(streams.MaxID, fields, lim)
		runtime.ReadMemStats(&m1)
		if got := m1.TotalAlloc - m0.TotalAlloc; got > size+size/100 {
			t.Errorf("%+v: appending %d bytes allocated %d", lim, size, got)
		}
		if got := s.Bytes(); got > size+size/100 {
			t.Errorf("%+v: Bytes is %d", lim, got)
		}
		header, chunks := encoded(s)
		runtime.ReadMemStats(&m0)
		if _, err := decodedInPlace(header, chunks); err != nil {
			t.Fatal(err)
		}
		runtime.ReadMemStats(&m1)
		if got := m1.TotalAlloc - m0.TotalAlloc; got > size+size/100 {
			t.Errorf("%+v: restoring %d bytes allocated %d", lim, size, got)
		}
	}
}

func decodedInPlace(header []byte, chunks [][]byte) (*streams.Stream, error) {
	s, err := streams.NewFromHeader(header)
	for _, b := range chunks {
		if err == nil {
			err = s.AddChunk(b)
		}
	}
	return s, err
}

func TestReadsDoNotAllocate(t *testing.T) {
	s := filled(10_000, 100)
	s.Delete(id(1700000000100, 2))
	fields := make([][]byte, 0, 8)
	for _, row := range []struct {
		name string
		run  func()
	}{
		{"range", func() {
			for c := s.Range(id(1700000000100, 0), id(1700000000200, 0)); c.Next(); {
				fields = c.AppendFields(fields[:0])
			}
		}},
		{"reverse range", func() {
			for c := s.RevRange(id(1700000000100, 0), id(1700000000200, 0)); c.Next(); {
				fields = c.AppendFields(fields[:0])
			}
		}},
		{"has", func() { s.Has(id(1700000000100, 1)) }},
		{"last entry", func() { s.LastEntryID() }},
	} {
		t.Run(row.name, func(t *testing.T) {
			if n := testing.AllocsPerRun(100, row.run); n != 0 {
				t.Errorf("%v allocations", n)
			}
		})
	}
}

// TestDeletedMemoryComesBack deletes three of four entries everywhere.
func TestDeletedMemoryComesBack(t *testing.T) {
	const n = 100_000
	s := filled(n, 100)
	full := s.Bytes()
	for i := range uint64(n) {
		if i%4 != 0 {
			s.Delete(id(1700000000000+i/4, i%4))
		}
	}
	if got := s.Bytes(); got > full*6/10 {
		t.Errorf("a quarter of the entries takes %d of %d bytes", got, full)
	}
	streams.CheckInvariants(t, s)
}

func TestAppendRefusesLowID(t *testing.T) {
	s := filled(5, 1)
	want := sum(s)
	func() {
		defer func() {
			if recover() == nil {
				t.Error("an entry was added at the last ID")
			}
		}()
		s.Append(s.LastID(), [][]byte{[]byte("f"), bytes.Repeat([]byte("v"), 5000)}, streams.DefaultLimits)
	}()
	if got := sum(s); got != want {
		t.Errorf("the refused entry changed the stream: %s, was %s", got, want)
	}
}
