package replication

import (
	"slices"
	"testing"
)

func TestOriginsSkipWhatIsNotNext(t *testing.T) {
	var s origins
	o := Origin{Node: 1, Boot: 1}
	for _, row := range []struct {
		origin   Origin
		sequence uint64
		want     bool
	}{
		{o, 1, true},
		{o, 1, false},
		{o, 3, false},
		{o, 2, true},
		{Origin{Node: 2, Boot: 1}, 1, true},
		{Origin{Node: 1, Boot: 9}, 2, false}, // a new boot begins at 1
		{Origin{Node: 1, Boot: 9}, 1, true},
		{o, 3, false}, // of an earlier boot, late
		{o, 1, false},
	} {
		if got := s.next(row.origin, row.sequence); got != row.want {
			t.Errorf("next(%v, %d) = %v", row.origin, row.sequence, got)
		}
	}
}

func TestOriginsRoundTrip(t *testing.T) {
	var s, copied origins
	s.next(Origin{Node: 9, Boot: 3}, 1)
	s.next(Origin{Node: 2, Boot: 7}, 1)
	s.next(Origin{Node: 2, Boot: 7}, 2)
	if err := copied.readFrom(&entryReader{rest: s.appendTo(nil)}); err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(copied.byNode, s.byNode) {
		t.Errorf("got %v, want %v", copied.byNode, s.byNode)
	}
}
