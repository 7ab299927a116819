package keyspace

import "github.com/tidwall/btree"

// placed is a key in the tree of a database. The position stands beside the
// pointer so that a search seldom follows it.
type placed struct {
	pos position
	key *Key // nil, in a pivot, stands before every key of its position
}

func (p placed) less(q placed) bool {
	if p.pos != q.pos {
		return p.pos < q.pos
	}
	if p.key == nil || q.key == nil {
		return p.key == nil && q.key != nil
	}
	return p.key.name < q.key.name
}

// keyTree orders keys by position and name.
type keyTree = btree.BTreeG[placed]

func newKeyTree() *keyTree {
	return btree.NewBTreeGOptions(placed.less, btree.Options{NoLocks: true})
}

// findKey finds a key by name through the tree, as views do.
func findKey(t *keyTree, name []byte) (found *Key) {
	pos := positionOf(name)
	t.Ascend(placed{pos: pos}, func(p placed) bool {
		if p.pos == pos && p.key.name == string(name) {
			found = p.key
		}
		return p.pos == pos && found == nil
	})
	return found
}

// due is a key in the tree of deadlines.
type due struct {
	deadline int64
	placed
}

func (d due) less(e due) bool {
	if d.deadline != e.deadline {
		return d.deadline < e.deadline
	}
	return d.placed.less(e.placed)
}

// dueTree orders keys by deadline, then as keyTree does. Views have none.
type dueTree = btree.BTreeG[due]

func newDueTree() *dueTree {
	return btree.NewBTreeGOptions(due.less, btree.Options{NoLocks: true})
}

func (k *Key) placed() placed { return placed{k.pos, k} }
func (k *Key) due() due       { return due{k.deadline, k.placed()} }
