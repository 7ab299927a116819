package keyspace

// GetForWrite looks a key up at a command's place in the log. It deletes one past
// its deadline, tells the OnExpired hook, and returns nil as for a missing key.
// What it returns may be changed until the next Begin.
func (d *DB) GetForWrite(name []byte, now int64) *Key {
	k := d.find(name)
	switch {
	case k == nil:
		return nil
	case k.Expired(now):
		d.remove(k)
		d.state.expired(d.index, k.name)
		return nil
	case k.epoch != d.state.epoch:
		return d.own(k)
	}
	return k
}

// own puts a copy that no view can see in the key's place. To the outside nothing
// has changed.
func (d *DB) own(k *Key) *Key {
	c := *k
	c.epoch = d.state.epoch
	d.keys.Set(c.placed())
	d.byName[c.name] = &c
	if c.deadline != 0 {
		// The old item would keep the old key, and so the old value, alive.
		d.deadlines.Set(c.due())
	}
	return &c
}

// PutStream sets a key to an empty stream without a deadline, whatever it held
// before, and returns the stream for changing.
func (d *DB) PutStream(name []byte) *StreamValue {
	k := d.replace(name)
	k.kind, k.stream = StreamKind, newStreamValue(d)
	d.state.noteStream(k.stream)
	return k.stream
}

// PutString sets a key to a string without a deadline, whatever it held before.
// value is copied.
func (d *DB) PutString(name, value []byte) *Key {
	k := d.replace(name)
	k.kind, k.text = StringKind, append(make([]byte, 0, len(value)), value...)
	d.account(int64(cap(k.text)))
	return k
}

// replace puts a new key without a value in the place of the one with this name.
func (d *DB) replace(name []byte) *Key {
	if old := d.find(name); old != nil {
		d.remove(old)
	}
	k := &Key{name: string(name), pos: positionOf(name), epoch: d.state.epoch}
	d.insert(k)
	d.Touch(k)
	return k
}

func (d *DB) insert(k *Key) {
	if d.keys == nil {
		d.keys, d.byName = newKeyTree(), make(map[string]*Key)
	}
	d.keys.Set(k.placed())
	d.byName[k.name] = k
	d.peak = max(d.peak, d.keys.Len())
	d.account(keyMemory(k))
}

// Delete removes a key, also one past its deadline; false when there is none.
// What it held is cut off at once and freed by the garbage collector.
func (d *DB) Delete(name []byte) bool {
	k := d.find(name)
	if k == nil {
		return false
	}
	d.remove(k)
	return true
}

// remove takes a key out. What no view can see lets go of its value too: the
// tree's nodes may hold on to the Key itself for a while, in spare room that a
// split has left behind.
func (d *DB) remove(k *Key) {
	st := d.state
	st.changed = true
	d.dropDeadline(k)
	d.keys.Delete(k.placed())
	delete(d.byName, k.name)
	d.account(-keyMemory(k) - int64(cap(k.text)))
	if s := k.stream; s != nil {
		d.cancelLook(k.name, s)
		d.account(-s.bytes - s.groupBytes)
		if s.epoch == st.epoch {
			s.gone = true
		}
	}
	if k.epoch == st.epoch {
		k.stream, k.text = nil, nil
	}
	d.shrink()
}

// shrink lets go of a large map once its last key is gone: a Go map never does.
func (d *DB) shrink() {
	if d.keys.Len() == 0 && d.peak > 1024 {
		d.keys, d.byName, d.peak = nil, nil, 0
	}
}

// Flush drops all keys, in a time that does not depend on how many there are; the
// garbage collector frees them.
func (d *DB) Flush() {
	if d.Len() == 0 {
		return
	}
	st := d.state
	st.changed = true
	st.forget(d)
	st.memory -= d.memory
	d.keys, d.byName, d.peak, d.memory = nil, nil, 0, 0
	d.cancelLooks()
	if d.deadlines != nil {
		d.deadlines, d.expires = nil, 0
		st.stopExpiring(d)
	}
}

// Touch gives a key the version that Begin has set. A nil key is ignored: Put has
// given a new one its version.
func (d *DB) Touch(k *Key) {
	if k == nil {
		return
	}
	k.mustBeOf(d.state)
	k.index, k.ordinal = d.state.version.Index, d.state.version.Ordinal
	d.state.changed = true
}
