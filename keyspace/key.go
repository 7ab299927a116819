package keyspace

// Kind is the type of the value that a key holds.
type Kind uint8

// The numbers stand in snapshots.
const (
	None       Kind = 0
	StreamKind Kind = 1
	StringKind Kind = 2
)

// String returns what the command TYPE answers.
func (k Kind) String() string {
	switch k {
	case StreamKind:
		return "stream"
	case StringKind:
		return "string"
	}
	return "none"
}

// Version is the place in the log of a key's last change: the index of the log
// entry and the command's place in it. The zero Version is that of no key.
type Version struct {
	Index   uint64
	Ordinal uint32
}

// Key is a key of a database with its value. It is never changed once a view may
// see it (invariant 3), so one that came from Get is read only and good until the
// next change of the state; one that came from GetForWrite, until the next Begin.
type Key struct {
	name     string
	pos      position
	deadline int64 // Unix ms, 0: none
	index    uint64
	epoch    uint64 // of the state when this Key was made
	stream   *StreamValue
	text     []byte
	ordinal  uint32
	kind     Kind
	form     Form
}

// Name returns the key's name.
func (k *Key) Name() string { return k.name }

// Kind returns the type of the key's value.
func (k *Key) Kind() Kind { return k.kind }

// Deadline is the Unix time in milliseconds from which on the key counts as
// deleted; 0 means never.
func (k *Key) Deadline() int64 { return k.deadline }

// Expired reports whether the key's deadline has come.
func (k *Key) Expired(now int64) bool { return k.deadline != 0 && k.deadline <= now }

// Version returns the place of the key's last change in the log.
func (k *Key) Version() Version { return Version{k.index, k.ordinal} }

// Stream returns the stream for reading, ErrWrongType when the value is none.
func (k *Key) Stream() (*StreamValue, error) {
	if k.kind != StreamKind {
		return nil, ErrWrongType
	}
	return k.stream, nil
}

// StreamForWrite returns the stream for changing, until the next Begin;
// ErrWrongType when the value is none. The key must have come from GetForWrite.
func (k *Key) StreamForWrite() (*StreamValue, error) {
	if k.kind != StreamKind {
		return nil, ErrWrongType
	}
	st := k.stream.db.state
	k.mustBeOf(st)
	if k.stream.epoch != st.epoch {
		k.stream = k.stream.clone(st.epoch)
	}
	st.changed = true
	st.noteStream(k.stream)
	return k.stream, nil
}

// String returns the value of a string, ErrWrongType when it is none. The bytes
// never change: nobody may write to them.
func (k *Key) String() ([]byte, error) {
	if k.kind != StringKind {
		return nil, ErrWrongType
	}
	return k.text, nil
}

// mustBeOf stops a change that a view would see: to go on would corrupt a
// snapshot without a trace.
func (k *Key) mustBeOf(st *State) {
	if k.epoch != st.epoch {
		panic("keyspace: change of a key that was not looked up for writing")
	}
}
