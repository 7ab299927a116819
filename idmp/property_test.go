package idmp_test

import (
	"bytes"
	"fmt"
	"testing"

	"pgregory.net/rapid"

	"github.com/millrace-io/millrace/idmp"
	"github.com/millrace-io/millrace/streams"
)

// couple is a Producers and its twin, which must always show the same.
type couple struct {
	producers *idmp.Producers
	twin      *twin
}

// TestProducersMatchTwin plays random calls against a Producers and its naive twin.
// rapid prints the seed of a failure, and takes one as -rapid.seed.
func TestProducersMatchTwin(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		limits := idmp.Limits{Duration: rapid.IntRange(1, 3).Draw(t, "duration"), MaxSize: rapid.SampledFrom([]int{1, 2, 5, 60}).Draw(t, "max size")}
		first := idmp.New(limits)
		couples := []couple{{&first, newTwin(limits)}}
		pick := func(t *rapid.T) *couple { return &couples[rapid.IntRange(0, len(couples)-1).Draw(t, "which")] }
		now := int64(1_000_000)
		t.Repeat(map[string]func(*rapid.T){
			"add":  func(t *rapid.T) { addSome(t, pick(t), &now) },
			"add2": func(t *rapid.T) { addSome(t, pick(t), &now) },
			"wait": func(t *rapid.T) { now += rapid.Int64Range(0, 4000).Draw(t, "ms") },
			"forget": func(t *rapid.T) {
				c, limit := pick(t), rapid.IntRange(0, 100).Draw(t, "limit")
				if got, want := c.producers.Forget(now, limit), c.twin.forget(now, limit); got != want {
					t.Fatalf("Forget(%d, %d) = %d, want %d", now, limit, got, want)
				}
			},
			"set limits": func(t *rapid.T) {
				c := pick(t)
				if limits := c.twin.limits; rapid.IntRange(0, 9).Draw(t, "rarely") == 0 {
					limits.MaxSize++
					c.producers.SetLimits(limits)
					c.twin.limits, c.twin.queues = limits, map[string][]twinRecord{}
				}
				c.producers.SetLimits(c.twin.limits)
			},
			"clone": func(t *rapid.T) {
				if c := pick(t); len(couples) < 4 {
					p := c.producers.Clone()
					couples = append(couples, couple{&p, c.twin.clone()})
				}
			},
			"restore": func(t *rapid.T) {
				c := pick(t)
				c.producers = again(t, c.producers)
			},
			"": func(t *rapid.T) {
				for _, c := range couples {
					c.check(t, now)
				}
			},
		})
	})
}

// addSome adds entries as XADD IDMP does, and rarely records an older one.
func addSome(t *rapid.T, c *couple, now *int64) {
	for range rapid.IntRange(1, 100).Draw(t, "entries") {
		*now += rapid.Int64Range(0, 20).Draw(t, "ms")
		pid := fmt.Sprint("producer ", rapid.IntRange(0, 3).Draw(t, "pid"))
		iid := fmt.Sprint("iid ", rapid.IntRange(0, 300).Draw(t, "iid"), string(make([]byte, rapid.SampledFrom([]int{0, 0, 40, 3000}).Draw(t, "length"))))
		pair := idmp.NewPair([]byte(pid), []byte(iid))
		id, known := c.producers.Find(pair, *now)
		if want, wanted := c.twin.find(pid, iid, *now); id != want || known != wanted {
			t.Fatalf("Find(%q, %q, %d) = %v, %v, want %v, %v", pid, iid, *now, id, known, want, wanted)
		}
		if known {
			c.producers.CountDuplicate()
			c.twin.duplicates++
			continue
		}
		id = streams.ID{Ms: uint64(*now), Seq: rapid.Uint64Range(0, 300).Draw(t, "seq")}
		if rapid.IntRange(0, 19).Draw(t, "older") == 0 {
			id.Ms -= rapid.Uint64Range(0, 5000).Draw(t, "by")
		}
		c.producers.Record(pair, id)
		c.twin.record(pid, iid, id)
	}
}

// fataler is what *testing.T and *rapid.T have in common.
type fataler interface {
	Helper()
	Fatalf(format string, args ...any)
}

func (c couple) check(t fataler, now int64) {
	t.Helper()
	idmp.CheckInvariants(t, c.producers)
	p := c.producers
	got := fmt.Sprint(p.PIDs(), p.IIDs(), p.Added(), p.Duplicates(), p.Limits())
	want := fmt.Sprint(len(c.twin.queues), c.twin.iids(), c.twin.added, c.twin.duplicates, c.twin.limits)
	if got != want {
		t.Fatalf("pids, iids, added, duplicates, limits: %s, want %s", got, want)
	}
	for pid, q := range c.twin.queues {
		for _, r := range q {
			id, ok := p.Find(idmp.NewPair([]byte(pid), []byte(r.iid)), now)
			if want, known := c.twin.find(pid, r.iid, now); id != want || ok != known {
				t.Fatalf("Find(%q, %q) = %v, %v, want %v, %v", pid, r.iid, id, ok, want, known)
			}
		}
	}
}

// again sends a Producers through a snapshot and wants the same bytes again.
func again(t fataler, p *idmp.Producers) *idmp.Producers {
	t.Helper()
	header, blocks := encoded(p)
	r, err := decoded(header, blocks)
	if err != nil {
		t.Fatalf("restore: %v", err)
	}
	if header2, blocks2 := encoded(r); !bytes.Equal(header, header2) || !bytes.Equal(bytes.Join(blocks, nil), bytes.Join(blocks2, nil)) {
		t.Fatalf("another encoding after a restore")
	}
	idmp.CheckInvariants(t, r)
	return r
}

func encoded(p *idmp.Producers) (header []byte, blocks [][]byte) {
	_ = p.ForEachBlock(func(b []byte) error {
		blocks = append(blocks, bytes.Clone(b))
		return nil
	})
	return p.AppendHeader(nil), blocks
}

func decoded(header []byte, blocks [][]byte) (*idmp.Producers, error) {
	p, err := idmp.FromHeader(header)
	if err != nil {
		return nil, err
	}
	for _, b := range blocks {
		b = bytes.Clone(b)
		if err := p.AddBlock(b); err != nil {
			return nil, err
		}
		clear(b) // AddBlock must have copied it
	}
	return &p, p.Complete()
}
