package keyspace

// Observer is told of changes as they are made, by whoever changes the state: of all
// that change what WATCH compares, a key that appears, goes, expires or gets another
// version. It must not look at the state, and is told more than once when a command
// changes a key in several steps.
type Observer interface {
	// KeyChanged tells of one key, in whatever database.
	KeyChanged(name string)
	// ManyChanged tells that all keys of a database are gone, or that others have
	// taken their places.
	ManyChanged()
}

// Observe sets the observer, nil for none. A View has none.
func (st *State) Observe(o Observer) { st.observer = o }

func (st *State) keyChanged(k *Key) {
	if st.observer != nil {
		st.observer.KeyChanged(k.name)
	}
}

func (st *State) manyChanged() {
	if st.observer != nil {
		st.observer.ManyChanged()
	}
}
