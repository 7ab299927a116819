package groups

import "github.com/millrace-io/millrace/streams"

// pel is the pending entries list in its three orders (invariant 1).
type pel struct {
	byID    table
	byOwner table
	byTime  table
}

// Columns of the three tables.
const (
	idMs, idSeq, idOwner, idTime, idCount, idOrder = 0, 1, 2, 3, 4, 5
	ownerID, ownerMs, ownerSeq                     = 0, 1, 2
	timeMs, timeSeq                                = 2, 3
)

func newPEL() pel {
	return pel{
		byID:    newTable(schema{cols: 6, keys: 2}),
		byOwner: newTable(schema{cols: 3, keys: 3}),
		byTime:  newTable(schema{cols: 4, keys: 2}),
	}
}

// clone returns a PEL that shares all blocks with p. It writes to p.
func (p *pel) clone() pel {
	return pel{p.byID.clone(), p.byOwner.clone(), p.byTime.clone()}
}

// ordered turns a signed time into a number of the same order.
func ordered(t int64) uint64 { return uint64(t) ^ 1<<63 }

func unordered(v uint64) int64 { return int64(v ^ 1<<63) }

func idKey(id streams.ID) key { return key{id.Ms, id.Seq} }

// pendingRow packs an entry for byID.
func pendingRow(p Pending, order uint64) row {
	return row{p.ID.Ms, p.ID.Seq, uint64(p.Owner), ordered(p.Time), ordered(p.Count), order}
}

func (r *row) pending() Pending {
	return Pending{
		ID:    streams.ID{Ms: r[idMs], Seq: r[idSeq]},
		Owner: ConsumerID(r[idOwner]),
		Time:  unordered(r[idTime]),
		Count: unordered(r[idCount]),
	}
}

// ownerRow and timeRow derive the rows of the two other tables from that of byID.
func (r *row) ownerRow() row { return row{r[idOwner], r[idMs], r[idSeq]} }

func (r *row) timeRow() row { return row{r.zoneOrTime(), r[idOrder], r[idMs], r[idSeq]} }

func (r *row) ownerKey() key { return key{r[idOwner], r[idMs], r[idSeq]} }

func (r *row) timeKey() key { return key{r.zoneOrTime(), r[idOrder]} }

// zoneOrTime is the first sort key of the time order: 0 is the NACK zone, in
// front of any time that an owned entry may have.
func (r *row) zoneOrTime() uint64 {
	if ConsumerID(r[idOwner]) == NoOwner {
		return 0
	}
	return max(r[idTime], 1)
}

// put inserts or replaces a row of byID and brings the other tables along.
func (p *pel) put(r *row) (old row, replaced bool) {
	old, replaced = p.byID.insert(r)
	if replaced {
		k := old.timeKey()
		p.byTime.delete(&k)
	}
	timeRow := r.timeRow()
	p.byTime.insert(&timeRow)
	if replaced && old[idOwner] == r[idOwner] {
		return old, true
	}
	if replaced {
		k := old.ownerKey()
		p.byOwner.delete(&k)
	}
	ownerRow := r.ownerRow()
	p.byOwner.insert(&ownerRow)
	return old, replaced
}

// remove deletes the entry from all tables.
func (p *pel) remove(id streams.ID) (old row, ok bool) {
	k := idKey(id)
	if old, ok = p.byID.delete(&k); !ok {
		return old, false
	}
	k = old.timeKey()
	p.byTime.delete(&k)
	k = old.ownerKey()
	p.byOwner.delete(&k)
	return old, true
}

// dropOwner removes all entries of the owner and returns their number.
func (p *pel) dropOwner(owner ConsumerID) (dropped int) {
	var batch []streams.ID
	for {
		batch = batch[:0]
		p.byOwner.ascend(key{uint64(owner)}, func(r *row) bool {
			if ConsumerID(r[ownerID]) != owner {
				return false
			}
			batch = append(batch, streams.ID{Ms: r[ownerMs], Seq: r[ownerSeq]})
			return len(batch) < maxRows
		})
		if len(batch) == 0 {
			return dropped
		}
		for _, id := range batch {
			p.remove(id)
		}
		dropped += len(batch)
	}
}

// lookUp calls fn with the entries that another table's walk leads to. Walks
// mostly stay within one block of byID for a while, so it is kept.
func (p *pel) lookUp(fn func(Pending) bool) func(ms, seq uint64) bool {
	var b *block
	return func(ms, seq uint64) bool {
		k := key{ms, seq}
		i, ok := 0, false
		if b != nil {
			i, ok = b.search(&k, p.byID.keys)
		}
		if !ok {
			at, found := p.byID.locate(&k)
			if !found {
				return true
			}
			b = at.block
			if i, ok = b.search(&k, p.byID.keys); !ok {
				return true
			}
		}
		r := b.row(i)
		return fn(r.pending())
	}
}
