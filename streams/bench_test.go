package streams_test

import (
	"bytes"
	"fmt"
	"runtime"
	"testing"

	"github.com/millrace-io/millrace/streams"
)

// filled returns a stream of n entries with one field of so many bytes.
func filled(n, value int) *streams.Stream {
	s := streams.New()
	fields := [][]byte{[]byte("f"), bytes.Repeat([]byte("v"), value)}
	for i := range n {
		s.Append(streams.ID{Ms: 1700000000000 + uint64(i)/4, Seq: uint64(i) % 4}, fields, streams.DefaultLimits)
	}
	return s
}

// BenchmarkAppend grows one stream, cut off now and then so that the machine's
// memory is not what is measured.
func BenchmarkAppend(b *testing.B) {
	for _, fields := range []int{1, 5} {
		for _, value := range []int{10, 100, 1000} {
			b.Run(fmt.Sprintf("fields=%d/value=%dB", fields, value), func(b *testing.B) {
				var args [][]byte
				for i := range fields {
					args = append(args, fmt.Appendf(nil, "field%d", i), bytes.Repeat([]byte("v"), value))
				}
				s := streams.New()
				id := streams.ID{Ms: 1700000000000}
				b.SetBytes(int64(fields * value))
				b.ReportAllocs()
				for b.Loop() {
					id.Seq++
					s.Append(id, args, streams.DefaultLimits)
					if s.Len() == 1<<17 {
						s.Trim(streams.Trim{Kind: streams.TrimMaxLen}, streams.DefaultLimits)
					}
				}
			})
		}
	}
}

// BenchmarkRange walks windows of a stream of 200,000 entries and takes the
// fields of each entry. One operation is one window.
func BenchmarkRange(b *testing.B) {
	s := filled(200_000, 100)
	var fields [][]byte
	for _, count := range []int{1, 10, 1000} {
		for _, reverse := range []bool{false, true} {
			b.Run(fmt.Sprintf("count=%d/reverse=%v", count, reverse), func(b *testing.B) {
				b.ReportAllocs()
				at := uint64(0)
				for b.Loop() {
					at = (at + 7919) % 40_000
					middle := streams.ID{Ms: 1700000000000 + at + 5000}
					c := s.Range(middle, streams.MaxID)
					if reverse {
						c = s.RevRange(streams.MinID, middle)
					}
					for i := 0; i < count && c.Next(); i++ {
						fields = c.AppendFields(fields[:0])
					}
				}
			})
		}
	}
}

// BenchmarkHas looks for entries all over a stream.
func BenchmarkHas(b *testing.B) {
	s := filled(200_000, 100)
	b.ReportAllocs()
	at := uint64(0)
	for b.Loop() {
		at = (at + 7919) % 200_000
		if !s.Has(streams.ID{Ms: 1700000000000 + at/4, Seq: at % 4}) {
			b.Fatal("entry not found")
		}
	}
}

// BenchmarkTrim cuts down a clone of a stream of a million entries. It leaves out
// making the clone.
func BenchmarkTrim(b *testing.B) {
	const n = 1_000_000
	s := filled(n, 10)
	for _, keep := range []uint64{0, 1000, n / 2, n - 1000} {
		b.Run(fmt.Sprintf("entries=%d/keep=%d", n, keep), func(b *testing.B) {
			for b.Loop() {
				b.StopTimer()
				c := s.Clone()
				b.StartTimer()
				c.Trim(streams.Trim{Kind: streams.TrimMaxLen, MaxLen: keep}, streams.DefaultLimits)
			}
		})
	}
}

// BenchmarkBytesPerEntry reports the memory of a stream of a million entries with
// one field, as the runtime sees it and as Bytes does, and its ratio to payload.
func BenchmarkBytesPerEntry(b *testing.B) {
	for _, value := range []int{10, 100, 1000} {
		b.Run(fmt.Sprintf("fields=1/value=%dB", value), func(b *testing.B) {
			const n = 1_000_000
			var s *streams.Stream
			var used uint64
			for b.Loop() {
				s = nil
				before := heap()
				s = filled(n, value)
				used = heap() - before
			}
			b.ReportMetric(float64(used)/n, "heapB/entry")
			b.ReportMetric(float64(s.Bytes())/n, "countedB/entry")
			b.ReportMetric(float64(used)/n/float64(value), "heap/payload")
		})
	}
}

func heap() uint64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}
