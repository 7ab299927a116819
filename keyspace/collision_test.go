package keyspace_test

import (
	"encoding/binary"
	"fmt"
	"math/bits"
	"slices"
	"testing"

	"github.com/cespare/xxhash/v2"

	"github.com/millrace-io/millrace/keyspace"
)

// colliding returns names of 16 bytes with one slot and one hash. xxHash64 takes
// eight bytes at a time and each step can be undone: two names that differ in the
// first eight are led together again by the second.
func colliding(n int) (all []string) {
	const p1, p2 = 11400714785074694791, 14029467366897019727
	inverse := func(p uint64) uint64 { // modulo 1<<64, by Newton
		x := p
		for range 6 {
			x *= 2 - p*x
		}
		return x
	}
	round := func(lane uint64) uint64 { return bits.RotateLeft64(lane*p2, 31) * p1 }
	undo := func(h uint64) uint64 { return bits.RotateLeft64(h*inverse(p1), -31) * inverse(p2) }
	const p4, p5 = 9650029242287828579, 2870177450012600261
	after := func(first []byte) uint64 {
		h := uint64(p5) + 16
		h ^= round(binary.LittleEndian.Uint64(first))
		return bits.RotateLeft64(h, 27)*p1 + p4
	}
	for i := range n {
		name := fmt.Appendf(nil, "{t}%05d", i)
		all = append(all, string(binary.LittleEndian.AppendUint64(name, undo(after(name)^0x1234567890abcdef))))
	}
	return all
}

func TestScanReturnsKeysOfOnePositionTogether(t *testing.T) {
	names := colliding(100)
	db := keyspace.New(1).DB(0)
	for _, name := range names {
		if xxhash.Sum64String(name) != xxhash.Sum64String(names[0]) || keyspace.PositionOf(name) != keyspace.PositionOf(names[0]) {
			t.Fatalf("%q does not collide", name)
		}
		db.PutString(b(name), b(name))
	}
	for i := range 50 {
		db.PutString(fmt.Append(nil, i), nil)
	}
	calls := 0
	seen := scanAll(db, 1, func() { calls++ })
	if len(seen) != 150 || calls != 50 {
		t.Errorf("%d keys seen, in %d calls and the last", len(seen), calls)
	}
	slices.Sort(seen)
	if len(slices.Compact(seen)) != 150 {
		t.Error("a key was seen twice")
	}
}

// Names with one hash are told apart by the map, by the tree, and in a snapshot.
func TestCollidingNamesAreDifferentKeys(t *testing.T) {
	names := colliding(20)
	st := keyspace.New(1)
	for _, name := range names {
		st.DB(0).PutString(b(name), b(name))
	}
	st.DB(0).Delete(b(names[7]))
	for where, db := range map[string]*keyspace.DB{
		"state": st.DB(0), "view": st.View().DB(0), "restored": restored(t, snapshotOf(t, st)).DB(0),
	} {
		for i, name := range names {
			k, _ := db.Get(b(name), 0)
			if (k == nil) != (i == 7) {
				t.Errorf("%s: key %d is %v", where, i, k)
			} else if k != nil && k.Name() != name {
				t.Errorf("%s: key %d has another name", where, i)
			}
		}
	}
}
