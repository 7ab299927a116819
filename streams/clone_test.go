package streams_test

import (
	"fmt"
	"sync"
	"testing"

	"github.com/millrace-io/millrace/streams"
)

// sum reads everything there is to read.
func sum(s *streams.Stream) string {
	var fields [][]byte
	h, n := 0, 0
	for c := s.Range(streams.MinID, streams.MaxID); c.Next(); n++ {
		fields = c.AppendFields(fields[:0])
		for _, f := range fields {
			for _, b := range f {
				h = h*31 + int(b)
			}
		}
		h = h*31 + int(c.ID().Ms) + int(c.ID().Seq)
	}
	for c := s.RevRange(streams.MinID, streams.MaxID); c.Next(); n++ {
		h = h*31 + int(c.ID().Ms)
	}
	_ = s.ForEachChunk(func(b []byte) error { h = h*31 + len(b); return nil })
	last, ok := s.LastEntryID()
	return fmt.Sprint(h, n, s.Len(), s.FirstID(), s.LastID(), s.MaxDeletedID(), s.EntriesAdded(), s.Chunks(), last, ok, s.Has(last))
}

// churn changes a stream in every way.
func churn(s *streams.Stream, rounds int) {
	lim := streams.Limits{MaxBytes: 4096, MaxEntries: 10}
	for i := range rounds {
		fields := [][]byte{[]byte("f"), fmt.Appendf(nil, "value %d of %d", i, rounds)}
		for range 7 {
			next, _ := s.LastID().Next()
			s.Append(next, fields, lim)
		}
		first := s.FirstID()
		for j := range uint64(5) {
			s.Delete(streams.ID{Ms: first.Ms, Seq: first.Seq + 3*j})
		}
		switch {
		case i%5 == 4:
			s.Trim(streams.Trim{Kind: streams.TrimMaxLen, MaxLen: s.Len() - 9}, lim)
		case i%7 == 6:
			s.Trim(streams.Trim{Kind: streams.TrimMinID, MinID: streams.ID{Ms: first.Ms, Seq: first.Seq + 25}}, lim)
		case i == rounds-1:
			last, _ := s.LastEntryID()
			for range 30 { // opens sealed chunks again
				s.Delete(last)
				last, _ = s.LastEntryID()
			}
			s.SetID(last)
		}
	}
}

// TestCloneReadWhileOriginalChanges is for the race detector: clones are read on
// other goroutines while the original, and a clone of a clone, go on changing.
func TestCloneReadWhileOriginalChanges(t *testing.T) {
	s := streams.New()
	churn(s, 50)
	var wg sync.WaitGroup
	for range 20 {
		view := s.Clone()
		branch := view.Clone()
		want := sum(view)
		for range 2 {
			wg.Go(func() {
				if got := sum(view); got != want {
					t.Errorf("the clone reads %s, was %s", got, want)
				}
			})
		}
		wg.Go(func() { churn(branch, 20) })
		churn(s, 20)
	}
	wg.Wait()
	streams.CheckInvariants(t, s)
}

// TestAppendsOfClonesDoNotMeet: the spare room behind the tail is one stream's only.
func TestAppendsOfClonesDoNotMeet(t *testing.T) {
	s := filled(3, 20)
	c := s.Clone()
	d := c.Clone()
	next := streams.ID{Ms: 1800000000000}
	for i, each := range []*streams.Stream{s, c, d} {
		each.Append(next, [][]byte{[]byte("who"), fmt.Append(nil, i)}, streams.DefaultLimits)
	}
	for i, each := range []*streams.Stream{s, c, d} {
		cur := each.Range(next, next)
		if !cur.Next() || string(cur.AppendFields(nil)[1]) != fmt.Sprint(i) {
			t.Errorf("stream %d reads %q", i, cur.AppendFields(nil))
		}
	}
}

// TestReopenedChunksDoNotMeet: a sealed chunk may have spare room, and a stream
// and its clone may both make it their tail again.
func TestReopenedChunksDoNotMeet(t *testing.T) {
	lim := streams.Limits{MaxEntries: 9}
	s := streams.New()
	for i := range uint64(10) {
		s.Append(id(i+1, 0), [][]byte{[]byte("f"), make([]byte, 45)}, lim)
	}
	c := s.Clone()
	both := []*streams.Stream{s, c}
	for _, each := range both {
		each.Delete(id(10, 0))
	}
	for i, each := range both {
		each.Append(id(11, 0), [][]byte{[]byte("f"), fmt.Append(nil, i)}, streams.DefaultLimits)
	}
	for i, each := range both {
		cur := each.Range(id(11, 0), id(11, 0))
		if !cur.Next() || string(cur.AppendFields(nil)[1]) != fmt.Sprint(i) || each.Chunks() != 1 {
			t.Errorf("stream %d of %d chunks reads %q", i, each.Chunks(), cur.AppendFields(nil))
		}
	}
}

// TestFieldsOutliveTheirEntry: slices of a cursor stay as they are.
func TestFieldsOutliveTheirEntry(t *testing.T) {
	s := streams.New()
	for i := range uint64(50) {
		s.Append(id(i+1, 0), [][]byte{[]byte("name"), fmt.Appendf(nil, "value %d", i)}, streams.DefaultLimits)
	}
	c := s.Range(id(20, 0), id(20, 0))
	c.Next()
	fields := c.AppendFields(nil)
	_ = append(fields[0], "runs into the next"...)
	churn(s, 30)
	s.Trim(maxLen(0), streams.DefaultLimits)
	churn(s, 30)
	if string(fields[0]) != "name" || string(fields[1]) != "value 19" {
		t.Errorf("fields now read %q", fields)
	}
}
