package keyspace

import (
	"fmt"
	"slices"
)

// Check reports the first broken invariant of the state.
func (st *State) Check() error {
	st.settle()
	sum, next := int64(0), int64(0)
	for i, d := range st.dbs {
		if err := d.check(i, st); err != nil {
			return fmt.Errorf("database %d: %w", i, err)
		}
		sum += d.memory
		if d.deadlines != nil {
			if item, _ := d.deadlines.Min(); next == 0 || item.deadline < next {
				next = item.deadline
			}
		}
		if (d.deadlines != nil) != slices.Contains(st.expiring, d) {
			return fmt.Errorf("invariant 5: database %d on the list: %v", i, d.deadlines == nil)
		}
	}
	if sum != st.memory || next != st.next {
		return fmt.Errorf("invariants 5, 7: memory %d of %d, next deadline %d of %d", st.memory, sum, st.next, next)
	}
	return nil
}

func (d *DB) check(i int, st *State) error {
	if d.index != i || d.state != st || len(d.byName) != d.Len() || (d.keys == nil) != (d.byName == nil) {
		return fmt.Errorf("invariant 1: index %d, %d names of %d keys", d.index, len(d.byName), d.Len())
	}
	var err error
	memory, expires, looks := int64(0), 0, 0
	d.Each(func(k *Key) bool {
		if k.stream != nil && k.stream.lookedAt != 0 {
			looks++
		}
		if err = d.checkKey(k); k.deadline != 0 {
			expires++
			memory += deadlineOverhead
		}
		memory += keyMemory(k) + int64(cap(k.text)) + checkedMemory(k.stream)
		return err == nil
	})
	if err == nil && (memory != d.memory || expires != d.expires) {
		err = fmt.Errorf("invariant 7: %d bytes of %d, %d deadlines of %d", d.memory, memory, d.expires, expires)
	}
	if err == nil && (d.remembering != nil) != (looks > 0) || d.remembering != nil && d.remembering.Len() != looks {
		err = fmt.Errorf("invariant 9: %d streams to be looked at", looks)
	}
	return err
}

func (d *DB) checkKey(k *Key) error {
	if d.byName[k.name] != k || k.pos != positionOf([]byte(k.name)) || k.epoch > d.state.epoch {
		return fmt.Errorf("invariant 2: key %q", k.name)
	}
	if k.deadline != 0 {
		if item, ok := d.deadlines.Get(k.due()); !ok || item.key != k {
			return fmt.Errorf("invariant 2: deadline of key %q", k.name)
		}
	}
	if s := k.stream; s != nil && s.lookedAt != 0 {
		if _, ok := d.remembering.Get(remembering{s.lookedAt, k.name}); !ok {
			return fmt.Errorf("invariant 9: look at key %q", k.name)
		}
	}
	if (k.kind == StreamKind) != (k.stream != nil) {
		return fmt.Errorf("key %q of kind %v", k.name, k.kind)
	}
	return nil
}

func checkedMemory(s *StreamValue) (sum int64) {
	if s == nil {
		return 0
	}
	for _, g := range s.groups {
		sum += g.memory()
	}
	return sum + s.memory()
}

// PositionOf gives tests a key's place in the order.
func PositionOf(name string) uint64 { return uint64(positionOf([]byte(name))) }
