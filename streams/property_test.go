package streams_test

import (
	"bytes"
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/millrace-io/millrace/streams"
)

// pair is a stream and its twin, which must always show the same.
type pair struct {
	stream *streams.Stream
	twin   *twin
}

// TestStreamMatchesTwin plays random calls against a stream and its naive twin.
// rapid prints the seed of a failure, and takes one as -rapid.seed.
func TestStreamMatchesTwin(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		lim := streams.Limits{MaxEntries: rapid.SampledFrom([]int{0, 1, 2, 3, 10, 100}).Draw(t, "max entries")}
		pairs := []pair{{streams.New(), &twin{}}}
		pick := func() pair { return pairs[rapid.IntRange(0, len(pairs)-1).Draw(t, "which")] }
		t.Repeat(map[string]func(*rapid.T){
			"append":  func(t *rapid.T) { appendSome(t, pick(), lim) },
			"append2": func(t *rapid.T) { appendSome(t, pick(), lim) },
			"delete":  func(t *rapid.T) { deleteSome(t, pick()) },
			"trim":    func(t *rapid.T) { trimSome(t, pick(), lim) },
			"set id":  func(t *rapid.T) { setSome(t, pick()) },
			"clone": func(t *rapid.T) {
				if len(pairs) < 4 {
					p := pick()
					pairs = append(pairs, pair{p.stream.Clone(), p.twin.clone()})
				}
			},
			"restore": func(t *rapid.T) {
				i := rapid.IntRange(0, len(pairs)-1).Draw(t, "restored")
				pairs[i].stream = restored(t, pairs[i].stream)
			},
			"range": func(t *rapid.T) { rangeSome(t, pick()) },
			"": func(t *rapid.T) {
				for _, p := range pairs {
					p.check(t)
				}
			},
		})
	})
}

var fieldSets = rapid.OneOf(
	rapid.Just([][]byte{[]byte("task"), []byte("paint")}),
	rapid.Map(rapid.SliceOfN(rapid.Byte(), 0, 300), func(v []byte) [][]byte { return [][]byte{[]byte("task"), v} }),
	rapid.SliceOfN(rapid.SliceOfN(rapid.Byte(), 0, 20), 0, 6),
)

func appendSome(t *rapid.T, p pair, lim streams.Limits) {
	for range rapid.IntRange(1, 30).Draw(t, "entries") {
		id := p.twin.last
		switch rapid.IntRange(0, 3).Draw(t, "step") {
		case 0:
			id.Ms, id.Seq = id.Ms+rapid.Uint64Range(1, 1<<20).Draw(t, "ms"), rapid.Uint64Range(0, 300).Draw(t, "seq")
		default:
			id.Seq += rapid.Uint64Range(1, 200).Draw(t, "seq")
		}
		if !p.twin.last.Less(id) { // the sequence wrapped around
			id = streams.ID{Ms: p.twin.last.Ms + 1}
		}
		fields := fieldSets.Draw(t, "fields")
		p.stream.Append(id, fields, lim)
		p.twin.add(id, fields, lim.MaxEntries)
	}
}

// someID draws an ID at, right beside or far from an entry.
func someID(t *rapid.T, p pair) streams.ID {
	live := p.twin.live()
	id := p.twin.last
	if len(live) > 0 {
		id = live[rapid.IntRange(0, len(live)-1).Draw(t, "entry")].id
	}
	switch rapid.IntRange(0, 9).Draw(t, "beside") {
	case 0:
		id, _ = id.Next()
	case 1:
		id, _ = id.Prev()
	case 2:
		id = streams.ID{Ms: rapid.Uint64Range(0, 1<<24).Draw(t, "ms")}
	case 3:
		id = rapid.SampledFrom([]streams.ID{streams.MinID, streams.MaxID}).Draw(t, "end")
	}
	return id
}

func deleteSome(t *rapid.T, p pair) {
	for range rapid.IntRange(1, 40).Draw(t, "deletes") {
		id := someID(t, p)
		if got, want := p.stream.Delete(id), p.twin.del(id); got != want {
			t.Fatalf("Delete(%v) = %v, want %v", id, got, want)
		}
		if p.stream.Has(id) {
			t.Fatalf("Has(%v) after Delete", id)
		}
	}
}

func trimSome(t *rapid.T, p pair, lim streams.Limits) {
	how := streams.Trim{
		Kind:   rapid.SampledFrom([]streams.TrimKind{streams.TrimNone, streams.TrimMaxLen, streams.TrimMinID}).Draw(t, "kind"),
		MaxLen: rapid.Uint64Range(0, uint64(len(p.twin.live()))+2).Draw(t, "max len"),
		MinID:  someID(t, p),
		Approx: rapid.Bool().Draw(t, "approx"),
		Limit:  rapid.Int64Range(-1, 50).Draw(t, "limit"),
	}
	if got, want := p.stream.Trim(how, lim), p.twin.trim(how, lim.MaxEntries); got != want {
		t.Fatalf("Trim(%+v) = %d, want %d", how, got, want)
	}
}

// setSome sets the counters to what XSETID would allow.
func setSome(t *rapid.T, p pair) {
	last := someID(t, p)
	if live := p.twin.live(); len(live) > 0 && last.Less(live[len(live)-1].id) {
		last = live[len(live)-1].id
	}
	if last == streams.MaxID {
		return // nothing could follow
	}
	p.stream.SetID(last)
	p.twin.setID(last)
	n := rapid.Uint64().Draw(t, "entries added")
	p.stream.SetEntriesAdded(n)
	p.twin.added = n
	p.stream.SetMaxDeletedID(last)
	p.twin.maxDeleted = last
}

func rangeSome(t *rapid.T, p pair) {
	from, to := someID(t, p), someID(t, p)
	var want []twinEntry
	for _, e := range p.twin.live() {
		if !e.id.Less(from) && !to.Less(e.id) {
			want = append(want, e)
		}
	}
	sameEntries(t, p.stream.Range(from, to), want)
	slices.Reverse(want)
	sameEntries(t, p.stream.RevRange(from, to), want)
}

// fataler is what *testing.T and *rapid.T have in common.
type fataler interface {
	Helper()
	Fatalf(format string, args ...any)
}

func sameEntries(t fataler, c streams.Cursor, want []twinEntry) {
	t.Helper()
	for _, e := range want {
		if !c.Next() {
			t.Fatalf("the cursor ends before %v", e.id)
		}
		fields := c.AppendFields(nil)
		if c.ID() != e.id || c.NumFields() != len(e.fields) || !slices.EqualFunc(fields, e.fields, bytes.Equal) {
			t.Fatalf("entry %v %q, want %v %q", c.ID(), fields, e.id, e.fields)
		}
	}
	if c.Next() {
		t.Fatalf("the cursor goes on with %v", c.ID())
	}
	if c.Next() || c.NumFields() != 0 || len(c.AppendFields(nil)) != 0 {
		t.Fatalf("the cursor has an entry after its end")
	}
}

func (p pair) check(t fataler) {
	t.Helper()
	live := p.twin.live()
	sameEntries(t, p.stream.Range(streams.MinID, streams.MaxID), live)
	want := fmt.Sprint(len(live), len(p.twin.chunks), p.twin.last, p.twin.maxDeleted, p.twin.added)
	got := fmt.Sprint(p.stream.Len(), p.stream.Chunks(), p.stream.LastID(), p.stream.MaxDeletedID(), p.stream.EntriesAdded())
	if got != want {
		t.Fatalf("length, chunks, last ID, max deleted ID, entries added: %s, want %s", got, want)
	}
	var first, last streams.ID
	if len(live) > 0 {
		first, last = live[0].id, live[len(live)-1].id
	}
	top, ok := p.stream.LastEntryID()
	if p.stream.FirstID() != first || top != last || ok != (len(live) > 0) {
		t.Fatalf("entries from %v to %v (%v), want %v to %v", p.stream.FirstID(), top, ok, first, last)
	}
	streams.CheckInvariants(t, p.stream)
}

// restored sends a stream through a snapshot and wants the same bytes again.
func restored(t fataler, s *streams.Stream) *streams.Stream {
	t.Helper()
	header, chunks := encoded(s)
	r, err := decoded(header, chunks)
	if err != nil {
		t.Fatalf("restore: %v", err)
	}
	header2, chunks2 := encoded(r)
	if !bytes.Equal(header, header2) || !slices.EqualFunc(chunks, chunks2, bytes.Equal) {
		t.Fatalf("a restored stream has another encoding")
	}
	return r
}

func encoded(s *streams.Stream) (header []byte, chunks [][]byte) {
	_ = s.ForEachChunk(func(b []byte) error {
		chunks = append(chunks, bytes.Clone(b))
		return nil
	})
	return s.AppendHeader(nil), chunks
}

func decoded(header []byte, chunks [][]byte) (*streams.Stream, error) {
	s, err := streams.NewFromHeader(header)
	if err != nil {
		return nil, err
	}
	for _, b := range chunks {
		b = bytes.Clone(b)
		if err := s.AddChunk(b); err != nil {
			return nil, err
		}
		clear(b) // AddChunk must have copied it
	}
	return s, s.Complete()
}
