package history

import (
	"cmp"
	"slices"
)

// Entries checks every stream's entries against what their producers were told. An
// XADD that was acknowledged is there, once, with its ID; one that was refused is not;
// one of unknown outcome may be. Nothing else is there. IDs ascend in the order of
// each connection, and one that was acknowledged before another was sent is smaller.
func Entries(ops []Op, final Final) []string {
	var b broken
	adds := byKey(ops, Add)
	for key, stream := range final.Streams {
		checkStream(&b, key, adds[key], stream)
		delete(adds, key)
	}
	for key, lost := range adds {
		for _, op := range lost {
			if op.Outcome == OK {
				b.add("stream %s is gone, and with it %v", key, op)
				break
			}
		}
	}
	return b.list()
}

// byKey groups the operations of a kind by their key, in the order of their calls.
func byKey(ops []Op, kind Kind) map[string][]*Op {
	all := map[string][]*Op{}
	for i := range ops {
		if op := &ops[i]; op.Kind == kind {
			all[op.Key] = append(all[op.Key], op)
		}
	}
	for _, of := range all {
		slices.SortStableFunc(of, func(a, b *Op) int {
			return cmp.Or(cmp.Compare(a.Call, b.Call), cmp.Compare(a.Conn, b.Conn), cmp.Compare(a.Seq, b.Seq))
		})
	}
	return all
}

func checkStream(b *broken, key string, adds []*Op, stream Stream) {
	there := map[string]ID{}
	var last ID
	for i, e := range stream.Entries {
		if i > 0 && e.ID.Compare(last) <= 0 {
			b.add("stream %s: entry %v stands behind %v", key, e.ID, last)
		}
		last = e.ID
		if other, twice := there[e.Payload]; twice {
			b.add("stream %s: %s is there twice, as %v and %v", key, e.Payload, other, e.ID)
		}
		there[e.Payload] = e.ID
	}
	n := int64(len(stream.Entries))
	if stream.Length != n || stream.Added != n {
		b.add("stream %s has %d entries, says it has %d, and %d were added", key, n, stream.Length, stream.Added)
	}
	sent := map[string]bool{}
	for _, op := range adds {
		sent[op.Payload] = true
		checkAdd(b, op, there)
	}
	for _, e := range stream.Entries {
		if !sent[e.Payload] {
			b.add("stream %s: nobody sent %s, which is there as %v", key, e.Payload, e.ID)
		}
	}
	checkOrder(b, key, adds, there)
}

func checkAdd(b *broken, op *Op, there map[string]ID) {
	id, is := there[op.Payload]
	switch {
	case op.Outcome == OK && !is:
		b.add("lost: %v, acknowledged as %v", op, op.Entries[0].ID)
	case op.Outcome == OK && id != op.Entries[0].ID:
		b.add("%v was acknowledged as %v and is there as %v", op, op.Entries[0].ID, id)
	case op.Outcome == Refused && is:
		b.add("refused, and yet there as %v: %v", id, op)
	}
}

// checkOrder looks at all that is there, acknowledged or not: what was sent behind it
// on the same connection, or after its acknowledgement, must stand behind it.
func checkOrder(b *broken, key string, adds []*Op, there map[string]ID) {
	type newest struct {
		id ID
		op *Op
	}
	ofConn := map[int]newest{}
	for _, op := range adds {
		id, is := there[op.Payload]
		if !is {
			continue
		}
		if before, ok := ofConn[op.Conn]; ok && id.Compare(before.id) <= 0 {
			b.add("stream %s: reordered on its connection: %v is %v, sent before it was %v, which is %v", key, op, id, before.op, before.id)
		}
		ofConn[op.Conn] = newest{id, op}
	}
	returned := slices.DeleteFunc(slices.Clone(adds), func(op *Op) bool { return op.Outcome != OK })
	slices.SortStableFunc(returned, func(a, b *Op) int { return cmp.Compare(a.Return, b.Return) })
	var highest newest
	next := 0
	for _, op := range adds {
		for ; next < len(returned) && returned[next].Return < op.Call; next++ {
			if id := returned[next].Entries[0].ID; highest.op == nil || id.Compare(highest.id) > 0 {
				highest = newest{id, returned[next]}
			}
		}
		if id, is := there[op.Payload]; is && highest.op != nil && id.Compare(highest.id) <= 0 {
			b.add("stream %s: %v is %v, though %v was acknowledged before as %v", key, op, id, highest.op, highest.id)
		}
	}
}
