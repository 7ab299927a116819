package idmp_test

import (
	"fmt"
	"testing"

	"github.com/millrace-io/millrace/idmp"
	"github.com/millrace-io/millrace/streams"
)

// BenchmarkRecord is what XADD IDMP costs beside XADD, once the producer is full: each
// new iid pushes the oldest out.
func BenchmarkRecord(b *testing.B) {
	for _, size := range []int{100, 10_000, 1_000_000} {
		b.Run(fmt.Sprintf("maxsize=%d", size), func(b *testing.B) {
			p := idmp.New(idmp.Limits{Duration: 1000, MaxSize: size})
			n := 0
			add := func() {
				pair := idmp.NewPair([]byte("producer"), uuid(n))
				id := streams.ID{Ms: uint64(n)}
				if _, known := p.Find(pair, int64(id.Ms)); !known {
					p.Record(pair, id)
				}
				n++
			}
			for range size {
				add()
			}
			b.ReportAllocs()
			for b.Loop() {
				add()
			}
		})
	}
}

// BenchmarkFind is what a repeated entry costs.
func BenchmarkFind(b *testing.B) {
	for _, size := range []int{100, 10_000, 1_000_000} {
		b.Run(fmt.Sprintf("iids=%d", size), func(b *testing.B) {
			p := idmp.New(idmp.Limits{Duration: 1000, MaxSize: size})
			for n := range size {
				p.Record(idmp.NewPair([]byte("producer"), uuid(n)), streams.ID{Ms: uint64(n)})
			}
			n := 0
			b.ReportAllocs()
			for b.Loop() {
				n = (n + 7919) % size
				if _, known := p.Find(idmp.NewPair([]byte("producer"), uuid(n)), 0); !known {
					b.Fatal("not there")
				}
			}
		})
	}
}
