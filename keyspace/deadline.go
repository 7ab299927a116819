package keyspace

import "slices"

// SetDeadline sets the Unix time in milliseconds from which on the key counts as
// deleted, 0 for never. The key must have come from GetForWrite.
func (d *DB) SetDeadline(k *Key, ms int64) {
	k.mustBeOf(d.state)
	d.state.changed = true
	if ms == k.deadline {
		return
	}
	d.dropDeadline(k)
	k.deadline = ms
	if ms != 0 {
		d.addDeadline(k)
	}
}

func (d *DB) addDeadline(k *Key) {
	st := d.state
	if d.deadlines == nil {
		d.deadlines = newDueTree()
		st.expiring = append(st.expiring, d)
	}
	d.deadlines.Set(k.due())
	d.expires = d.deadlines.Len()
	if st.next == 0 || k.deadline < st.next {
		st.next = k.deadline
	}
	d.account(deadlineOverhead)
}

// dropDeadline takes the key out of the tree of deadlines; its own field stays,
// since a view may see it.
func (d *DB) dropDeadline(k *Key) {
	if k.deadline == 0 {
		return
	}
	d.deadlines.Delete(k.due())
	d.expires = d.deadlines.Len()
	d.account(-deadlineOverhead)
	switch {
	case d.expires == 0:
		d.deadlines = nil
		d.state.stopExpiring(d)
	case k.deadline == d.state.next:
		d.state.findNext()
	}
}

// stopExpiring notes that d has no key with a deadline any more.
func (st *State) stopExpiring(d *DB) {
	if i := slices.Index(st.expiring, d); i >= 0 {
		st.expiring = slices.Delete(st.expiring, i, i+1)
	}
	st.findNext()
}

// findNext finds the earliest deadline again.
func (st *State) findNext() {
	st.next = 0
	if first, _ := st.firstDue(); first != nil {
		st.next = first.deadline
	}
}

// firstDue returns the key with the earliest deadline and its database; of equal
// deadlines that of the lowest database, then the first key in order.
func (st *State) firstDue() (first *Key, db *DB) {
	for _, d := range st.expiring {
		item, ok := d.deadlines.Min()
		if ok && (first == nil || item.deadline < first.deadline || item.deadline == first.deadline && d.index < db.index) {
			first, db = item.key, d
		}
	}
	return first, db
}

// NextDeadline returns the earliest deadline of all keys; false when no key has one.
func (st *State) NextDeadline() (ms int64, ok bool) { return st.next, st.next != 0 }

// ExpireDue deletes at most limit keys whose deadline has come, the earliest first
// (invariant 6), and calls fn for each, not the OnExpired hook. It returns how
// many there were. Only an entry of the log may call it.
func (st *State) ExpireDue(now int64, limit int, fn func(db int, name string)) int {
	for n := range limit {
		k, d := st.firstDue()
		if k == nil || !k.Expired(now) {
			return n
		}
		d.remove(k)
		fn(d.index, k.name)
	}
	return max(limit, 0)
}
