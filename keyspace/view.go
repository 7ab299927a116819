package keyspace

// View is the state as it was when the view was taken. One goroutine or several
// may read it while the state goes on changing.
type View struct {
	dbs      []*DB
	settings Settings
}

// View takes a view, in a time that depends on the number of databases only. It
// belongs to the state's owner and no one may read the state meanwhile.
func (st *State) View() *View {
	st.settle()
	st.epoch++
	v := &View{dbs: make([]*DB, len(st.dbs)), settings: st.settings}
	empty := &DB{}
	for i, d := range st.dbs {
		v.dbs[i] = empty
		if d.Len() > 0 {
			v.dbs[i] = &DB{index: i, keys: d.keys.Copy(), expires: d.expires}
		}
	}
	return v
}

// Databases returns the number of databases.
func (v *View) Databases() int { return len(v.dbs) }

// DB returns a database, nil for a number that there is none of.
func (v *View) DB(i int) *DB {
	if i < 0 || i >= len(v.dbs) {
		return nil
	}
	return v.dbs[i]
}

// Settings returns the replicated settings.
func (v *View) Settings() Settings { return v.settings }
