package keyspace

import "github.com/cespare/xxhash/v2"

// hashBits is how much of a key's hash its position holds. With the 14 bits of
// the slot above it a position stays below 1<<63: some clients keep a SCAN cursor
// in a signed integer.
const hashBits = 49

// position is a key's place in the order of keys: its slot, then the top bits of
// its xxHash64. Both are fixed for ever: they order snapshots and are SCAN cursors.
type position uint64

const maxPosition = position(Slots)<<hashBits - 1

func positionOf(name []byte) position {
	return position(Slot(name))<<hashBits | position(xxhash.Sum64(name)>>(64-hashBits))
}

// CursorSlot is the slot in which a SCAN with that cursor goes on; one behind all keys
// counts as in the last.
func CursorSlot(cursor uint64) uint16 { return uint16(min(cursor>>hashBits, Slots-1)) }

// SlotCursor is the cursor at which the keys of a slot begin.
func SlotCursor(slot uint16) uint64 { return uint64(slot) << hashBits }
