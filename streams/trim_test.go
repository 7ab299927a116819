package streams_test

import (
	"bytes"
	"fmt"
	"testing"

	"github.com/millrace-io/millrace/streams"
)

func maxLen(n uint64) streams.Trim {
	return streams.Trim{Kind: streams.TrimMaxLen, MaxLen: n, Limit: -1}
}

func minID(ms uint64) streams.Trim {
	return streams.Trim{Kind: streams.TrimMinID, MinID: id(ms, 0), Limit: -1}
}

func about(t streams.Trim) streams.Trim { t.Approx = true; return t }

func limited(t streams.Trim, n int64) streams.Trim { t.Limit = n; return t }

// A step is a trim and what it must remove; add first appends that many entries.
type step struct {
	add     int
	trim    streams.Trim
	removed uint64
}

// TestTrimNumbers has the figures that Redis was observed to give. Entries are
// 1-0, 2-0 and so on.
func TestTrimNumbers(t *testing.T) {
	for _, row := range []struct {
		name  string
		lim   streams.Limits
		value int
		steps []step
	}{
		{"1000 small entries", streams.DefaultLimits, 1, []step{
			{1000, about(maxLen(950)), 0},
			{0, about(maxLen(899)), 100},
			{0, limited(about(maxLen(850)), 50), 0},
			{0, about(minID(250)), 100},
			{0, about(minID(301)), 100},
			{0, limited(about(maxLen(0)), 150), 100},
			{0, limited(about(maxLen(0)), 0), 600},
		}},
		{"node size 10, limited", streams.Limits{MaxBytes: 4096, MaxEntries: 10}, 1, []step{
			{101, limited(about(maxLen(55)), 30), 30},
			{1, limited(about(maxLen(55)), 30), 10},
		}},
		{"node size 1, default limit", streams.Limits{MaxBytes: 4096, MaxEntries: 1}, 1, []step{
			{202, about(maxLen(1)), 100},
			{0, about(maxLen(1)), 100},
			{0, about(maxLen(1)), 1},
			{0, about(maxLen(1)), 0},
		}},
		{"1000-byte values", streams.DefaultLimits, 1000, []step{
			{20, about(maxLen(18)), 0},
			{0, about(maxLen(10)), 8},
		}},
		{"five entries", streams.DefaultLimits, 1, []step{
			{5, about(maxLen(2)), 0},
			{0, maxLen(10), 0},
			{0, maxLen(4), 1},
			{0, minID(3), 1},
			{0, streams.Trim{Kind: streams.TrimMinID, MinID: id(3, 1)}, 1},
			{0, limited(about(maxLen(0)), 1), 0},
			{0, about(maxLen(0)), 2},
			{0, maxLen(0), 0},
		}},
		{"no entry bound, default limit", streams.Limits{}, 1, []step{
			{10001, about(maxLen(0)), 0}, // one node, and the default is 10000
			{0, limited(about(maxLen(0)), 10001), 10001},
		}},
		{"no bound at all", streams.Limits{}, 100, []step{
			{500, about(maxLen(1)), 0},
			{0, about(maxLen(0)), 500},
		}},
		{"exact over many nodes", streams.Limits{MaxEntries: 3}, 1, []step{
			{1000, maxLen(999), 1},
			{0, maxLen(500), 499},
			{0, maxLen(20), 480},
			{0, minID(990), 9},
			{0, minID(2000), 11},
		}},
		{"exact is not limited", streams.Limits{MaxEntries: 3}, 1, []step{{100, limited(maxLen(1), 5), 99}}},
		{"none", streams.DefaultLimits, 1, []step{{3, streams.Trim{}, 0}}},
	} {
		t.Run(row.name, func(t *testing.T) {
			s := streams.New()
			fields := [][]byte{[]byte("f"), bytes.Repeat([]byte("v"), row.value)}
			for i, st := range row.steps {
				for range st.add {
					s.Append(id(s.LastID().Ms+1, 0), fields, row.lim)
				}
				before := s.Len()
				if got := s.Trim(st.trim, row.lim); got != st.removed || s.Len() != before-got {
					t.Errorf("step %d, %+v: removed %d of %d, %d left, want %d removed", i, st.trim, got, before, s.Len(), st.removed)
				}
				streams.CheckInvariants(t, s)
			}
		})
	}
}

// TestTrimWhileAdding is the form of Redis' own test: 1000 adds, each with a trim.
func TestTrimWhileAdding(t *testing.T) {
	for _, row := range []struct {
		trim streams.Trim
		want uint64
	}{{about(maxLen(555)), 600}, {maxLen(555), 555}, {about(maxLen(0)), 0}} {
		t.Run(fmt.Sprintf("%+v", row.trim), func(t *testing.T) {
			s := streams.New()
			for i := range 1000 {
				s.Append(id(uint64(i)+1, 0), [][]byte{[]byte("xitem"), fmt.Append(nil, i)}, streams.DefaultLimits)
				s.Trim(row.trim, streams.DefaultLimits)
			}
			if s.Len() != row.want {
				t.Errorf("length %d, want %d", s.Len(), row.want)
			}
		})
	}
}

func TestTrimLeavesCounters(t *testing.T) {
	s := filled(10, 1)
	s.Trim(maxLen(0), streams.DefaultLimits)
	last := id(1700000000002, 1)
	if s.Len() != 0 || s.LastID() != last || s.EntriesAdded() != 10 || !s.MaxDeletedID().IsZero() || !s.FirstID().IsZero() {
		t.Errorf("after trimming all: length %d, last %v, added %d, deleted %v, first %v",
			s.Len(), s.LastID(), s.EntriesAdded(), s.MaxDeletedID(), s.FirstID())
	}
}

// TestChunkBoundaries pins how many entries make a chunk. The numbers are part of
// the replicated state: another number here means that nodes of two versions,
// playing the same log, trim differently.
func TestChunkBoundaries(t *testing.T) {
	for _, row := range []struct {
		lim            streams.Limits
		value, entries int
	}{
		{streams.DefaultLimits, 1, 100},
		{streams.DefaultLimits, 30, 100},
		{streams.DefaultLimits, 100, 38},
		{streams.DefaultLimits, 500, 8},
		{streams.DefaultLimits, 1000, 4},
		{streams.DefaultLimits, 2100, 1},
		{streams.DefaultLimits, 10000, 1},
		{streams.Limits{MaxBytes: 4096}, 1, 528},
		{streams.Limits{MaxEntries: 7}, 10000, 7},
		{streams.Limits{MaxBytes: 1, MaxEntries: 7}, 1, 1},
	} {
		t.Run(fmt.Sprintf("%+v/value=%dB", row.lim, row.value), func(t *testing.T) {
			s := streams.New()
			for s.Chunks() < 2 {
				s.Append(id(s.LastID().Ms+1, 0), [][]byte{[]byte("f"), make([]byte, row.value)}, row.lim)
			}
			if got := int(s.Len()) - 1; got != row.entries {
				t.Errorf("%d entries in the first chunk, want %d", got, row.entries)
			}
		})
	}
}

// TestTombstonesCountForNodeBounds: deleted entries take up room in their node
// even after the memory was given back.
func TestTombstonesCountForNodeBounds(t *testing.T) {
	lim := streams.Limits{MaxBytes: 1 << 20, MaxEntries: 10}
	s := streams.New()
	fields := [][]byte{[]byte("f"), make([]byte, 1000)}
	for i := uint64(1); i <= 9; i++ {
		s.Append(id(i, 0), fields, lim)
	}
	full := s.Bytes()
	for i := uint64(2); i <= 9; i++ {
		s.Delete(id(i, 0))
	}
	if s.Bytes() > full/2 {
		t.Errorf("%d bytes after deleting most of %d", s.Bytes(), full)
	}
	s.Append(id(10, 0), fields, lim)
	if s.Chunks() != 1 {
		t.Errorf("the tenth entry went to chunk %d", s.Chunks())
	}
	s.Append(id(11, 0), fields, lim)
	if s.Chunks() != 2 {
		t.Errorf("the eleventh entry did not start a chunk")
	}
}
