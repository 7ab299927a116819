package replication

// White-box: entries are made and applied without a log in between.

import (
	"bytes"
	"fmt"
	"testing"
	"time"

	"github.com/hashicorp/raft"

	"github.com/millrace-io/millrace/blocking"
	"github.com/millrace-io/millrace/resp/wire"
)

// busywork is a state machine that does nothing, and answers OK.
type busywork struct{ StateMachine }

func (busywork) Begin(uint64, int64)           {}
func (busywork) Ready() ([]blocking.Key, bool) { return nil, false }
func (busywork) NextUpkeep() int64             { return 0 }

func (busywork) Apply(_ *Request, _ uint32, out []byte) ([]byte, *blocking.Wait) {
	return append(out, "+OK\r\n"...), nil
}

// thrown is a reply that nobody wants.
type thrown struct{}

func (thrown) Fill([]byte) {}

// additions are requests as of a pipeline of XADD.
func additions(n int) []*Request {
	value := bytes.Repeat([]byte{'x'}, 100)
	reqs := make([]*Request, n)
	for i := range reqs {
		reqs[i] = &Request{Class: Log, Proto: wire.RESP2, Args: append(args("XADD", "stream", "*", "field"), value), To: thrown{}}
	}
	return reqs
}

// eachDepth runs a benchmark for batches of so many requests, and reports what one
// of them takes.
func eachDepth(b *testing.B, bench func(b *testing.B, p *Partition, reqs []*Request)) {
	for _, n := range []int{1, 16, 128, 1024} {
		b.Run(fmt.Sprintf("value=100B/requests=%d", n), func(b *testing.B) {
			p := New(busywork{}, Options{Origin: Origin{Node: 1, Boot: 2}, Flush: func() {}})
			b.ReportAllocs()
			bench(b, p, additions(n))
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(n), "ns/request")
		})
	}
}

// entryOf makes an entry as the proposer does, of a batch that is in flight then.
func (p *Partition) entryOf(reqs []*Request) []byte {
	own := p.proposer.newBatch()
	for _, r := range reqs {
		own.add(r, p)
	}
	return appendEntry(header{time.Hour.Milliseconds(), p.Origin, own.proposal}, own.parts)
}

// BenchmarkEncode makes the entry of a batch.
func BenchmarkEncode(b *testing.B) {
	eachDepth(b, func(b *testing.B, p *Partition, reqs []*Request) {
		b.SetBytes(int64(len(p.entryOf(reqs))))
		parts := p.proposer.takeInFlight(1).parts
		for b.Loop() {
			appendEntry(header{proposer: p.Origin, proposal: 1}, parts)
		}
	})
}

// BenchmarkApplyOwn makes entries and applies them, as a leader does: with the batch
// at hand, and a reply to each request. The state machine does nothing.
func BenchmarkApplyOwn(b *testing.B) {
	eachDepth(b, func(b *testing.B, p *Partition, reqs []*Request) {
		index := uint64(0)
		for b.Loop() {
			<-p.proposer.window
			index++
			p.apply(&raft.Log{Index: index, Data: p.entryOf(reqs)})
		}
		if _, got := p.appliedOf(p.Origin); got != index {
			b.Fatalf("%d of %d entries were applied", got, index)
		}
	})
}

// BenchmarkApplyDecoded applies entries that another node has made, as a replica does
// and a start. The timer leaves out how they are made.
func BenchmarkApplyDecoded(b *testing.B) {
	eachDepth(b, func(b *testing.B, p *Partition, reqs []*Request) {
		entry := p.entryOf(reqs) // the first of its origin
		b.SetBytes(int64(len(entry)))
		other := New(busywork{}, Options{Origin: Origin{Node: 3, Boot: 4}, Flush: func() {}})
		index := uint64(0)
		for b.Loop() {
			index++
			other.origins = origins{} // or it would be skipped: it was applied before
			other.apply(&raft.Log{Index: index, Data: entry})
		}
		if _, got := other.appliedOf(p.Origin); got != 1 {
			b.Fatalf("the entry was applied as of sequence %d", got)
		}
	})
}

// appliedOf is the last entry applied, and the last sequence of an origin.
func (p *Partition) appliedOf(o Origin) (index, sequence uint64) {
	return p.applied, p.origins.of(o).sequence
}
