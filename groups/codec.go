package groups

import (
	"encoding/binary"

	"github.com/millrace-io/millrace/decode"
)

// formatVersion is the first byte of a header.
const formatVersion = 1

// Kinds of blocks.
const (
	consumersBlock = 1
	pendingBlock   = 2
)

// Blocks end after a fixed number of pending entries, or with the consumer that
// takes them past a number of bytes: so the same state always gives the same bytes.
const (
	pendingPerBlock   = 1024
	consumersBlockEnd = 64 << 10
)

// AppendHeader appends the group without its consumers and pending entries.
func (g *Group) AppendHeader(b []byte) []byte {
	b = append(b, formatVersion)
	b = binary.AppendUvarint(b, g.last.Ms)
	b = binary.AppendUvarint(b, g.last.Seq)
	b = binary.AppendVarint(b, g.entriesRead)
	b = binary.AppendUvarint(b, g.nextOrder)
	b = binary.AppendUvarint(b, uint64(g.consumers.next))
	b = binary.AppendUvarint(b, uint64(g.Consumers()))
	return binary.AppendUvarint(b, uint64(g.Len()))
}

// ForEachBlock calls fn with the blocks of the snapshot format, in the order in
// which AddBlock takes them. fn must not keep the block.
func (g *Group) ForEachBlock(fn func(block []byte) error) error {
	if err := g.eachConsumersBlock(fn); err != nil {
		return err
	}
	return g.eachPendingBlock(fn)
}

func (g *Group) eachConsumersBlock(fn func(block []byte) error) (err error) {
	b := []byte{consumersBlock}
	g.EachConsumer(func(id ConsumerID) bool {
		b = g.consumers.get(id).appendTo(b)
		if len(b) >= consumersBlockEnd {
			err = fn(b)
			b = b[:1]
		}
		return err == nil
	})
	if err != nil || len(b) == 1 {
		return err
	}
	return fn(b)
}

func (c *consumer) appendTo(b []byte) []byte {
	b = binary.AppendUvarint(b, uint64(len(c.name)))
	b = append(b, c.name...)
	b = binary.AppendUvarint(b, uint64(c.id))
	b = binary.AppendVarint(b, c.seen)
	return binary.AppendVarint(b, c.active)
}

func (g *Group) eachPendingBlock(fn func(block []byte) error) (err error) {
	b := []byte{pendingBlock}
	var before row
	n := 0
	g.pel.byID.ascend(key{}, func(r *row) bool {
		b = appendPending(b, r, &before)
		before = *r
		if n++; n == pendingPerBlock {
			err = fn(b)
			b, n, before = b[:1], 0, row{}
		}
		return err == nil
	})
	if err != nil || n == 0 {
		return err
	}
	return fn(b)
}

// appendPending appends an entry as its distance from the one before. The
// differences of times and order numbers may wrap around; so does reading them.
func appendPending(b []byte, r, before *row) []byte {
	b = binary.AppendUvarint(b, r[idMs]-before[idMs])
	seq := r[idSeq]
	if r[idMs] == before[idMs] {
		seq -= before[idSeq]
	}
	b = binary.AppendUvarint(b, seq)
	b = binary.AppendUvarint(b, r[idOwner])
	b = binary.AppendVarint(b, unordered(r[idTime])-timeOf(before))
	b = binary.AppendVarint(b, unordered(r[idCount]))
	return binary.AppendVarint(b, int64(r[idOrder]-before[idOrder]))
}

// timeOf returns the time of the entry before; the empty row stands for none and counts as 0.
func timeOf(before *row) int64 {
	if before[idTime] == 0 {
		return 0
	}
	return unordered(before[idTime])
}

// readPending is the reverse of appendPending. IDs that do not ascend are the caller's to find.
func readPending(d *decode.Reader, before *row) (r row, ok bool) {
	ms, seq := d.Uvarint(), d.Uvarint()
	r[idMs] = before[idMs] + ms
	if ms == 0 {
		seq += before[idSeq]
	}
	r[idSeq] = seq
	r[idOwner] = d.Uvarint()
	r[idTime] = ordered(timeOf(before) + d.Varint())
	r[idCount] = ordered(d.Varint())
	r[idOrder] = before[idOrder] + uint64(d.Varint())
	return r, !d.Failed
}
