package keyspace

// Swap exchanges two databases with all their keys, whatever is in them, at once.
func (st *State) Swap(i, j int) {
	if i == j {
		return
	}
	a, b := st.dbs[i], st.dbs[j]
	st.dbs[i], st.dbs[j] = b, a
	a.index, b.index = j, i
	st.changed = true
	st.manyChanged()
}
