package groups

// A block that is full is split, one that has become small is joined with a
// neighbour when both fit well into one.
const (
	smallRows  = maxRows / 4
	joinedRows = maxRows * 3 / 4 // so that a few insertions do not split it again
)

// split makes room in the full block at, and returns the block and the place
// where r, meant for place i, goes now. A row for the end begins a block, so
// rows that come in ascending order leave full blocks behind. This holds for
// each consumer's rows too: once its last one has come to the end of a block by
// a split in the middle, it stays there.
func (t *table) split(at span, i int, r *row) (*block, int) {
	b := at.block
	if i == maxRows {
		t.resize(b, b.seal)
		return t.add(t.keyOf(r), b.follow(r)).block, 0
	}
	right := t.cut(at, maxRows/2)
	if i <= maxRows/2 {
		return b, i
	}
	return right, i - maxRows/2
}

// cut moves the rows from place i on to a block of their own.
func (t *table) cut(at span, i int) (right *block) {
	b := at.block
	t.bytes -= b.size()
	right = b.slice(i, int(b.n))
	*b = *b.slice(0, i)
	t.bytes += b.size()
	first := right.row(0)
	t.add(t.keyOf(&first), right)
	return right
}

// spareBytes is what the block of an empty table may hold on to.
const spareBytes = 128

// empty takes the only row out of a block, and the block out of the tree; but the
// last block stays, if it is small. Entries that are acknowledged one at a time, as
// they are delivered, would otherwise ask for a new block and a new tree each.
func (t *table) empty(at span) {
	if t.tree.Len() > 1 || cap(at.block.data) > spareBytes {
		t.drop(at)
		return
	}
	at = t.own(at)
	at.block.remove(0)
}

// shrink gives back memory after rows were removed from the block.
func (t *table) shrink(at span) {
	b := at.block
	// Neighbours are looked at only every few rows: mostly they are too full.
	if b.n <= smallRows && b.n%8 == 0 && t.joinNeighbour(at) {
		return
	}
	if b.loose() {
		t.resize(b, b.compact)
	}
}

// resize runs a change of the block and counts the bytes.
func (t *table) resize(b *block, change func()) {
	t.bytes -= b.size()
	change()
	t.bytes += b.size()
}

// joinNeighbour joins the block with the next one or the one before, if they fit.
func (t *table) joinNeighbour(at span) bool {
	var other span
	pick := func(s span) bool {
		if s.block == at.block {
			return true
		}
		other = s
		return false
	}
	t.tree.Ascend(at, pick)
	if other.block != nil && t.join(at, other) {
		return true
	}
	other = span{}
	t.tree.Descend(at, pick)
	return other.block != nil && t.join(other, at)
}

func (t *table) join(left, right span) bool {
	if left.block.n+right.block.n > joinedRows {
		return false
	}
	joined := left.block.join(right.block, t.token)
	t.drop(right)
	t.bytes += joined.size() - left.block.size()
	t.tree.Set(span{left.low, joined})
	return true
}
