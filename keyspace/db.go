package keyspace

import "github.com/tidwall/btree"

// DB is one database. A DB of a State is changed by the state's owner alone; a
// DB of a View is read only: methods that change it panic. A nil *DB reads as an
// empty database and stays one.
type DB struct {
	state       *State                     // nil in a view
	index       int                        // its number
	keys        *keyTree                   // nil: there are none
	byName      map[string]*Key            // the same keys; nil in a view, where the tree answers
	deadlines   *dueTree                   // keys with a deadline; nil in a view
	expires     int                        // how many of them
	remembering *btree.BTreeG[remembering] // streams by when to look at them; nil: none, and in a view
	memory      int64                      // of its keys, as far as it has been accounted for
	peak        int                        // most keys since the map was made
}

// Index returns the number of the database.
func (d *DB) Index() int { return d.index }

// Get looks a key up without changing anything. expired tells that there is one,
// past its deadline: k is nil then, and only the log may decide that it is gone.
func (d *DB) Get(name []byte, now int64) (k *Key, expired bool) {
	if k = d.find(name); k != nil && k.Expired(now) {
		return nil, true
	}
	return k, false
}

func (d *DB) find(name []byte) *Key {
	switch {
	case d == nil || d.keys == nil:
		return nil
	case d.byName != nil:
		return d.byName[string(name)]
	}
	return findKey(d.keys, name)
}

// Len returns the number of keys, those past their deadline included.
func (d *DB) Len() int {
	if d == nil || d.keys == nil {
		return 0
	}
	return d.keys.Len()
}

// Expires returns the number of keys with a deadline.
func (d *DB) Expires() int {
	if d == nil {
		return 0
	}
	return d.expires
}

// Each calls fn with every key, in the order of slot, hash and name, until it
// returns false. fn must not change the database.
func (d *DB) Each(fn func(*Key) bool) {
	if d.Len() > 0 {
		d.keys.Scan(func(p placed) bool { return fn(p.key) })
	}
}
