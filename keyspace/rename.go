package keyspace

// Rename takes a key out of d and puts its value and its deadline under a name in
// to, which may be d: whatever was there is gone. It costs the same for a value of
// any size. The key must have come from GetForWrite, and is not to be used again.
func (d *DB) Rename(k *Key, to *DB, name []byte) *Key {
	k.mustBeOf(d.state)
	d.state.settle()
	moved := k.detached(name)
	if moved.stream != nil {
		// remove marks what it finds in the key's place as gone.
		moved.stream = moved.stream.movedTo(to)
	}
	d.remove(k)
	return to.attach(moved, k.deadline)
}

// Copy puts a copy of a key's value and its deadline under a name in to: whatever
// was there is gone. A stream and its groups are shared until one of the two
// changes, so it costs the same for any number of entries. The key must have come
// from GetForWrite.
func (d *DB) Copy(k *Key, to *DB, name []byte) *Key {
	k.mustBeOf(d.state)
	c := k.detached(name)
	if c.stream != nil {
		d.state.settle()
		c.stream = k.stream.copiedTo(to)
	}
	// Spare room behind a text belongs to one key alone: AppendString fills it.
	c.text = c.text[:len(c.text):len(c.text)]
	return to.attach(c, k.deadline)
}

// detached is a key without a place and without a deadline, with k's value.
func (k *Key) detached(name []byte) *Key {
	return &Key{
		name: string(name), pos: positionOf(name), epoch: k.epoch,
		stream: k.stream, text: k.text, kind: k.kind, form: k.form,
	}
}

// attach puts a key that has no place yet under its name.
func (d *DB) attach(k *Key, deadline int64) *Key {
	if old := d.byName[k.name]; old != nil {
		d.remove(old)
	}
	k.epoch = d.state.epoch
	d.insert(k)
	d.account(int64(cap(k.text)))
	if k.stream != nil {
		d.account(k.stream.bytes + k.stream.groupBytes)
		d.planLook(k.name, k.stream)
	}
	d.Touch(k)
	d.SetDeadline(k, deadline)
	return k
}

// movedTo is the stream for a key in another place. Its groups stay shared with s,
// which nobody changes any more.
func (s *StreamValue) movedTo(d *DB) *StreamValue {
	m := s.clone(s.epoch)
	m.lookedAt = 0
	m.db, m.bytes = d, m.memory() // a clone has no spare room: it may take less
	return m
}

// copiedTo is a stream equal to s; both may change.
func (s *StreamValue) copiedTo(d *DB) *StreamValue {
	c := s.clone(d.state.epoch)
	c.lookedAt = 0
	c.db, c.bytes, c.groupBytes = d, c.memory(), 0
	for i, g := range c.groups {
		own := &heldGroup{name: g.name, group: g.group.Clone(), epoch: c.epoch}
		own.bytes = own.memory()
		c.groupBytes += own.bytes
		c.groups[i] = own
	}
	return c
}
