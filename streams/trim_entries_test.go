package streams_test

import (
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/millrace-io/millrace/streams"
)

// What TrimEntries leaves is what a walk along a plain list leaves, and a clone
// made before does not see it.
func TestTrimEntriesAgainstList(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s, lim := streams.New(), streams.Limits{MaxEntries: 3}
		var list []streams.ID
		for i := range rapid.IntRange(0, 20).Draw(t, "entries") {
			id := streams.ID{Ms: uint64(i + 1)}
			s.Append(id, [][]byte{[]byte("f"), []byte("v")}, lim)
			if rapid.IntRange(0, 4).Draw(t, "deleted") == 0 {
				s.Delete(id)
			} else {
				list = append(list, id)
			}
		}
		keep := rapid.Uint32().Draw(t, "kept")
		take := func(id streams.ID) bool { return keep&(1<<id.Ms) == 0 }
		trim := streams.Trim{Kind: streams.TrimMaxLen, MaxLen: uint64(rapid.IntRange(0, 20).Draw(t, "length"))}
		if rapid.Bool().Draw(t, "by ID") {
			trim = streams.Trim{Kind: streams.TrimMinID, MinID: streams.ID{Ms: uint64(rapid.IntRange(0, 22).Draw(t, "from"))}}
		}
		upTo := streams.ID{Ms: uint64(rapid.IntRange(0, 22).Draw(t, "up to"))}
		before, all := s.Clone(), slices.Clone(list)

		length := uint64(len(list))
		list = slices.DeleteFunc(list, func(id streams.ID) bool {
			wanted := id.Less(trim.MinID)
			if trim.Kind == streams.TrimMaxLen {
				wanted = length > trim.MaxLen
			}
			if !wanted || upTo.Less(id) || !take(id) {
				return false
			}
			length--
			return true
		})
		removed := s.TrimEntries(trim, lim, upTo, take)
		if int(removed) != len(all)-len(list) {
			t.Fatalf("%d removed, want %d", removed, len(all)-len(list))
		}
		for stream, want := range map[*streams.Stream][]streams.ID{s: list, before: all} {
			if got := liveIDs(stream); !slices.Equal(got, want) {
				t.Fatalf("%v left, want %v", got, want)
			}
			streams.CheckInvariants(t, stream)
			if len(want) > 0 && stream.FirstID() != want[0] || len(want) == 0 && !stream.FirstID().IsZero() {
				t.Fatalf("first ID %v of %v", stream.FirstID(), want)
			}
		}
	})
}

func liveIDs(s *streams.Stream) (ids []streams.ID) {
	for cur := s.Range(streams.MinID, streams.MaxID); cur.Next(); {
		ids = append(ids, cur.ID())
	}
	return ids
}
