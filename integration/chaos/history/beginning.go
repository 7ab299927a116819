package history

import (
	"cmp"
	"slices"
)

func sortedByReturn(ops []*Op) []*Op {
	return slices.SortedStableFunc(slices.Values(ops), func(a, b *Op) int { return cmp.Compare(a.Return, b.Return) })
}

// beginning is the history up to the return of the n-th operation: what had not
// returned by then, and had been called, is of unknown outcome.
func beginning(byReturn []*Op, n int) []*Op {
	part := slices.Clone(byReturn[:n+1])
	until := byReturn[n].Return
	for _, op := range byReturn[n+1:] {
		if op.Call <= until {
			open := *op
			open.Outcome = Unknown
			part = append(part, &open)
		}
	}
	return part
}
