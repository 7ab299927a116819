package replication

import (
	"testing"

	"pgregory.net/rapid"
)

// TestOriginsAgainstTwin holds the spans of served numbers against a plain set.
func TestOriginsAgainstTwin(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var s origins
		o := Origin{Node: 1, Boot: 2}
		served := map[uint64]bool{}
		lowest := uint64(0)
		for range rapid.IntRange(0, 60).Draw(t, "steps") {
			number := rapid.Uint64Range(lowest, lowest+20).Draw(t, "number")
			if rapid.IntRange(0, 5).Draw(t, "close") == 0 {
				lowest += rapid.Uint64Range(0, 4).Draw(t, "by")
			}
			want := number >= lowest && !served[number]
			if got := s.open(o, number, lowest); got != want {
				t.Fatalf("open(%d, lowest %d) = %v, want %v; spans %v", number, lowest, got, want, s.byNode)
			}
			if want && rapid.Bool().Draw(t, "serve") {
				s.serve(o, number)
				served[number] = true
			}
			var copied origins
			if err := copied.readFrom(&entryReader{rest: s.appendTo(nil)}); err != nil {
				t.Fatal(err)
			}
			s = copied
			for i, sp := range s.byNode[0].served {
				if sp.first > sp.last || i > 0 && s.byNode[0].served[i-1].last+1 >= sp.first {
					t.Fatalf("spans %v are not apart", s.byNode[0].served)
				}
			}
		}
	})
}

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
	} {
		if got := s.next(row.origin, row.sequence); got != row.want {
			t.Errorf("next(%v, %d) = %v", row.origin, row.sequence, got)
		}
	}
}
