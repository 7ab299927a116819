package history

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

// Figures sum up what clients noticed.
type Figures struct {
	OK, Refused, Unknown int
	Why                  map[string]int // by what the Refused were refused: the first word of the error
	Uncertain            int            // Unknown, because the server said -UNCERTAIN
	Slowest              time.Duration  // longest time to a reply that was OK, of operations that do not block
	Gap                  time.Duration  // longest time in which no write returned OK
}

// Count sums a history up.
func Count(ops []Op) (f Figures) {
	var writes []time.Duration
	f.Why = map[string]int{}
	for i := range ops {
		op := &ops[i]
		switch op.Outcome {
		case OK:
			f.OK++
		case Refused:
			f.Refused++
			f.Why[firstWord(op.Err)]++
		case Unknown:
			f.Unknown++
		}
		if strings.HasPrefix(op.Err, "UNCERTAIN") {
			f.Uncertain++
		}
		if op.Outcome != OK {
			continue
		}
		if op.Kind != Deliver {
			f.Slowest = max(f.Slowest, op.Return-op.Call)
		}
		if op.Kind == Add || op.Kind == Set || op.Kind == Incr {
			writes = append(writes, op.Return)
		}
	}
	slices.SortFunc(writes, cmp.Compare)
	for i := 1; i < len(writes); i++ {
		f.Gap = max(f.Gap, writes[i]-writes[i-1])
	}
	return f
}

func firstWord(s string) string {
	word, _, _ := strings.Cut(s, " ")
	return word
}

func (f Figures) String() string {
	var why strings.Builder
	for _, word := range slices.Sorted(maps.Keys(f.Why)) {
		fmt.Fprintf(&why, " -%s %d", word, f.Why[word])
	}
	return fmt.Sprintf("%d ok, %d refused%s, %d unknown (%d -UNCERTAIN), slowest %v, longest without a write %v",
		f.OK, f.Refused, why.String(), f.Unknown, f.Uncertain, f.Slowest.Round(time.Millisecond), f.Gap.Round(time.Millisecond))
}
