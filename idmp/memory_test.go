package idmp_test

import (
	"fmt"
	"runtime"
	"testing"

	"github.com/millrace-io/millrace/idmp"
	"github.com/millrace-io/millrace/streams"
)

func heap() int64 {
	var m runtime.MemStats
	for range 2 {
		runtime.GC()
	}
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

// uuid is an iid of the usual length.
func uuid(i int) []byte { return fmt.Appendf(nil, "%08x-b5c6-4f1e-9d3a-%012x", i*2654435761, i) }

// TestMemoryPerIID holds what docs/commands.md says of the cost, and that Bytes tells
// the truth within a tenth.
func TestMemoryPerIID(t *testing.T) {
	for _, row := range []struct {
		name            string
		producers, iids int
		iid             func(int) []byte
		most            int64 // bytes for each iid beside its own
	}{
		{"one producer, UUIDs", 1, 200_000, uuid, 45},
		{"one producer, digests", 1, 200_000, func(i int) []byte { d := idmp.Digest([][]byte{uuid(i), nil}); return d[:] }, 45},
		{"100 producers", 100, 500, uuid, 45},
		{"5000 producers", 5000, 10, uuid, 100},
		{"20,000 producers of one iid", 20_000, 1, uuid, 400},
	} {
		t.Run(row.name, func(t *testing.T) {
			p := idmp.New(idmp.Limits{Duration: 1000, MaxSize: idmp.MaxMaxSize})
			before := heap()
			for i := range row.iids {
				for j := range row.producers {
					n := i*row.producers + j
					pair := idmp.NewPair(fmt.Append(nil, "producer-", j), row.iid(n))
					p.Record(pair, streams.ID{Ms: uint64(1_700_000_000_000 + n/100), Seq: uint64(n % 100)})
				}
			}
			used := heap() - before
			n := int64(row.producers * row.iids)
			length := int64(len(row.iid(0)))
			t.Logf("%d bytes for each iid of %d; Bytes says %d", used/n, length, p.Bytes()/n)
			if used/n-length > row.most {
				t.Errorf("%d bytes for each iid of %d", used/n, length)
			}
			if counted := p.Bytes(); counted < used*9/10 || counted > used*11/10 {
				t.Errorf("Bytes says %d, the heap %d", counted, used)
			}
			runtime.KeepAlive(&p)
		})
	}
}

// What expires or is pushed out gives its memory back.
func TestForgottenMemoryComesBack(t *testing.T) {
	p := idmp.New(idmp.Limits{Duration: 1, MaxSize: 100})
	var full int64
	for i := range 100_000 {
		p.Record(idmp.NewPair([]byte("p"), uuid(i)), streams.ID{Ms: uint64(i)})
		if i == 1000 {
			full = p.Bytes()
		}
	}
	if p.Bytes() > full*11/10 {
		t.Errorf("100 iids take %d bytes, once %d", p.Bytes(), full)
	}
	if n := p.Forget(1_000_000, 1000); n != 100 || p.Bytes() != 0 || p.PIDs() != 0 {
		t.Errorf("%d forgotten, %d bytes and %d producers are left", n, p.Bytes(), p.PIDs())
	}
}
