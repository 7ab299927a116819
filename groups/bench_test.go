package groups_test

import (
	"math/rand/v2"
	"runtime"
	"strconv"
	"testing"

	"github.com/millrace-io/millrace/groups"
	"github.com/millrace-io/millrace/streams"
)

const benchStart = 1_700_000_000_000

// entryID gives IDs as a busy stream has them: a few per millisecond.
func entryID(i int) streams.ID {
	return streams.ID{Ms: benchStart + uint64(i/4), Seq: uint64(i % 4)}
}

// fill delivers n entries to the consumers, in turns of ten, a millisecond per turn.
func fill(g *groups.Group, n, consumers int) []groups.ConsumerID {
	ids := make([]groups.ConsumerID, consumers)
	for i := range ids {
		ids[i] = g.CreateConsumer([]byte("consumer-"+strconv.Itoa(i)), benchStart)
	}
	for i := range n {
		g.Put(groups.Pending{ID: entryID(i), Owner: ids[i/10%consumers], Time: benchStart + int64(i/10), Count: 1})
	}
	return ids
}

func heap() uint64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

// bytesPerPending returns the heap that a built group takes, divided by its entries.
func bytesPerPending(build func() *groups.Group) (measured, counted float64) {
	before := heap()
	g := build()
	after := heap()
	n := float64(g.Len())
	measured, counted = float64(after-before)/n, float64(g.Bytes())/n
	runtime.KeepAlive(g)
	return measured, counted
}

func filled(n, consumers int) *groups.Group {
	g := groups.New(streams.ID{}, 0)
	fill(g, n, consumers)
	return g
}

// eachConsumer returns a group of n consumers with one pending entry each.
func eachConsumer(n int) *groups.Group {
	g := groups.New(streams.ID{}, 0)
	for i := range n {
		id := g.CreateConsumer([]byte("consumer-"+strconv.Itoa(i)), benchStart)
		g.Put(groups.Pending{ID: entryID(i), Owner: id, Time: benchStart + int64(i/10), Count: 1})
	}
	return g
}

// shapes are the histories after which a pending entry's memory is measured.
var shapes = []struct {
	name   string
	budget float64 // bytes per pending entry, at most 100 but near what it takes, so that badly filled blocks show; 0: none
	build  func(n int) *groups.Group
}{
	{"delivered", 22, func(n int) *groups.Group { return filled(n, 10) }},
	{"delivered/consumers=100", 25, func(n int) *groups.Group { return filled(n, 100) }},
	{"half=acked", 45, func(n int) *groups.Group {
		g := filled(n, 10)
		random := rand.New(rand.NewPCG(1, 1))
		for _, i := range random.Perm(n)[:n/2] {
			g.Ack(entryID(i))
		}
		return g
	}},
	{"tenth=left", 45, func(n int) *groups.Group {
		g := filled(n, 10)
		random := rand.New(rand.NewPCG(1, 1))
		for _, i := range random.Perm(n)[:n/10*9] {
			g.Ack(entryID(i))
		}
		return g
	}},
	{"claimed=random", 35, func(n int) *groups.Group {
		g := filled(n, 10)
		random := rand.New(rand.NewPCG(1, 1))
		for at, i := range random.Perm(n) {
			p, _ := g.Get(entryID(i))
			g.Put(p.Redelivered(groups.ConsumerID(1+random.IntN(10)), benchStart+int64(n/10+at/10)))
		}
		return g
	}},
	{"put=random", 35, func(n int) *groups.Group {
		g := filled(0, 10)
		random := rand.New(rand.NewPCG(1, 1))
		for at, i := range random.Perm(n) {
			g.Put(groups.Pending{ID: entryID(i), Owner: groups.ConsumerID(1 + random.IntN(10)), Time: benchStart + int64(at/10), Count: 1})
		}
		return g
	}},
	{"restored", 22, func(n int) *groups.Group {
		g, err := load(save(filled(n, 10)))
		if err != nil {
			panic(err)
		}
		return g
	}},
	{"wide=IDs", 100, func(n int) *groups.Group {
		g := filled(0, 10)
		random := rand.New(rand.NewPCG(1, 1))
		for at := range n {
			g.Put(groups.Pending{ID: streams.ID{Ms: random.Uint64(), Seq: random.Uint64()}, Owner: groups.ConsumerID(1 + random.IntN(10)), Time: benchStart + int64(at/10), Count: 1})
		}
		return g
	}},
	{"consumers=each", 0, eachConsumer},
}

// BenchmarkBytesPerPending measures memory, not time.
func BenchmarkBytesPerPending(b *testing.B) {
	for _, shape := range shapes {
		b.Run(shape.name, func(b *testing.B) {
			for b.Loop() {
				measured, counted := bytesPerPending(func() *groups.Group { return shape.build(1_000_000) })
				b.ReportMetric(measured, "bytes/pending")
				b.ReportMetric(counted, "counted-bytes/pending")
			}
		})
	}
}

// BenchmarkDeliverAck delivers an entry and acknowledges an older one, with many pending.
func BenchmarkDeliverAck(b *testing.B) {
	for _, n := range []int{1000, 1_000_000} {
		b.Run("pending="+strconv.Itoa(n), func(b *testing.B) {
			g := groups.New(streams.ID{}, 0)
			ids := fill(g, n, 10)
			i := n
			b.ReportAllocs()
			for b.Loop() {
				g.Put(groups.Pending{ID: entryID(i), Owner: ids[i/10%10], Time: benchStart + int64(i/10), Count: 1})
				g.Ack(entryID(i - n))
				i++
			}
		})
	}
}

// BenchmarkClaim gives the oldest delivery to another consumer.
func BenchmarkClaim(b *testing.B) {
	for _, n := range []int{1000, 1_000_000} {
		b.Run("pending="+strconv.Itoa(n), func(b *testing.B) {
			g := groups.New(streams.ID{}, 0)
			ids := fill(g, n, 10)
			now := benchStart + int64(n)
			var oldest groups.Pending
			b.ReportAllocs()
			for b.Loop() {
				g.AscendTime(func(p groups.Pending) bool {
					oldest = p
					return false
				})
				now++
				g.Put(oldest.Redelivered(ids[now%10], now))
			}
		})
	}
}

// BenchmarkIdleScan finds the 100 longest idle of a million.
func BenchmarkIdleScan(b *testing.B) {
	g := filled(1_000_000, 10)
	b.ReportAllocs()
	for b.Loop() {
		n := 0
		g.AscendTime(func(groups.Pending) bool {
			n++
			return n < 100
		})
	}
}

// BenchmarkWalk passes over a million pending entries by ID; the time is per entry.
func BenchmarkWalk(b *testing.B) {
	g := filled(1_000_000, 10)
	for b.Loop() {
		g.Ascend(streams.MinID, func(groups.Pending) bool { return true })
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/1e6, "ns/entry")
}

// BenchmarkClone takes a clone and changes one entry of the original.
func BenchmarkClone(b *testing.B) {
	g := filled(1_000_000, 10)
	i := 0
	b.ReportAllocs()
	for b.Loop() {
		_ = g.Clone()
		p, _ := g.Get(entryID(i % 1_000_000))
		g.Put(p)
		i += 7919
	}
}
