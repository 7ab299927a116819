package groups

import (
	"unsafe"

	"github.com/tidwall/btree"
)

// table is a sorted set of rows with a unique key, packed into the blocks of a
// tree. All operations are O(log n) in the number of rows; clone is O(1).
type table struct {
	schema
	tree  *btree.BTreeG[span]
	token *token
	rows  int
	bytes int64
}

// span is a block in the tree: its rows are at or above low and below the low
// of the next. low is not always the first key: it stays when that row goes.
type span struct {
	low   key
	block *block
}

// blockOverhead is the memory of a block beside its rows: itself and its place
// in a node of the tree, which is half to fully used.
const blockOverhead = int64(unsafe.Sizeof(block{}) + unsafe.Sizeof(span{})*3/2)

func (b *block) size() int64 { return blockOverhead + int64(cap(b.data)) }

func newTable(s schema) table {
	less := func(a, b span) bool { return a.low.compare(&b.low) < 0 }
	return table{schema: s, token: new(token), tree: btree.NewBTreeGOptions(less, btree.Options{NoLocks: true})}
}

// clone returns a table that shares all blocks with t. It writes to t.
func (t *table) clone() table {
	c := *t
	c.tree = t.tree.Copy()
	t.token, c.token = new(token), new(token)
	return c
}

// locate returns the block whose range holds k; false when k is below all of them.
func (t *table) locate(k *key) (at span, ok bool) {
	// Most insertions and many look-ups go to the end.
	if at, ok = t.tree.Max(); !ok || at.low.compare(k) <= 0 {
		return at, ok
	}
	ok = false
	t.tree.Descend(span{low: *k}, func(s span) bool {
		at, ok = s, true
		return false
	})
	return at, ok
}

func (t *table) get(k *key) (r row, ok bool) {
	at, ok := t.locate(k)
	if !ok {
		return r, false
	}
	i, ok := at.block.search(k, t.keys)
	if !ok {
		return r, false
	}
	return at.block.row(i), true
}

// min and max return the first and the last row.
func (t *table) min() (r row, ok bool) {
	at, ok := t.tree.Min()
	if !ok || at.block.n == 0 {
		return r, false
	}
	return at.block.row(0), true
}

func (t *table) max() (r row, ok bool) {
	at, ok := t.tree.Max()
	if !ok || at.block.n == 0 {
		return r, false
	}
	return at.block.row(int(at.block.n) - 1), true
}

// insert puts r into the table and returns the row with the same key that it replaced, if there was one.
func (t *table) insert(r *row) (old row, replaced bool) {
	k := t.keyOf(r)
	at := t.locateForInsert(&k)
	i, found := at.block.search(&k, t.keys)
	if found {
		old = at.block.row(i)
		before := at.block.size()
		at.block.set(i, r)
		t.bytes += at.block.size() - before
		return old, true
	}
	b := at.block
	if b.n == maxRows {
		b, i = t.split(at, i, r)
	}
	before := b.size()
	b.insert(i, r)
	t.bytes += b.size() - before
	t.rows++
	return old, false
}

// locateForInsert returns the block, ready for changes, that has or takes k.
func (t *table) locateForInsert(k *key) span {
	if at, ok := t.locate(k); ok {
		return t.own(at)
	}
	first, ok := t.tree.Min()
	if !ok {
		return t.add(*k, newBlock(t.token, t.cols))
	}
	first = t.own(first)
	t.tree.Delete(first)
	first.low = *k
	t.tree.Set(first)
	return first
}

// own returns the span with a block that may be changed: a copy takes the
// place of one that is shared.
func (t *table) own(at span) span {
	if at.block.owner != t.token {
		t.bytes -= at.block.size()
		at.block = at.block.clone(t.token)
		t.bytes += at.block.size()
		t.tree.Set(at)
	}
	return at
}

// add puts a new block into the tree.
func (t *table) add(low key, b *block) span {
	at := span{low, b}
	t.tree.Set(at)
	t.bytes += b.size()
	return at
}

// drop takes a block out of the tree.
func (t *table) drop(at span) {
	t.tree.Delete(at)
	t.bytes -= at.block.size()
}

// delete removes the row with the key k.
func (t *table) delete(k *key) (old row, ok bool) {
	at, ok := t.locate(k)
	if !ok {
		return old, false
	}
	i, ok := at.block.search(k, t.keys)
	if !ok {
		return old, false
	}
	old = at.block.row(i)
	t.rows--
	if at.block.n == 1 {
		t.empty(at)
		return old, true
	}
	at = t.own(at)
	at.block.remove(i)
	t.shrink(at)
	return old, true
}

// ascend calls fn with the rows at or above from, in order, until it returns
// false. The row is overwritten by the next one.
func (t *table) ascend(from key, fn func(r *row) bool) {
	start := span{low: from}
	if at, ok := t.locate(&from); ok {
		start.low = at.low
	}
	first := true
	var r row
	t.tree.Ascend(start, func(s span) bool {
		i := 0
		if first {
			i, _ = s.block.search(&from, t.keys)
			first = false
		}
		for ; i < int(s.block.n); i++ {
			r = s.block.row(i)
			if !fn(&r) {
				return false
			}
		}
		return true
	})
}
