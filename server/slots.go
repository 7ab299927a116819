package server

import (
	"github.com/millrace-io/millrace/keyspace"
	"github.com/millrace-io/millrace/replication"
)

// slotTable says which partition has a hash slot. It never changes.
type slotTable struct {
	of [keyspace.Slots]replication.PartitionID
}

// newSlotTable spreads the slots evenly, each partition's one behind the other: SCAN
// relies on that.
func newSlotTable(partitions int) *slotTable {
	t := new(slotTable)
	for slot := range t.of {
		t.of[slot] = replication.PartitionID(slot * partitions / keyspace.Slots)
	}
	return t
}

// ofKey is the partition of a key.
func (t *slotTable) ofKey(name []byte) replication.PartitionID { return t.of[keyspace.Slot(name)] }

// behind is the first slot of the partition behind the one that has a slot; false: it
// is the last.
func (t *slotTable) behind(slot uint16) (next uint16, more bool) {
	for i := int(slot) + 1; i < len(t.of); i++ {
		if t.of[i] != t.of[slot] {
			return uint16(i), true
		}
	}
	return 0, false
}
