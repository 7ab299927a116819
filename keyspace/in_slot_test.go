package keyspace_test

import (
	"fmt"
	"testing"

	"github.com/millrace-io/millrace/keyspace"
)

func TestEachInSlotMeetsTheKeysOfThatSlotOnly(t *testing.T) {
	st := keyspace.New(1)
	st.Begin(1, 0)
	db := st.DB(0)
	db.EachInSlot(0, func(*keyspace.Key) bool { t.Error("a key in an empty database"); return true })
	want := map[uint16]int{}
	names := []string{"", "{}", "{a", "\x00\xff"} // the empty name is in slot 0
	for i := range 2000 {
		names = append(names, fmt.Sprintf("k%d", i), fmt.Sprintf("{tag%d}%d", i%5, i))
	}
	for _, name := range names {
		db.PutString([]byte(name), nil)
		want[keyspace.Slot([]byte(name))]++
	}
	for slot := range uint16(keyspace.Slots) {
		n := 0
		db.EachInSlot(slot, func(k *keyspace.Key) bool {
			if got := keyspace.Slot([]byte(k.Name())); got != slot {
				t.Fatalf("slot %d: key %q of slot %d", slot, k.Name(), got)
			}
			n++
			return true
		})
		if n != want[slot] {
			t.Fatalf("slot %d: %d keys, want %d", slot, n, want[slot])
		}
	}
	n := 0
	db.EachInSlot(keyspace.Slot([]byte("{tag1}")), func(*keyspace.Key) bool { n++; return n < 3 })
	if n != 3 {
		t.Errorf("%d keys, want it to end at 3", n)
	}
}
