package history

import (
	"cmp"
	"slices"
	"time"
)

// forever is when an operation ends whose outcome is unknown: it may still be done.
const forever = time.Duration(1<<63 - 1)

// ranked is an operation with its place in the only order that its stream allows.
type ranked struct {
	op         *Op
	rank       int // 2n+1 adds the n-th entry (from 0), 2n saw n entries
	begin, end time.Duration
}

// Streams checks that XADD, XLEN and reads of a stream are linearizable. Entries are
// never removed, so the final stream tells for every XADD, of unknown outcome too,
// whether and as which it was done, and for every read how many were done before it:
// there is one order of all of them, reads of the same length apart, which change
// nothing for each other. The history is linearizable if and only if no operation had
// returned before one was called that stands ahead of it in this order.
func Streams(ops []Op, final Final) []string {
	var b broken
	places := map[string]map[Entry]int{}
	for key, stream := range final.Streams {
		places[key] = make(map[Entry]int, len(stream.Entries))
		for i, e := range stream.Entries {
			places[key][e] = i
		}
	}
	orders := map[string][]ranked{}
	for i := range ops {
		op := &ops[i]
		if place, of := places[op.Key]; of {
			if r, ok := rank(&b, op, place, final.Streams[op.Key]); ok {
				orders[op.Key] = append(orders[op.Key], r)
			}
		}
	}
	for key, order := range orders {
		checkRanks(&b, key, order)
	}
	return b.list()
}

// rank finds an operation's place; ok is false when it has none, since it tells
// nothing about the stream or was not done.
func rank(b *broken, op *Op, places map[Entry]int, stream Stream) (r ranked, ok bool) {
	r = ranked{op: op, begin: op.Call, end: op.Return}
	if op.Kind == Add {
		n, is := placeOf(op, places, stream)
		if op.Outcome == Unknown {
			r.end = forever
		}
		r.rank = 2*n + 1
		return r, is
	}
	if op.Outcome != OK {
		return r, false
	}
	switch op.Kind {
	case Len:
		r.rank = 2 * int(op.N)
	case Last:
		if len(op.Entries) == 0 {
			break
		}
		n, is := places[op.Entries[0]]
		if !is {
			b.add("%v returned %v, which is not there in the end", op, op.Entries[0])
			return r, false
		}
		r.rank = 2 * (n + 1)
	case All:
		if len(op.Entries) > len(stream.Entries) || !slices.Equal(op.Entries, stream.Entries[:len(op.Entries)]) {
			b.add("%v returned %d entries that are not the first ones of the final stream", op, len(op.Entries))
			return r, false
		}
		r.rank = 2 * len(op.Entries)
	default:
		return r, false
	}
	return r, true
}

// placeOf is the place of what an XADD added. One that was refused, or was lost, has
// none, and Entries tells.
func placeOf(op *Op, places map[Entry]int, stream Stream) (int, bool) {
	switch op.Outcome {
	case OK:
		n, is := places[Entry{op.Entries[0].ID, op.Payload}]
		return n, is
	case Unknown:
		n := slices.IndexFunc(stream.Entries, func(e Entry) bool { return e.Payload == op.Payload })
		return n, n >= 0
	}
	return 0, false
}

func checkRanks(b *broken, key string, order []ranked) {
	calls := slices.Clone(order)
	slices.SortStableFunc(calls, func(a, b ranked) int { return cmp.Compare(a.begin, b.begin) })
	slices.SortStableFunc(order, func(a, b ranked) int { return cmp.Compare(a.end, b.end) })
	var highest *ranked // of those that have returned
	next := 0
	for _, r := range calls {
		for ; next < len(order) && order[next].end < r.begin; next++ {
			if highest == nil || order[next].rank > highest.rank {
				highest = &order[next]
			}
		}
		if highest != nil && highest.rank > r.rank {
			b.add("stream %s is not linearizable: %v saw or made entry number %d, though %v, with entry number %d, had returned before it was called",
				key, r.op, (r.rank+1)/2, highest.op, (highest.rank+1)/2)
		}
	}
}
