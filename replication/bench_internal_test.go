package replication

// White-box: entries are made and applied without a log in between.

import (
	"bytes"
	"fmt"
	"log/slog"
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
func (busywork) NextUpkeep(bool) int64         { return 0 }

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
			b.ReportAllocs()
			bench(b, idle(Origin{Node: 1, Boot: 2}), additions(n))
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(n), "ns/request")
		})
	}
}

// idle is a partition that was never started: it has no log.
func idle(o Origin) *Partition {
	return New(busywork{}, Options{Origin: o, Flush: func() {}, Logger: slog.New(slog.DiscardHandler)})
}

// entryOf makes an entry as a leader's proposer does, of a part that is on its way then.
func (p *Partition) entryOf(reqs []*Request) []byte {
	own := p.stream.newPart()
	own.reqs = append(own.reqs, reqs...)
	p.stream.add(own, time.Time{})
	return entryAround(own)
}

func entryAround(own *part) []byte {
	return appendSized(appendHeader(make([]byte, 0, headerSize+partSize(own)), time.Hour.Milliseconds()), own)
}

// BenchmarkEncode makes the entry of a batch.
func BenchmarkEncode(b *testing.B) {
	eachDepth(b, func(b *testing.B, p *Partition, reqs []*Request) {
		b.SetBytes(int64(len(p.entryOf(reqs))))
		own := p.stream.applied(1)
		for b.Loop() {
			entryAround(own)
		}
	})
}

// BenchmarkApplyOwn makes entries and applies them, as a leader does: with the part at
// hand, and a reply to each request. The state machine does nothing.
func BenchmarkApplyOwn(b *testing.B) {
	eachDepth(b, func(b *testing.B, p *Partition, reqs []*Request) {
		index := uint64(0)
		for b.Loop() {
			index++
			p.apply(&raft.Log{Index: index, Data: p.entryOf(reqs)})
		}
		if got := p.origins.of(p.Origin.Node).number; got != index || p.stream.seen() != index {
			b.Fatalf("%d of %d entries were applied, %d as the stream's own", got, index, p.stream.seen())
		}
	})
}

// BenchmarkApplyDecoded applies entries that another node has made, as a replica does
// and a start. The timer leaves out how they are made.
func BenchmarkApplyDecoded(b *testing.B) {
	eachDepth(b, func(b *testing.B, p *Partition, reqs []*Request) {
		entry := p.entryOf(reqs) // the first of its origin
		b.SetBytes(int64(len(entry)))
		other := idle(Origin{Node: 3, Boot: 4})
		index := uint64(0)
		for b.Loop() {
			index++
			other.origins = origins{} // or it would be skipped: it was applied before
			other.apply(&raft.Log{Index: index, Data: entry})
		}
		if got := other.origins.of(p.Origin.Node); got != (originState{p.Origin, 1}) || len(other.scratch.part.reqs) != len(reqs) {
			b.Fatalf("the entry was applied as part %+v of %d requests", got, len(other.scratch.part.reqs))
		}
	})
}
