package keyspace

import "unsafe"

// What a key takes beside its name and value, as measured over a million keys
// (TestMemoryPerKey): the Key itself, its item in a tree filled to two thirds
// and its place in the map, filled likewise.
const (
	keyOverhead         = int64(unsafe.Sizeof(Key{})) + 88
	deadlineOverhead    = 52 // an item in the tree of deadlines
	rememberingOverhead = 40 // an item in the tree of what remembers
	streamOverhead      = int64(unsafe.Sizeof(StreamValue{}))
	groupOverhead       = int64(unsafe.Sizeof(heldGroup{})) + 8
)

func keyMemory(k *Key) int64 { return keyOverhead + int64(len(k.name)+7)&^7 }

// Memory returns the memory of the key and its value in bytes, as if nothing were
// shared. It looks at every group, since some may have changed after the last Begin.
func (k *Key) Memory() int64 {
	n := keyMemory(k) + int64(cap(k.text))
	if k.deadline != 0 {
		n += deadlineOverhead
	}
	if k.stream != nil {
		n += k.stream.memory()
		for _, g := range k.stream.groups {
			n += g.memory()
		}
	}
	return n
}

// account adds to the memory of d and of the state.
func (d *DB) account(delta int64) {
	d.memory += delta
	d.state.memory += delta
}

// A change is a stream, or one of its groups, that was handed out for writing
// since the last Begin: its memory is to be looked at again.
type change struct {
	stream *StreamValue
	group  *heldGroup // nil: the stream itself
}

func (st *State) noteStream(s *StreamValue) {
	if !s.noted {
		s.noted = true
		st.changes = append(st.changes, change{stream: s})
	}
}

func (st *State) noteGroup(s *StreamValue, g *heldGroup) {
	if !g.noted {
		g.noted = true
		st.changes = append(st.changes, change{s, g})
	}
}

// delta is by how much the memory has changed since it was last looked at.
func (c change) delta() int64 {
	switch {
	case c.stream.gone:
		return 0
	case c.group == nil:
		return c.stream.memory() - c.stream.bytes
	case c.group.gone:
		return 0
	}
	return c.group.memory() - c.group.bytes
}

// settle takes the memory of all changes into account.
func (st *State) settle() {
	for _, c := range st.changes {
		delta := c.delta()
		if delta != 0 {
			c.stream.db.account(delta)
		}
		if c.group == nil {
			c.stream.bytes += delta
			c.stream.noted = false
		} else {
			c.group.bytes += delta
			c.stream.groupBytes += delta
			c.group.noted = false
		}
	}
	clear(st.changes)
	st.changes = st.changes[:0]
}

// forget drops what has changed in d, before d is emptied.
func (st *State) forget(d *DB) {
	for _, c := range st.changes {
		if c.stream.db == d {
			c.stream.gone = true
		}
	}
}

// Memory returns the memory of all keys and their values in bytes, as if nothing
// were shared with a view. It looks only at what has changed since the last Begin.
func (st *State) Memory() int64 {
	sum := st.memory
	for _, c := range st.changes {
		sum += c.delta()
	}
	return sum
}
