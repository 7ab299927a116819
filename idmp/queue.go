package idmp

import (
	"bytes"
	"slices"
)

// push appends a record to the producer's queue. A record of the same iid that is
// still there, because nobody has forgotten it yet, is dead from then on.
func (t *tracked) push(p *producer, pair Pair, r record) {
	if old, ok := t.locate(p, pair); ok {
		t.bury(p, row{p.hash(pair), old.seq})
	}
	before, first := p.size(), p.empty()
	if p.tail.full() {
		t.seal(p)
	}
	r.seq, r.iid = t.seq, pair.iid
	t.seq++
	p.tail.add(r)
	t.producer += p.size() - before
	t.byIID.Set(row{p.hash(pair), r.seq})
	p.live++
	t.records++
	if first {
		p.oldest = r.id.Ms
		t.byAge.Set(byAge{p.oldest, p.pid})
	}
}

// seal moves the tail into the tree, without its spare room.
func (t *tracked) seal(p *producer) {
	b := p.tail
	b.buf = slices.Clone(b.buf)
	t.sealed.Set(sealedBlock{p.number, b.low, &b})
	t.producer += b.sealedSize()
	p.sealed++
	p.tail = block{}
}

// bury makes a record dead; false when it was.
func (t *tracked) bury(p *producer, r row) bool {
	_, was := t.byIID.Delete(r)
	if was {
		p.live--
	}
	return was
}

// locate returns the live record of a pair.
func (t *tracked) locate(p *producer, pair Pair) (found record, ok bool) {
	hash := p.hash(pair)
	t.byIID.Ascend(row{hash: hash}, func(r row) bool {
		if r.hash != hash {
			return false
		}
		if found, ok = t.record(p, r.seq); ok {
			ok = bytes.Equal(found.iid, pair.iid)
		}
		return !ok
	})
	return found, ok
}

// record returns the producer's record with that sequence number; false when it is
// another one's.
func (t *tracked) record(p *producer, seq uint64) (record, bool) {
	if len(p.tail.buf) > 0 && p.tail.low <= seq {
		return p.tail.find(seq)
	}
	var b *block
	t.sealed.Descend(sealedBlock{producer: p.number, low: seq}, func(s sealedBlock) bool {
		if s.producer == p.number {
			b = s.block
		}
		return false
	})
	if b == nil {
		return record{}, false
	}
	return b.find(seq)
}

// first returns the first block of the producer's queue.
func (t *tracked) first(p *producer) (b *block) {
	if p.sealed == 0 {
		return &p.tail
	}
	t.sealed.Ascend(sealedBlock{producer: p.number}, func(s sealedBlock) bool {
		b = s.block
		return false
	})
	return b
}

// pop drops the first record of the producer's queue, which is not empty, and
// reports whether it was live.
func (t *tracked) pop(p *producer) (live bool) {
	b := t.first(p)
	r := b.at(p.skip)
	live = t.bury(p, row{p.hash(NewPair(nil, r.iid)), r.seq})
	t.records--
	if p.skip = r.next; p.skip < len(b.buf) {
		return live
	}
	p.skip = 0
	if p.sealed > 0 {
		t.sealed.Delete(sealedBlock{producer: p.number, low: b.low})
		t.producer -= b.sealedSize()
		p.sealed--
		return live
	}
	t.producer -= int64(cap(p.tail.buf))
	p.tail = block{}
	return live
}

// empty reports whether the producer has no record.
func (p *producer) empty() bool { return p.sealed == 0 && len(p.tail.buf) == 0 }

// settle puts a producer whose first records were dropped into its new place, or
// removes it when it has none left.
func (t *tracked) settle(p *producer) {
	if p.empty() {
		t.byAge.Delete(byAge{p.oldest, p.pid})
		t.byPID.Delete(byPID{pid: p.pid})
		t.producer -= p.size()
		return
	}
	oldest := t.first(p).at(p.skip).id.Ms
	if oldest == p.oldest {
		return
	}
	t.byAge.Delete(byAge{p.oldest, p.pid})
	p.oldest = oldest
	t.byAge.Set(byAge{p.oldest, p.pid})
}
